import Foundation
import HTTPSupport
import Identity
import NIOSSL
import Settings
import TestSupport
import Testing

@testable import Aggregator

/// Certificates that are replaced while the aggregator runs, files that won't do, and the listener of metrics.
@Suite struct ListenerFilesTests {
    private func replace(_ issued: IssuedCertificate, in world: World) throws {
        for (name, text) in [("server-key.pem", issued.privateKeyPEM), ("server.pem", issued.certificatePEM)] {
            try PrivateFile.write(text, to: "\(world.directory)/\(name)", for: .ownerOnly, overwriting: true)
        }
    }

    @Test func `a replaced certificate is served without a signal`() async throws {
        try await World.with { world in
            let other = try CertificateAuthority.create(trustDomain: World.trustDomain)
            var trusting = TLSConfiguration.makeClientConfiguration()
            trusting.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(try other.certificatePEM.utf8)))
            let collector = try world.authority.issueCollector(world.identity())
            trusting.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(collector.certificatePEM.utf8))
                .map { .certificate($0) }
            trusting.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(collector.privateKeyPEM.utf8), format: .pem))
            let tls = trusting
            func reaches() async -> Bool {
                let answer = try? await TestClient.with(world.ingest, tls: tls) { try await $0.openEpoch() }
                return answer ?? 0 > 0
            }
            #expect(await !reaches())
            // A key that isn't the certificate's changes nothing.
            let next = try other.issueServer(names: ["127.0.0.1", "localhost"])
            try PrivateFile.write(
                next.privateKeyPEM, to: "\(world.directory)/server-key.pem", for: .ownerOnly, overwriting: true)
            try await Task.sleep(for: CertificateWatcher.interval * 2)
            #expect(try await world.asCollector { try await $0.openEpoch() } > 0)
            try replace(next, in: world)
            try await waitUntil("the new certificate is served") { await reaches() }
        }
    }

    @Test func `a private key that everybody can read is refused with file and remedy`() async throws {
        try await World.with { world in
            let key = "\(world.directory)/server-key.pem"
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
            let settings = try World.configuration(world.directory, world.database)
            #expect {
                _ = try AggregatorDaemon(settings, clock: world.clock, logger: World.logger)
            } throws: { error in
                "\(error)".contains(key) && "\(error)".contains("chmod 0600")
            }
            let problems = settings.certificateProblems(now: Date())
            #expect(problems.map(\.key) == ["ingest.key-file"])
        }
    }

    @Test func `certificate files that won't do are told under their settings`() async throws {
        try await World.with { world in
            let settings = try World.configuration(world.directory, world.database)
            #expect(settings.certificateProblems(now: Date()).isEmpty)
            let late = settings.certificateProblems(now: Date().addingTimeInterval(20 * 365 * 86_400))
            #expect(late.map(\.key) == ["ingest.certificate-file", "ingest.client-ca-file"])
            #expect(late.allSatisfy { $0.message.contains("ended at") })
            let collector = try world.authority.issueCollector(world.identity())
            try replace(collector, in: world)
            let wrong = settings.certificateProblems(now: Date())
            #expect(wrong.map(\.key) == ["ingest.certificate-file"])
            #expect(wrong.first?.message.contains("serverAuth") == true)
        }
    }

    @Test func `metrics have a listener of their own that asks for no token`() async throws {
        try await World.with(overrides: ["metrics.listen=127.0.0.1:0"]) { world in
            let metrics = try #require(world.metrics)
            try await TestClient.with(metrics) { client in
                let reply = try await client.get("/metrics")
                #expect(reply.status == 200)
                for line in [
                    "steelyard_aggregator_batches_total{outcome=\"fork\"} 0\n",
                    "steelyard_aggregator_batches_total{outcome=\"digest-mismatch\"} 0\n",
                    "steelyard_aggregator_source_rejections_total{reason=\"syntax\"} 0\n",
                ] {
                    #expect(reply.text.contains(line), "\(line)")
                }
                #expect(reply.text.contains("steelyard_aggregator_certificate_expiry_timestamp_seconds"))
                #expect(try await client.get("/livez").status == 200)
                #expect(try await client.get("/v1/collectors").status == 404)
            }
            #expect(try await world.asCaller { try await $0.get("/metrics") }.status == 401)
        }
    }
}
