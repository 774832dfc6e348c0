import BatchFormat
import Foundation
import Reporting
import Store
import TestSupport
import Testing
import UsageModel

@testable import Aggregator

/// What a collector is answered, over real TLS, with a real database behind.
@Suite struct BatchAnswersTests {
    @Test(arguments: [true, false])
    func `counts once and acknowledges twice`(isHTTP1Only: Bool) async throws {
        try await World.with { world in
            try await world.asCollector(isHTTP1Only: isHTTP1Only) { client in
                let epoch = try await client.openEpoch()
                let batch = try Batches().seal(1)
                let first = try await client.sendBatch(batch, epoch: epoch, sequence: 0)
                #expect(first.status == 200)
                #expect(first.version == (isHTTP1Only ? "HTTP/1.1" : "HTTP/2.0"))
                #expect(try first.json()["result"] as? String == "counted")
                #expect(try first.json()["next_sequence"] as? Int == 1)
                let again = try await client.sendBatch(batch, epoch: epoch, sequence: 0)
                #expect(again.status == 200)
                #expect(try again.json()["result"] as? String == "duplicate")
                #expect(try again.json()["chain"] as? String == first.json()["chain"] as? String)
            }
            try await world.store.waitForLatest(timeout: .seconds(120))
            #expect(try await world.totalTokens() == 1_100)
        }
    }

    @Test func `names a gap, a fork, a fenced and an unknown epoch`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                let (one, two) = (try Batches().seal(1), try Batches().seal(2, tokens: 2_000))
                #expect(try await client.sendBatch(one, epoch: epoch, sequence: 0).status == 200)
                let gap = try await client.sendBatch(two, epoch: epoch, sequence: 5)
                #expect((gap.status, gap.code) == (409, "gap"))
                #expect(try gap.json()["expected_sequence"] as? Int == 1)
                #expect(gap.contentType == "application/problem+json")
                let fork = try await client.sendBatch(two, epoch: epoch, sequence: 0)
                #expect((fork.status, fork.code) == (409, "fork"))
                let unknown = try await client.sendBatch(two, epoch: epoch + 7, sequence: 0)
                #expect((unknown.status, unknown.code) == (409, "unknown-epoch"))
                let newer = try await client.openEpoch(last: epoch, lastNext: 1)
                #expect(newer == epoch + 1)
                let fenced = try await client.sendBatch(two, epoch: epoch, sequence: 1)
                #expect((fenced.status, fenced.code) == (409, "fenced"))
                let lookup = try await client.postJSON(
                    "/v1/batches/lookup",
                    "{\"epoch\":\(newer),\"digests\":[\"\(BatchDigest(of: one))\",\"\(BatchDigest(of: two))\"]}")
                #expect(try lookup.json()["counted"] as? [Bool] == [true, false])
            }
            try await world.store.waitForLatest(timeout: .seconds(120))
            #expect(try await world.totalTokens() == 1_100)
        }
    }

    @Test func `says that it knows less than the collector does`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                let reply = try await client.postJSON(
                    "/v1/epochs",
                    "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1.0\",\"last_epoch\":9,\"last_next_sequence\":3}"
                )
                #expect(try reply.json()["regressed"] as? Bool == true)
                #expect(try reply.json()["epoch"] as? Int == 10)
            }
        }
    }

    @Test func `refuses what is not the sender's`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                let foreign = try Batches(provider: "aliyun").seal(1)
                let provider = try await client.sendBatch(foreign, epoch: epoch, sequence: 0)
                #expect((provider.status, provider.code) == (403, "wrong-provider"))
                let sibling = try Batches(collector: "edge-2").seal(1)
                let collector = try await client.sendBatch(sibling, epoch: epoch, sequence: 0)
                #expect((collector.status, collector.code) == (403, "wrong-identity"))
                // Nothing that was refused used up a sequence number.
                #expect(try await client.sendBatch(Batches().seal(1), epoch: epoch, sequence: 0).status == 200)
            }
            try await world.store.waitForLatest(timeout: .seconds(120))
            #expect(try await world.totalTokens() == 1_100)
        }
    }

    @Test func `refuses damaged, invalid and oversized bytes`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                let good = try Batches().seal(1)
                let damaged = try await client.sendBatch(
                    good, epoch: epoch, sequence: 0, digest: BatchDigest(of: Array(good.reversed())))
                #expect((damaged.status, damaged.code) == (400, "digest-mismatch"))
                for bytes in [[], Array("not a frame".utf8), Array(good.dropLast()), good + [0]] {
                    let reply = try await client.sendBatch(bytes, epoch: epoch, sequence: 0)
                    #expect((reply.status, reply.code) == (422, "invalid-batch"))
                    #expect(try (reply.json()["reason"] as? String)?.isEmpty == false)
                }
                let large = try await client.sendBatch(
                    Array(repeating: 0, count: Limits.maxSealedBatchBytes + 1), epoch: epoch, sequence: 0)
                #expect((large.status, large.code) == (413, "content-too-large"))
                let type = try await client.sendBatch(
                    good, epoch: epoch, sequence: 0, changing: [("Content-Type", "application/json")])
                #expect((type.status, type.code) == (415, "unsupported-media-type"))
                let coding = try await client.sendBatch(
                    good, epoch: epoch, sequence: 0, changing: [("Content-Encoding", "gzip")])
                #expect(coding.status == 415)
                let sequence = try await client.sendBatch(
                    good, epoch: epoch, sequence: 0, changing: [("Steelyard-Sequence", "-1")])
                #expect((sequence.status, sequence.code) == (400, "bad-request"))
                #expect(try await client.sendBatch(good, epoch: epoch, sequence: 0).status == 200)
            }
        }
    }

    /// A frame that declares 200 MiB, one that declares a 128 MiB window, and one that declares no size: refused from
    /// the header.
    @Test func `refuses zstd bombs from the frame header`() async throws {
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let declares200MiB = magic + [0xA0, 0x00, 0x00, 0x80, 0x0C, 0x01, 0x00, 0x00]
        let window128MiB = magic + [0x40, 0x88, 0x00, 0x00, 0x01, 0x00, 0x00]
        let noSize = magic + [0x00, 0x58, 0x01, 0x00, 0x00]
        try await World.with { world in
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                for bomb in [declares200MiB, window128MiB, noSize] {
                    let reply = try await client.sendBatch(bomb, epoch: epoch, sequence: 0)
                    #expect((reply.status, reply.code) == (422, "invalid-batch"))
                }
            }
        }
    }

    @Test func `refuses malformed control requests`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                for body in [
                    "", "[]", "{}", "{\"spool_id\":\"zz\",\"software_version\":\"1\"}",
                    "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"\"}",
                    "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1\",\"last_epoch\":-1}",
                ] {
                    let reply = try await client.postJSON("/v1/epochs", body)
                    #expect((reply.status, reply.code) == (400, "bad-request"), "\(body)")
                }
                let digests = try await client.postJSON("/v1/batches/lookup", "{\"epoch\":1,\"digests\":[\"00\"]}")
                #expect(digests.status == 400)
                let never = try await client.postJSON("/v1/batches/lookup", "{\"epoch\":1,\"digests\":[]}")
                #expect((never.status, never.code) == (409, "unknown-epoch"))
                #expect(try await client.send("GET", "/v1/batches").status == 405)
                #expect(try await client.send("GET", "/v1/usage").status == 404)
            }
        }
    }
}

extension World {
    /// All tokens that the sums hold.
    func totalTokens() async throws -> Int128 {
        let answer = try await store.snapshot {
            try $0.usage(
                UsageQuery(from: 1_704_067_200, to: 1_798_761_600, zone: store.calendar, visibility: .everything))
        }
        return answer.rows.reduce(0) { $0 + $1.counts.total }
    }
}
