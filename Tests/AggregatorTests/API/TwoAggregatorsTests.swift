import Reporting
import Store
import TestSupport
import Testing
import UsageModel

@testable import Aggregator

/// Several aggregators on one database.
@Suite struct TwoAggregatorsTests {
    /// Eight collectors send 25 batches each, every batch to both aggregators at once, so that each is counted by one
    /// and confirmed as a duplicate (or refused as a gap, and sent again) by the other.
    @Test func `totals are exact under concurrent load`() async throws {
        let (collectors, batches) = (8, 25)
        try await World.with { first in
            try await first.withAnother { second in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<collectors {
                        group.addTask {
                            try await send(batches, as: "edge-\(index)", to: first, and: second)
                        }
                    }
                    try await group.waitForAll()
                }
                try await first.store.waitForLatest(timeout: .seconds(240))
                // Batch n of every collector is of n × 1,000 tokens of input and a tenth of that out.
                let expected = Int128(collectors * batches * (batches + 1) / 2 * 1_100)
                #expect(try await first.totalTokens() == expected)
                #expect(try await second.store.session { try $0.position() } == UInt64(collectors * batches))
                let seen = try await first.store.snapshot { try $0.collectors(visibility: .everything) }
                #expect(seen.count == collectors && seen.allSatisfy { $0.nextSequence == UInt64(batches) })
            }
        }
    }

    private func send(_ count: Int, as name: String, to first: World, and second: World) async throws {
        let identity = first.identity("volcengine", name)
        try await first.asCollector(identity) { one in
            try await second.asCollector(identity) { other in
                let epoch = try await one.openEpoch()
                for sequence in 0..<count {
                    let sealed = try Batches(collector: name).seal(
                        UInt64(sequence + 1), tenant: "tenant-\(sequence % 5)", tokens: UInt64(sequence + 1) * 1_000)
                    async let a = one.sendBatch(sealed, epoch: epoch, sequence: sequence)
                    async let b = other.sendBatch(sealed, epoch: epoch, sequence: sequence)
                    let results = try await [a, b]
                    #expect(results.map(\.status) == [200, 200], "\(results.map(\.text))")
                    let words = try results.map { try $0.json()["result"] as? String ?? "" }
                    #expect(words.sorted() == ["counted", "duplicate"])
                }
            }
        }
    }
}
