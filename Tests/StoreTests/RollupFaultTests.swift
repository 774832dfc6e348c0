import Postgres
import Reporting
import Store
import Testing
import UsageModel

/// One batch that the sums can't take is one batch: its neighbours count.
@Suite(.serialized) struct RollupFaultTests {
    /// Beyond the year 9999, which no segment can hold.
    private static let faultyMinute: Int64 = 5_000_000_000

    @Test func `a batch that no sum can hold is found among many and quarantined alone`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            for sequence in UInt64(0)..<9 {
                let minute = sequence == 5 ? Self.faultyMinute : minute("2025-06-15")
                _ = try await world.store.commitBatch(world.batch(oneRow(minute), sequence: sequence))
            }
            let reports = try await world.rollUpAll()
            #expect(reports.flatMap(\.quarantined).map(\.sequence) == [5])
            #expect(reports.flatMap(\.quarantined).map(\.reason) == ["rollup-failed"])
            #expect(reports.reduce(0) { $0 + $1.batches } == 8)
            #expect(try await world.store.session { try $0.position() } == 8)
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 80)
            let collectors = try await world.store.session { try $0.collectors(visibility: .everything) }
            #expect(collectors.map(\.quarantined) == [1])
            #expect(collectors.map(\.pendingBatches) == [0])
        }
    }

    @Test func `a batch that the database refuses is quarantined, and the others of all providers count`() async throws
    {
        try await World.with { world in
            let other = CollectorKey(provider: "globex", collector: "edge-1")
            try await world.openEpoch()
            try await world.openEpoch(other)
            try await world.store.pool.withConnection {
                try $0.execute("ALTER TABLE cube ADD CHECK (input_tokens < 1000)")
            }
            let start = minute("2025-06-15")
            let heavy = TokenCounts(requests: 1, input: 5_000, cachedInput: 0, output: 0, reasoningOutput: 0)
            _ = try await world.store.commitBatch(world.batch(oneRow(start), sequence: 0))
            _ = try await world.store.commitBatch(
                world.batch(usageRows([(minute: start, tenant: "x", model: "m", counts: heavy)]), sequence: 1))
            _ = try await world.store.commitBatch(world.batch(oneRow(start), sequence: 2))
            _ = try await world.store.commitBatch(world.batch(oneRow(start), sequence: 0, key: other))
            let reports = try await world.rollUpAll()
            #expect(reports.flatMap(\.quarantined).map(\.sequence) == [1])
            #expect(reports.flatMap(\.quarantined).allSatisfy { $0.detail.contains("23514") })
            #expect(try await world.store.session { try $0.position() } == 3)
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 30)
        }
    }

    @Test func `an error that says nothing about batches quarantines nothing and is tried again`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            _ = try await world.store.commitBatch(world.batch(oneRow(minute("2025-06-15")), sequence: 0))
            try await world.store.pool.withConnection { try $0.execute("ALTER TABLE cube RENAME TO elsewhere") }
            await #expect(throws: PostgresError.self) {
                try await world.store.rollUpNext(decode: world.payloads.decode)
            }
            try await world.store.pool.withConnection { try $0.execute("ALTER TABLE elsewhere RENAME TO cube") }
            let reports = try await world.rollUpAll()
            #expect(reports.map(\.batches) == [1])
            #expect(reports.flatMap(\.quarantined).isEmpty)
        }
    }

    @Test(arguments: [
        "UPDATE ledger_payload SET payload = set_byte(payload, 0, get_byte(payload, 0) # 1) WHERE sequence = 1",
        "UPDATE ledger SET output_tokens = output_tokens + 1 WHERE sequence = 1",
    ])
    func `a payload that isn't what the ledger says of it is quarantined, and counted once it is again`(
        damage: String
    ) async throws {
        try await World.with { world in
            try await world.openEpoch()
            let start = minute("2025-06-15")
            var batches: [BatchCommit] = []
            for sequence in UInt64(0)..<3 {
                batches.append(world.batch(oneRow(start, input: 10 << sequence), sequence: sequence))
                _ = try await world.store.commitBatch(batches[Int(sequence)])
            }
            try await world.store.pool.withConnection { try $0.execute(damage) }
            // What was changed decodes, to more.
            let changed: [UInt8] = try await world.store.session {
                try $0.connection.query("SELECT payload FROM ledger_payload WHERE sequence = 1").one().decode(0)
            }
            world.payloads.remember(changed, as: oneRow(start, input: 20))
            let reports = try await world.rollUpAll()
            #expect(reports.flatMap(\.quarantined).map(\.sequence) == [1])
            let detail = reports.flatMap(\.quarantined).first?.detail ?? ""
            #expect(detail.contains("SHA-256") || detail.contains("output tokens"), "\(detail)")
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 50)
            let original = batches[1]
            try await world.store.transaction { session in
                try session.connection.query(
                    "UPDATE ledger_payload SET payload = $1 WHERE sequence = 1", [.bytes(original.payload)])
                try session.connection.query(
                    "UPDATE ledger SET output_tokens = $1 WHERE sequence = 1", [.int(Int(original.totals.output))])
                _ = try session.requeueQuarantined(of: nil, by: World.someone, at: World.june)
            }
            #expect(try await world.rollUpAll().flatMap(\.quarantined).isEmpty)
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 70)
        }
    }
}
