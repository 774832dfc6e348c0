import BatchFormat
import Foundation
import Identity
import Store
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Aggregator

/// Collectors whose certificate was revoked: no new request of theirs is served, on connections that they have as on
/// new ones.
@Suite struct RevocationTests {
    /// Runs `body` beside an aggregator with a file of revoked certificates that revokes nobody at first.
    private func withFile(_ body: @Sendable @escaping (World, URL) async throws -> Void) async throws {
        try await ScratchDirectory.with("revoked") { directory in
            let file = URL(fileURLWithPath: "\(directory)/revoked")
            try Data("# nobody\n".utf8).write(to: file)
            try await World.with(overrides: ["ingest.revoked-file=\(file.path)"]) { try await body($0, file) }
        }
    }

    private func open(_ client: TestClient) async throws -> Reply {
        try await client.postJSON("/v1/epochs", "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1.0\"}")
    }

    @Test func `a connection that is open ends with its next request`() async throws {
        try await withFile { world, file in
            let issued = try world.authority.issueCollector(world.identity())
            try await TestClient.with(world.ingest, tls: try world.tls(issued)) { client in
                #expect(try await open(client).status == 200)
                let digest = BatchDigest(of: issued.certificateDER).hex
                try Data("\(digest) # stolen\n".utf8).write(to: file)
                world.clock.advance(seconds: APILimits.revocationCheckSeconds - 1)
                #expect(try await open(client).status == 200)
                world.clock.advance(seconds: 1)
                let reply = try await open(client)
                #expect((reply.status, reply.code) == (403, "revoked"))
            }
            // Another certificate of the same collector is let in.
            try await world.asCollector { client in
                let answer = try await open(client)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `an identity can be revoked whole`() async throws {
        try await withFile { world, file in
            try Data("\(world.identity())\n".utf8).write(to: file)
            world.clock.advance(seconds: APILimits.revocationCheckSeconds)
            try await world.asCollector { client in
                let answer = try await open(client)
                #expect(answer.code == "revoked")
            }
        }
    }

    @Test func `a broken file frees nobody and stops no other`() async throws {
        try await withFile { world, file in
            try Data("\(world.identity())\n".utf8).write(to: file)
            world.clock.advance(seconds: APILimits.revocationCheckSeconds)
            try await world.asCollector { client in
                #expect(try await open(client).code == "revoked")
                for broken in ["nonsense\n", ""] {
                    if broken.isEmpty {
                        try FileManager.default.removeItem(at: file)
                    } else {
                        try Data(broken.utf8).write(to: file)
                    }
                    world.clock.advance(seconds: APILimits.revocationCheckSeconds)
                    #expect(try await open(client).code == "revoked")
                }
                try Data("# nobody\n".utf8).write(to: file)
                world.clock.advance(seconds: APILimits.revocationCheckSeconds)
                #expect(try await open(client).status == 200)
            }
        }
    }

    @Test func `an aggregator with a broken or empty file does not start`() async throws {
        try await ScratchDirectory.with("revoked") { directory in
            let file = "\(directory)/revoked"
            #expect(throws: (any Error).self) { try Revocations(file: file, logger: World.logger) }
            for text in ["nonsense\n", "", "\n", "# certificates\n"] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                #expect(throws: IdentityError.self) { try Revocations(file: file, logger: World.logger) }
            }
        }
    }

    @Test func `an emptied, cut off or vanished file frees nobody, and metric and readiness say so`() async throws {
        try await ScratchDirectory.with("revoked") { directory in
            let file = URL(fileURLWithPath: "\(directory)/revoked")
            let identity = CollectorIdentity(trustDomain: World.trustDomain, provider: "p", name: "c")
            let good = "# left us\n\(identity)\n"
            try Data(good.utf8).write(to: file)
            let registry = MetricsRegistry()
            let revocations = try Revocations(file: file.path, logger: World.logger, registry: registry)
            var now: Int64 = 0
            func look() -> Bool {
                now += APILimits.revocationCheckSeconds * 1_000
                return revocations.list(nowMilliseconds: now).revokes(identity, certificateDER: [])
            }
            func gauge(_ value: Int) -> Bool {
                registry.render().contains("steelyard_aggregator_revocation_list_problem \(value)\n")
            }
            #expect(look() && gauge(0) && !revocations.hasProblem)
            for text in ["", "\n", "# left us\n", String(good.dropLast(3)), nil] {
                if let text {
                    try Data(text.utf8).write(to: file)
                } else {
                    try FileManager.default.removeItem(at: file)
                }
                #expect(look(), "\(text ?? "gone")")
                #expect(gauge(1) && revocations.hasProblem)
                #expect(throws: (any Error).self) { try revocations.reload() }
                try Data(good.utf8).write(to: file)
                #expect(look() && gauge(0) && !revocations.hasProblem)
            }
        }
    }
}
