import Foundation
import Identity
import Testing
import UsageModel

/// What the two daemons have in common on the command line.
@Suite struct DaemonCommandTests {
    private static let daemons = ["steelyard-collector", "steelyard-aggregator"]

    @Test(arguments: daemons)
    func `all programs have one version`(_ daemon: String) async throws {
        let outcome = try await Program.run(daemon, list: ["--version"])
        #expect(outcome.exitCode == 0)
        #expect(outcome.output == SoftwareVersion.text + "\n")
    }

    @Test(arguments: daemons)
    func `wrong arguments end with 64`(_ daemon: String) async throws {
        #expect(try await Program.run(daemon, list: ["check-config", "--nonsense"]).exitCode == 64)
    }

    @Test(arguments: daemons)
    func `a wrong configuration ends with 78 and names file, line and key`(_ daemon: String) async throws {
        try await withScratchDirectory("daemon") { scratch in
            let file = scratch + "/wrong.yaml"
            try "log:\n  level: loud\n".write(toFile: file, atomically: true, encoding: .utf8)
            let variable = daemon.uppercased().replacing("-", with: "_") + "_CONFIG"
            for command in ["check-config", "run"] {
                let told = try await Program.run(daemon, list: [command, "--config", file])
                #expect(told.exitCode == 78)
                #expect(told.errors.contains("\(file):2: log.level: \"loud\" is not known; give one of"))
                let found = try await Program.run(daemon, list: [command], variables: [variable: file])
                #expect(found.exitCode == 78 && found.errors == told.errors)
            }
        }
    }

    @Test(arguments: daemons)
    func `variables that Kubernetes makes for a Service don't stop a daemon`(_ daemon: String) async throws {
        let prefix = daemon.uppercased().replacing("-", with: "_")
        let outcome = try await Program.run(
            daemon, list: ["check-config", "--set", "log.level=loud"],
            variables: ["\(prefix)_PORT": "tcp://10.0.0.7:4680", "\(prefix)_SERVICE_HOST": "10.0.0.7"])
        #expect(outcome.errors.contains("log.level"))
        #expect(!outcome.errors.contains("matches no setting"), "\(outcome.errors)")
    }

    @Test func `check-config of a collector looks at its certificates`() async throws {
        try await withScratchDirectory("daemon") { scratch in
            let ca = AuthorityDirectory(scratch + "/ca")
            let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
            try authority.write(to: ca)
            let identity = CollectorIdentity(trustDomain: "steelyard.local", provider: "p", name: "c")
            try authority.issueCollector(identity).write(to: ca, name: "c")
            let leaf = ca.leaf("c")
            func check(_ collector: String = "c", authorities: String? = nil) async throws -> Outcome {
                let settings = [
                    "provider=p", "collector=\(collector)", "data=/nowhere", "aggregator.url=https://localhost:1",
                    "aggregator.ca-file=\(authorities ?? ca.certificate)",
                    "aggregator.certificate-file=\(leaf.certificate)", "aggregator.key-file=\(leaf.key)",
                ].flatMap { ["--set", $0] }
                return try await Program.run("steelyard-collector", list: ["check-config"] + settings)
            }
            #expect(try await check().exitCode == 0)
            let named = try await check("d")
            #expect(named.exitCode == 78)
            #expect(named.errors.contains("aggregator.certificate-file: \(leaf.certificate) names the collector p/c"))
            let foreign = AuthorityDirectory(scratch + "/foreign")
            try CertificateAuthority.create(trustDomain: "steelyard.local").write(to: foreign)
            let unsigned = try await check(authorities: foreign.certificate)
            #expect(unsigned.exitCode == 78)
            #expect(unsigned.errors.contains("isn't signed by an authority in \(foreign.certificate)"))
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: leaf.key)
            let open = try await check()
            #expect(open.exitCode == 78)
            #expect(
                open.errors.contains("aggregator.key-file: \(leaf.key) holds a private key and can be opened by others")
            )
            try FileManager.default.removeItem(atPath: leaf.key)
            #expect(try await check().errors.contains("aggregator.key-file: \(leaf.key) isn't there"))
        }
    }

    @Test func `a configuration that is fine is told so`() async throws {
        let settings = ["provider=p", "collector=c", "data=/nowhere"].flatMap { ["--set", $0] }
        let outcome = try await Program.run("steelyard-collector", list: ["check-config"] + settings)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("The configuration is fine: provider p, collector c, "))
    }
}
