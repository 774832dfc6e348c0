import Foundation
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

    @Test func `a configuration that is fine is told so`() async throws {
        let settings = ["provider=p", "collector=c", "data=/nowhere"].flatMap { ["--set", $0] }
        let outcome = try await Program.run("steelyard-collector", list: ["check-config"] + settings)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("The configuration is fine: provider p, collector c, "))
    }
}
