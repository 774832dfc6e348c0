import Foundation
import HTTPSupport
import Identity
import Settings
import Telemetry
import TestSupport
import Testing

@testable import Collector

/// Who may push, tried with curl over real TLS.
@Suite struct SourceAccessTests {
    private static let tokens = (
        gateway: "gateway-0123456789", spare: "spare-0123456789ab", common: "common-0123456789a"
    )

    /// A collector that others reach, with files for whoever calls it.
    private struct Scene: Sendable {
        var directory: String
        var port: Int
        var rig: Rig
        var server: CollectorServer

        func push(_ source: String?, _ arguments: [String] = [], event: String = Lines.event()) throws -> Curl.Answer {
            let path = source.map { "/v1/events/\($0)" } ?? "/v1/events"
            return try Curl.run(
                [
                    "--cacert", "\(directory)/ca.pem", "--header", "Content-Type: application/x-ndjson",
                    "--data-binary", event,
                ] + arguments + ["https://localhost:\(port)\(path)"])
        }

        func push(_ source: String?, token: String) throws -> Curl.Answer {
            try push(source, ["--header", "Authorization: Bearer \(token)"])
        }

        func push(_ source: String?, certificate name: String) throws -> Curl.Answer {
            try push(source, ["--cert", "\(directory)/\(name).pem", "--key", "\(directory)/\(name)-key.pem"])
        }
    }

    private static func write(_ text: String, _ path: String) throws {
        try PrivateFile.write(text, to: path, for: .ownerOnly, overwriting: true)
    }

    private static let yaml = """
        listen: 0.0.0.0:0
        http:
          certificate-file: server.pem
          key-file: server-key.pem
          client-ca-file: ca.pem
          token-files: [common.token]
        sources:
          gateway: {type: http, token-files: [gateway.token, spare.token]}
          mesh: {type: http, client-names: [mesh.example, "spiffe://mesh/a"]}
          plain: {type: http}
        """

    private func serve(_ body: @Sendable (Scene) async throws -> Void) async throws {
        try await ScratchDirectory.with("access") { directory in
            let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
            try Self.write(authority.certificatePEM, "\(directory)/ca.pem")
            let foreign = try CertificateAuthority.create(trustDomain: "steelyard.local")
            let good = LeafRequest(commonName: "a", dnsNames: ["mesh.example"], purposes: [.clientAuth])
            let issued: [(String, IssuedCertificate)] = [
                ("server", try authority.issueServer(names: ["localhost", "collector.example"])),
                ("mesh", try authority.issue(good)),
                (
                    "uri",
                    try authority.issue(
                        LeafRequest(commonName: "b", uris: ["spiffe://mesh/a"], purposes: [.clientAuth]))
                ),
                (
                    "other",
                    try authority.issue(
                        LeafRequest(commonName: "mesh.example", dnsNames: ["x.example"], purposes: [.clientAuth]))
                ),
                ("foreign", try foreign.issue(good)),
            ]
            for (name, certificate) in issued {
                try Self.write(certificate.certificatePEM, "\(directory)/\(name).pem")
                try Self.write(certificate.privateKeyPEM, "\(directory)/\(name)-key.pem")
            }
            try Self.write(Self.tokens.gateway + "\n", "\(directory)/gateway.token")
            try Self.write(Self.tokens.spare + "\n", "\(directory)/spare.token")
            try Self.write(Self.tokens.common + "\n", "\(directory)/common.token")
            let rig = try await Rig.open(directory, Self.yaml)
            var server = rig.server
            server.tls = try ReloadableTLS(files: try #require(rig.settings.http.tls))
            let ready = server
            try await RawServer.serve(ready) { port in
                try await body(Scene(directory: directory, port: port, rig: rig, server: ready))
            }
        }
    }

    @Test func `each source takes its own tokens and no other's`() async throws {
        try await serve { scene async throws in
            #expect(try scene.push("gateway", token: Self.tokens.gateway).status == 200)
            #expect(try scene.push("gateway", token: Self.tokens.spare).status == 200)
            #expect(try scene.push("plain", token: Self.tokens.common).status == 200)
            #expect(try scene.push(nil, token: Self.tokens.common).status == 200)
            for (source, token) in [
                ("gateway", Self.tokens.common), ("gateway", "gateway-012345678"), ("gateway", ""),
                ("mesh", Self.tokens.common), ("plain", Self.tokens.gateway), (nil, Self.tokens.gateway),
            ] as [(String?, String)] {
                #expect(try scene.push(source, token: token).status == 401, "\(source ?? "") \(token)")
            }
            #expect(try scene.push("gateway").status == 401)
            let twice = ["Authorization: Bearer \(Self.tokens.gateway)", "authorization: Bearer x"]
            #expect(try scene.push("gateway", twice.flatMap { ["--header", $0] }).status == 401)
            #expect(try scene.push("gateway", ["--user", "a:\(Self.tokens.gateway)"]).status == 401)
            await scene.rig.seal()
            #expect(try await scene.rig.sealedTotals().events == 4)
        }
    }

    @Test func `a refusal doesn't say which sources there are`() async throws {
        try await serve { scene async throws in
            let known = try scene.push("gateway", token: "wrong-0123456789")
            let unknown = try scene.push("nosuch", token: "wrong-0123456789")
            let elsewhere = try scene.push("nosuch", token: Self.tokens.gateway)
            #expect(known.status == 401)
            #expect(known.body == unknown.body && known.status == unknown.status)
            #expect(known.body == elsewhere.body && known.status == elsewhere.status)
        }
    }

    @Test func `client certificates are told by their names`() async throws {
        try await serve { scene async throws in
            #expect(try scene.push("mesh", certificate: "mesh").status == 200)
            #expect(try scene.push("mesh", certificate: "uri").status == 200)
            #expect(try scene.push("mesh", certificate: "other").status == 401)
            #expect(try scene.push("gateway", certificate: "mesh").status == 401)
            // Another authority's doesn't get through the handshake.
            #expect(try scene.push("mesh", certificate: "foreign").status == 0)
            let counted = "listener_handshake_failures_total{reason=\"certificate-verify-failed\"} 1\n"
            try await waitUntil("the failure is counted") {
                scene.rig.parts.metrics.registry.render().contains(counted)
            }
        }
    }

    @Test func `HTTP/2 and HTTP/1.1 are held to the same`() async throws {
        try await serve { scene async throws in
            for version in ["--http1.1", "--http2"] {
                #expect(try scene.push("mesh", [version]).status == 401)
                let answer = try scene.push(
                    "mesh",
                    [version, "--cert", "\(scene.directory)/mesh.pem", "--key", "\(scene.directory)/mesh-key.pem"])
                #expect(answer.status == 200)
                #expect(answer.version == (version == "--http2" ? "2" : "1.1"))
            }
        }
    }

    @Test func `a token that was replaced holds after a reload, and the old one doesn't`() async throws {
        try await serve { scene async throws in
            try Self.write("renewed-0123456789", "\(scene.directory)/gateway.token")
            #expect(try scene.push("gateway", token: "renewed-0123456789").status == 401)
            try scene.server.access.reload(scene.rig.settings)
            #expect(try scene.push("gateway", token: "renewed-0123456789").status == 200)
            #expect(try scene.push("gateway", token: Self.tokens.gateway).status == 401)
            #expect(try scene.push("gateway", token: Self.tokens.spare).status == 200)
            // A file that won't do changes nothing.
            try FileManager.default.removeItem(atPath: "\(scene.directory)/spare.token")
            #expect(throws: CertificateFault.self) { try scene.server.access.reload(scene.rig.settings) }
            #expect(try scene.push("gateway", token: Self.tokens.spare).status == 200)
        }
    }

    @Test func `a reload opens nothing that others reach`() async throws {
        try await serve { scene async throws in
            let open = try Rig.settings(scene.directory, "listen: 127.0.0.1:0\nsources: {gateway: {type: http}}")
            try scene.server.access.reload(open)
            #expect(try scene.push("gateway").status == 401)
            #expect(try scene.push(nil).status == 401)
        }
    }

    @Test func `the names of the certificate are the listener's own`() async throws {
        try await serve { scene async throws in
            for (host, status) in [("collector.example", 200), ("localhost", 200), ("evil.example", 421)] {
                let answer = try Curl.run([
                    "--cacert", "\(scene.directory)/ca.pem", "--header", "Host: \(host)",
                    "https://localhost:\(scene.port)/livez",
                ])
                #expect(answer.status == status, "\(host)")
            }
        }
    }

    @Test func `plain text gets no answer where TLS is spoken`() async throws {
        try await serve { scene async throws in
            #expect(try Curl.run(["http://localhost:\(scene.port)/livez"]).status == 0)
            #expect(
                try Curl.run(["--tls-max", "1.2", "--insecure", "https://localhost:\(scene.port)/livez"]).status == 0)
        }
    }

    @Test func `on loopback a source without tokens takes what comes`() async throws {
        try await ScratchDirectory.with("access") { directory in
            try Self.write(Self.tokens.gateway, "\(directory)/gateway.token")
            let rig = try await Rig.open(
                directory,
                "listen: 127.0.0.1:0\nsources: {a: {type: http, token-files: gateway.token}, b: {type: http}}")
            let access = rig.server.access
            try access.check(.init(authorization: []), source: nil)
            try access.check(.init(authorization: []), source: "b")
            try access.check(.init(authorization: ["bearer  \(Self.tokens.gateway)"]), source: "a")
            for source in ["a", "nosuch"] {
                #expect(throws: Problem.notAllowedToPush) { try access.check(.init(authorization: []), source: source) }
            }
        }
    }

    @Test func `a token file that is gone shuts its source`() async throws {
        try await ScratchDirectory.with("access") { directory in
            let rig = try await Rig.open(
                directory, "listen: 127.0.0.1:0\nsources: {a: {type: http, token-files: gone.token}}")
            #expect(rig.settings.keyProblems().map(\.key) == ["sources.a.token-files"])
            #expect(throws: Problem.notAllowedToPush) {
                try rig.server.access.check(.init(authorization: ["Bearer x"]), source: "a")
            }
        }
    }
}
