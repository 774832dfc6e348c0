internal import BatchFormat
internal import Foundation
internal import Identity
internal import TestHarness
internal import Testing
internal import UsageModel

extension EndToEndTests {
    /// What the aggregator answers to batches that come twice, out of order, changed, or from somebody else.
    @Suite struct BatchProtocolTests {
        private static let provider = "volcengine"

        /// Runs `body` with an aggregator and a client whose certificate is good, after one counted batch.
        private static func withCountedBatch(
            _ name: String,
            _ body: (Installation, AggregatorProcess, IngestClient, _ epoch: Int64, _ first: SealedBatch) async throws
                ->
                Void
        ) async throws {
            try await Installation.with(name) { installation in
                let aggregator = try await installation.startAggregator()
                let certificate = try installation.authority.collector(provider: provider, name: "edge-1")
                let client = try IngestClient(
                    aggregator, authorityFile: installation.files.authorityFile, certificate: certificate,
                    provider: provider)
                let epoch = try await client.openEpoch()
                let first = try client.seal(spoolSequence: 1, tenants: ["a", "b"], input: 100)
                let answer = try await client.post(first, epoch: epoch, sequence: 0)
                #expect(try answer.decoded(Receipt.self) == Receipt(result: "counted", nextSequence: 1))
                try await installation.waitUntilCounted(events: 2)
                try await body(installation, aggregator, client, epoch, first)
                try await client.shutdown()
            }
        }

        /// The totals after the first batch, which nothing refused may change.
        private static let afterFirst = Counts(2, 200, 14)

        private static func expectTotal(
            _ expected: Counts, in installation: Installation, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            try await installation.waitUntilCounted(events: expected.requests)
            let tables = try await installation.database.totalsOfEveryTable()
            for (table, counts) in tables {
                #expect(counts == expected, "\(table)", sourceLocation: sourceLocation)
            }
        }

        @Test func `a batch that comes twice is counted once`() async throws {
            try await Self.withCountedBatch("twice") { installation, _, client, epoch, first in
                for _ in 0..<3 {
                    let answer = try await client.post(first, epoch: epoch, sequence: 0)
                    #expect(answer.status == 200)
                    #expect(try answer.decoded(Receipt.self) == Receipt(result: "duplicate", nextSequence: 1))
                }
                try await Self.expectTotal(Self.afterFirst, in: installation)
            }
        }

        @Test func `a batch that comes too early is refused until its turn`() async throws {
            try await Self.withCountedBatch("order") { installation, _, client, epoch, _ in
                let second = try client.seal(spoolSequence: 2, tenants: ["a"], input: 10)
                let third = try client.seal(spoolSequence: 3, tenants: ["b"], input: 1)
                let early = try await client.post(third, epoch: epoch, sequence: 2)
                #expect(early.status == 409)
                #expect(early.problemCode == "gap")
                #expect(early.text.contains("\"expected_sequence\":1"))
                #expect(early.headers["content-type"] == "application/problem+json")
                try await Self.expectTotal(Self.afterFirst, in: installation)

                #expect(try await client.post(second, epoch: epoch, sequence: 1).status == 200)
                #expect(try await client.post(third, epoch: epoch, sequence: 2).status == 200)
                // An old one again, after newer ones: still counted once. The answer is about the batch, so it names
                // its successor.
                let old = try await client.post(second, epoch: epoch, sequence: 1)
                #expect(try old.decoded(Receipt.self) == Receipt(result: "duplicate", nextSequence: 2))
                try await Self.expectTotal(Self.afterFirst + Counts(2, 11, 14), in: installation)
            }
        }

        @Test func `other content under the same key is a fork and quarantined`() async throws {
            try await Self.withCountedBatch("fork") { installation, _, client, epoch, first in
                let other = try client.seal(spoolSequence: 1, tenants: ["a", "b"], input: 999)
                let answer = try await client.post(other, epoch: epoch, sequence: 0)
                #expect(answer.status == 409)
                #expect(answer.problemCode == "fork")
                let kept = try await installation.database.number(
                    "SELECT count(*) FROM batch_quarantine WHERE reason = 'fork'")
                #expect(kept == 1)
                // The rightful bytes are still a duplicate, and the sequence goes on.
                #expect(try await client.post(first, epoch: epoch, sequence: 0).status == 200)
                try await Self.expectTotal(Self.afterFirst, in: installation)
            }
        }

        @Test func `a batch for another provider is refused`() async throws {
            try await Self.withCountedBatch("provider") { installation, _, client, epoch, _ in
                let foreign = try client.seal(spoolSequence: 2, tenants: ["a"], input: 5, as: "aliyun")
                let answer = try await client.post(foreign, epoch: epoch, sequence: 1)
                #expect(answer.status == 403)
                #expect(answer.problemCode == "wrong-provider")
                try await Self.expectTotal(Self.afterFirst, in: installation)
            }
        }

        @Test func `another provider's certificate can't use the epoch`() async throws {
            try await Self.withCountedBatch("impostor") { installation, aggregator, client, epoch, first in
                let certificate = try installation.authority.collector(provider: "aliyun", name: "edge-1")
                let impostor = try IngestClient(
                    aggregator, authorityFile: installation.files.authorityFile, certificate: certificate,
                    provider: Self.provider)
                // Its own identity says aliyun; the batch says volcengine.
                let replayed = try await impostor.post(first, epoch: epoch, sequence: 0)
                #expect(replayed.status == 403)
                let sealed = try impostor.seal(spoolSequence: 1, tenants: ["a"], input: 5)
                #expect(try await impostor.post(sealed, epoch: epoch, sequence: 1).status == 403)
                try await impostor.shutdown()
                try await Self.expectTotal(Self.afterFirst, in: installation)
            }
        }

        @Test func `damaged bytes are refused and the same batch is counted when it comes whole`() async throws {
            try await Self.withCountedBatch("damage") { installation, _, client, epoch, _ in
                let batch = try client.seal(spoolSequence: 2, tenants: ["a"], input: 10)
                var damaged = batch.bytes
                damaged[damaged.count / 2] ^= 0x10
                let inTransit = try await client.post(
                    bytes: damaged, digest: batch.digest.bytes, epoch: epoch, sequence: 1)
                #expect(inTransit.status == 400)
                #expect(inTransit.problemCode == "digest-mismatch")
                // With a digest that fits the damage it is no valid batch.
                let sealed = try await client.post(
                    bytes: damaged, digest: BatchDigest(of: damaged).bytes, epoch: epoch, sequence: 1)
                #expect(sealed.status == 422)
                #expect(sealed.problemCode == "invalid-batch")
                try await Self.expectTotal(Self.afterFirst, in: installation)

                #expect(try await client.post(batch, epoch: epoch, sequence: 1).status == 200)
                try await Self.expectTotal(Self.afterFirst + Counts(1, 10, 7), in: installation)
            }
        }

        @Test func `an older epoch is fenced`() async throws {
            try await Self.withCountedBatch("fence") { installation, _, client, epoch, _ in
                let newer = try await client.openEpoch()
                #expect(newer > epoch)
                let batch = try client.seal(spoolSequence: 2, tenants: ["a"], input: 10)
                let late = try await client.post(batch, epoch: epoch, sequence: 1)
                #expect(late.status == 409)
                #expect(late.problemCode == "fenced")
                let unknown = try await client.post(batch, epoch: newer + 100, sequence: 0)
                #expect(unknown.status == 409)
                #expect(unknown.problemCode == "unknown-epoch")
                try await Self.expectTotal(Self.afterFirst, in: installation)
                #expect(try await client.post(batch, epoch: newer, sequence: 0).status == 200)
                try await Self.expectTotal(Self.afterFirst + Counts(1, 10, 7), in: installation)
            }
        }

        @Test func `no other certificate gets as far as an answer`() async throws {
            try await Self.withCountedBatch("certificates") { installation, aggregator, client, epoch, _ in
                let foreign = try Authority(directory: "\(installation.files.directory)/foreign-ca")
                let identity = CollectorIdentity(
                    trustDomain: Authority.trustDomain, provider: Self.provider, name: "edge-1")
                let yesterday = CertificateValidity(
                    notBefore: Date(timeIntervalSinceNow: -864_000), notAfter: Date(timeIntervalSinceNow: -86_400))
                let tomorrow = CertificateValidity(
                    notBefore: Date(timeIntervalSinceNow: 86_400), notAfter: Date(timeIntervalSinceNow: 864_000))
                var serverOnly = try LeafRequest.collector(identity)
                serverOnly.purposes = [.serverAuth]
                var twoIdentities = try LeafRequest.collector(identity)
                twoIdentities.uris.append("spiffe://\(Authority.trustDomain)/provider/aliyun/collector/edge-1")
                let own = installation.authority
                let refused: [(String, (certificate: String, key: String)?)] = [
                    ("none", nil),
                    ("foreign", try foreign.collector(provider: Self.provider, name: "edge-1")),
                    ("expired", try own.collector(provider: Self.provider, name: "old", validity: yesterday)),
                    ("not yet valid", try own.collector(provider: Self.provider, name: "new", validity: tomorrow)),
                    ("server's", try own.server("somebody")),
                    ("server purpose", try own.leaf(serverOnly, file: "server-purpose")),
                    ("two identities", try own.leaf(twoIdentities, file: "two-identities")),
                    ("other domain", try own.collector(provider: Self.provider, name: "x", trustDomain: "else.where")),
                ]
                let batch = try client.seal(spoolSequence: 2, tenants: ["a"], input: 10)
                for (what, certificate) in refused {
                    let caller = try IngestClient(
                        aggregator, authorityFile: installation.files.authorityFile, certificate: certificate,
                        provider: Self.provider)
                    #expect(try await Self.isRefused { try await caller.postEpoch() }, "\(what): epoch")
                    #expect(
                        try await Self.isRefused { try await caller.post(batch, epoch: epoch, sequence: 1) },
                        "\(what): batch")
                    try await caller.shutdown()
                }
                try await Self.expectTotal(Self.afterFirst, in: installation)
                #expect(try await client.post(batch, epoch: epoch, sequence: 1).status == 200)
            }
        }

        /// Whether the TLS handshake failed, or the answer is 401 or 403: never anything that was acted upon.
        private static func isRefused(_ call: () async throws -> HTTPAnswer) async throws -> Bool {
            do {
                let answer = try await call()
                return answer.status == 401 || answer.status == 403
            } catch {
                return true
            }
        }
    }
}
