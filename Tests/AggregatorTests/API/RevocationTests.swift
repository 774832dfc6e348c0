import BatchFormat
import Foundation
import Identity
import Store
import TestSupport
import Testing
import UsageModel

@testable import Aggregator

/// Collectors whose certificate was revoked: no new request of theirs is served, on connections that they have as on
/// new ones.
@Suite struct RevocationTests {
    /// Runs `body` beside an aggregator with a file of revoked certificates, empty at first.
    private func withFile(_ body: @Sendable @escaping (World, URL) async throws -> Void) async throws {
        try await ScratchDirectory.with("revoked") { directory in
            let file = URL(fileURLWithPath: "\(directory)/revoked")
            try Data().write(to: file)
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

    @Test func `an aggregator with a broken file does not start`() async throws {
        try await ScratchDirectory.with("revoked") { directory in
            let file = "\(directory)/revoked"
            #expect(throws: (any Error).self) { try Revocations(file: file, logger: World.logger) }
            try Data("nonsense".utf8).write(to: URL(fileURLWithPath: file))
            #expect(throws: IdentityError.self) { try Revocations(file: file, logger: World.logger) }
        }
    }
}
