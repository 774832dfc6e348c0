import Postgres
import Testing
import UsageModel

@testable import Store

struct RollupPlanTests {
    /// Batches of some providers as (provider, rows), in the order of their commits.
    private static func queues(_ list: [(Int16, Int)]) -> [ProviderQueue] {
        let queued = list.enumerated().map { index, item in
            QueuedBatch(
                queueID: Int64(index),
                batch: LedgerBatch(
                    collector: Int32(item.0), provider: item.0, epoch: 1, sequence: Int64(index),
                    receivedAt: World.june, rows: item.1, payloadBytes: 10))
        }
        return Dictionary(grouping: queued, by: \.batch.provider).sorted { $0.key < $1.key }.map {
            ProviderQueue(provider: $0.key, batches: $0.value, isTruncated: false)
        }
    }

    @Test func `batches come out in the order of their commits where all fit`() {
        let plan = RollupPlan(of: Self.queues([(1, 5), (2, 5), (1, 5), (3, 5)]), within: RollupLimits())
        #expect(plan.batches.map(\.queueID) == [0, 1, 2, 3])
        #expect(!plan.hasMore)
    }

    @Test func `a flood that came first leaves room for the others`() {
        let flood = [(Int16, Int)](repeating: (1, 10), count: 100)
        let plan = RollupPlan(of: Self.queues(flood + [(2, 10), (3, 10)]), within: RollupLimits(maxBatches: 10))
        #expect(plan.batches.count == 10)
        #expect(plan.batches.contains { $0.batch.provider == 2 })
        #expect(plan.batches.contains { $0.batch.provider == 3 })
        #expect(plan.hasMore)
    }

    @Test func `turns go by rows, not by batches`() {
        let plan = RollupPlan(
            of: Self.queues([(1, 60), (1, 60), (1, 60), (2, 10), (2, 10), (2, 10), (2, 10), (2, 10), (2, 10)]),
            within: RollupLimits(maxBatches: 7))
        #expect(plan.batches.filter { $0.batch.provider == 1 }.count == 1)
        #expect(plan.batches.filter { $0.batch.provider == 2 }.count == 6)
    }

    @Test func `a batch beyond the limit goes alone and keeps the order of its provider`() {
        let queues = Self.queues([(1, 50), (1, 500), (1, 1)])
        let first = RollupPlan(of: queues, within: RollupLimits(maxRows: 100))
        #expect(first.batches.map(\.queueID) == [0])
        let rest = [ProviderQueue(provider: 1, batches: Array(queues[0].batches.dropFirst()), isTruncated: false)]
        #expect(RollupPlan(of: rest, within: RollupLimits(maxRows: 100)).batches.map(\.queueID) == [1])
    }

    @Test func `several providers together take less than one alone`() {
        var limits = RollupLimits()
        limits.contestedRows = 100
        #expect(RollupPlan(of: Self.queues([(1, 90), (1, 90)]), within: limits).batches.count == 2)
        #expect(RollupPlan(of: Self.queues([(1, 90), (1, 90), (2, 5)]), within: limits).batches.count == 2)
    }

    @Test func `the light lane passes a flood by, and the heavy lane takes it`() async throws {
        try await World.with { world in
            let other = CollectorKey(provider: "globex", collector: "edge-1")
            try await world.openEpoch()
            try await world.openEpoch(other)
            var limits = RollupLimits()
            limits.lightRows = 3
            for sequence in UInt64(0)..<5 {
                _ = try await world.store.commitBatch(world.batch(oneRow(minute("2025-06-15")), sequence: sequence))
            }
            _ = try await world.store.commitBatch(
                world.batch(oneRow(minute("2025-06-15"), input: 1), sequence: 0, key: other))
            #expect(try await world.rollUpAll(limits, lane: .light).map(\.batches) == [1])
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 1)
            #expect(try await world.rollUpAll(limits, lane: .heavy).reduce(0) { $0 + $1.batches } == 5)
            #expect(try await world.store.session { try $0.position() } == 6)
        }
    }

    @Test func `both lanes at once count everything once, without gaps`() async throws {
        try await World.with { world in
            let keys = (0..<6).map { CollectorKey(provider: "p\($0)", collector: "c") }
            for key in keys { try await world.openEpoch(key) }
            var limits = RollupLimits(maxBatches: 4)
            limits.lightRows = 5
            let counted = limits
            for round in UInt64(0)..<10 {
                for (index, key) in keys.enumerated() where index < 3 || round < 2 {
                    _ = try await world.store.commitBatch(
                        world.batch(oneRow(minute("2025-06-15")), sequence: round, key: key))
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in [RollupLane.light, .heavy, .light, .heavy] {
                    group.addTask {
                        // A lane that finds nothing may get a provider when the other lane is through with most of it.
                        while try await world.store.session({ try $0.position() }) < 36 {
                            _ = try await world.store.rollUpNext(counted, lane: lane, decode: world.payloads.decode)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 360)
            let isGapless: Bool = try await world.store.pool.withConnection {
                try $0.query("SELECT min(position) = 1 AND max(position) = 36 AND count(*) = 36 FROM ledger_position")
                    .one().decode(0)
            }
            #expect(isGapless)
            let proof = try await world.store.rebuild(
                date("2025-06-01")..<date("2025-07-01"), decode: world.payloads.decode)
            #expect(proof.isEqual)
        }
    }
}
