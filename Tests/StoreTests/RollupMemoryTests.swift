import Postgres
import Reporting
import TestSupport
import Testing
import UsageModel

@testable import Store

/// What a process keeps from a commit for its rollup is what was acknowledged, and no more than it may be.
@Suite struct RollupMemoryTests {
    private static let minute15 = minute("2025-06-15")

    private static func counted(_ world: World) async throws -> Int128 {
        try await world.store.pool.withConnection {
            try $0.query("SELECT coalesce(sum(input_tokens), 0) FROM cube WHERE calendar_id = 0").one().decode(0)
        }
    }

    @Test func `rows that the commit decoded are rolled up without their payload, and held no longer`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            for sequence in 0..<3 as Range<UInt64> {
                let rows = oneRow(Self.minute15 + Int64(sequence), "t\(sequence)")
                let batch = world.batch(rows, sequence: sequence)
                _ = try await world.store.commitBatch(batch, rows: sequence == 1 ? nil : rows)
                if sequence != 1 { world.payloads.forget(batch.payload) }
            }
            #expect(world.store.rollupMemory.decoded.bytes > 0)
            let reports = try await world.rollUpAll()
            #expect(reports.map(\.batches) == [3] && reports.flatMap(\.quarantined).isEmpty)
            #expect(try await Self.counted(world) == 30)
            #expect(world.store.rollupMemory.decoded.bytes == 0)
            // Positions are in the order of commits, wherever rows came from.
            let order: [Int64] = try await world.store.pool.withConnection {
                try $0.query("SELECT sequence FROM ledger_position ORDER BY position").map { try $0.decode(0) }
            }
            #expect(order == [0, 1, 2])
        }
    }

    @Test func `what a commit refuses or repeats leaves the rows of the counted batch as they are`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let rows = oneRow(Self.minute15)
            let batch = world.batch(rows, sequence: 0)
            #expect(try await world.store.commitBatch(batch, rows: rows).outcome == .counted)
            let held = world.store.rollupMemory.decoded.bytes
            let other = usageRows(
                (0..<50).map { (Self.minute15 + $0, "other", "m", TokenCounts(requests: 1, input: 1_000)) })
            let fork = world.batch(other, sequence: 0)
            #expect(try await world.store.commitBatch(fork, rows: other).outcome == .fork(expectedSequence: 1))
            #expect(try await world.store.commitBatch(batch, rows: rows).outcome == .duplicate)
            let gap = world.batch(other, sequence: 7)
            #expect(try await world.store.commitBatch(gap, rows: other).outcome == .gap(expectedSequence: 1))
            #expect(world.store.rollupMemory.decoded.bytes == held)
            try await world.rollUpAll()
            #expect(try await Self.counted(world) == 10)
        }
    }

    @Test func `after a commit that failed nothing stays`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            try await world.store.pool.withConnection {
                try $0.execute("ALTER TABLE rollup_queue ADD CONSTRAINT refuse CHECK (row_count > 5)")
            }
            let rows = oneRow(Self.minute15)
            let batch = world.batch(rows, sequence: 0)
            await #expect(throws: PostgresError.self) {
                _ = try await world.store.commitBatch(batch, rows: rows)
            }
            #expect(world.store.rollupMemory.decoded.bytes == 0)
        }
    }

    @Test func `rows beyond the bound are not kept, and taken ones make room`() {
        let rows = oneRow(Self.minute15)
        func key(_ sequence: Int64) -> LedgerBatch.Key {
            LedgerBatch.Key(collector: 1, epoch: 1, sequence: sequence)
        }
        let one = DecodedMemory()
        one.put(rows, of: key(0))
        let memory = DecodedMemory(maxBytes: one.bytes * 2)
        for sequence in 0..<3 as Range<Int64> { memory.put(rows, of: key(sequence)) }
        #expect(memory.rows(of: key(1)) == rows && memory.rows(of: key(2)) == nil)
        // The same batch again takes no more room.
        memory.put(rows, of: key(1))
        #expect(memory.bytes == one.bytes * 2)
        memory.remove([key(0)])
        memory.put(rows, of: key(2))
        #expect(memory.rows(of: key(2)) == rows && memory.rows(of: key(0)) == nil)
        memory.remove([key(1), key(2), key(9)])
        #expect(memory.bytes == 0)
    }

    @Test func `names keep their ids, until the database goes back`() async throws {
        try await World.with { world in
            try await world.load([oneRow(Self.minute15, "a"), oneRow(Self.minute15, "b")])
            let names = world.store.rollupMemory.names
            let (a, b) = try await world.store.pool.withConnection { connection in
                func id(_ name: String) throws -> Int64 {
                    try connection.query("SELECT tenant_id FROM tenant WHERE name = $1", [.text(name)]).one().decode(0)
                }
                return (try id("a"), try id("b"))
            }
            #expect(names.ids(of: ["b", "a", "b"], .tenant, provider: 1) == [b, a, b])
            #expect(names.ids(of: ["a", "c"], .tenant, provider: 1) == nil)
            #expect(names.ids(of: ["a"], .tenant, provider: 2) == nil)
            try await world.store.pool.withConnection { try names.check(on: $0) }
            #expect(names.ids(of: ["a"], .tenant, provider: 1) == [a])
            // A backup from before the second batch.
            try await world.store.pool.withConnection { connection in
                try connection.execute("UPDATE rollup_state SET position = 1, cube_position = 1")
                try names.check(on: connection)
            }
            #expect(names.ids(of: ["a"], .tenant, provider: 1) == nil)
        }
    }

    @Test func `a name beyond its budget is not remembered under the number of what stands for it`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            var limits = RollupLimits()
            limits.newNames = NewNameLimits(tenants: 1, models: 100, regions: 100, collectorPercent: 100)
            for (sequence, tenant) in ["a", "b", "b"].enumerated() {
                let rows = oneRow(Self.minute15, tenant)
                // The third comes on another day, with a budget of its own.
                let moment = Timestamp(seconds: World.june.seconds + (sequence == 2 ? 86_400 : 0))
                let batch = world.batch(rows, sequence: UInt64(sequence), at: moment)
                _ = try await world.store.commitBatch(batch, rows: rows)
                try await world.rollUpAll(limits)
            }
            try await world.mergeAll(now: Timestamp(seconds: World.june.seconds + 400 * 86_400))
            #expect(try await world.inputsOfSegments() == ["a": 10, "(over-limit)": 10, "b": 10])
            try await world.expectSegmentsExact()
        }
    }
}
