import Postgres
import Reporting
import Store
import TestSupport
import Testing
import UsageModel

@Suite struct RollupTests {
    /// What the sums must be, kept the simple way.
    struct Model {
        struct Key: Hashable {
            var start: Int64
            var tenant: String
            var model: String
        }

        var sums: [Key: SignedTokenCounts] = [:]

        mutating func add(_ rows: UsageRows, bucket: Int64) {
            for row in rows.rows {
                let start = row.minute / bucket * bucket * 60
                let key = Key(start: start, tenant: rows.tenants[Int(row.tenant)], model: rows.models[Int(row.model)])
                sums[key, default: SignedTokenCounts()] += SignedTokenCounts(row.counts)
            }
        }
    }

    @Test func `random batches in random order and portions give the sums of the model`() async throws {
        try await World.with { world in
            var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
            print("seed \(generator.seed)")
            let keys = (0..<3).map { CollectorKey(provider: "acme", collector: "c\($0)") }
            var model = Model()
            var queues: [[UsageRows]] = []
            for _ in keys {
                let batches = (0..<Int.random(in: 1...8, using: &generator)).map { _ in
                    Self.randomRows(&generator, from: minute("2025-05-20"))
                }
                for rows in batches { model.add(rows, bucket: 60) }
                queues.append(batches)
            }
            for key in keys { try await world.openEpoch(key) }
            var next = [Int](repeating: 0, count: keys.count)
            while let index = keys.indices.filter({ next[$0] < queues[$0].count }).randomElement(using: &generator) {
                let batch = world.batch(queues[index][next[index]], sequence: UInt64(next[index]), key: keys[index])
                _ = try await world.store.commitBatch(batch)
                if Bool.random(using: &generator) { _ = try await world.store.commitBatch(batch) }
                next[index] += 1
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    _ = try await world.store.rollUpNext(RollupLimits(maxBatches: 2), decode: world.payloads.decode)
                }
            }
            try await world.rollUpAll(RollupLimits(maxBatches: 3))
            let answer = try await world.store.snapshot {
                try $0.usage(
                    UsageQuery(
                        from: date("2025-05-01").days * 86_400, to: date("2025-08-01").days * 86_400, zone: .utc,
                        bucket: .hour, groupBy: [.tenant, .model], visibility: .everything))
            }
            var found: [Model.Key: SignedTokenCounts] = [:]
            for row in answer.rows {
                found[Model.Key(start: row.start ?? 0, tenant: row.keys[0], model: row.keys[1])] = row.counts
            }
            #expect(found == model.sums)
            #expect(Int(answer.position) == queues.reduce(0) { $0 + $1.count })
            let report = try await world.store.rebuild(
                date("2025-05-01")..<date("2025-08-01"), decode: world.payloads.decode)
            #expect(report.isEqual)
            #expect(report.tables.map { $0.rows > 0 } == [true, true, false, false, true, false])
        }
    }

    static func randomRows(_ generator: inout SeededGenerator, from start: Int64) -> UsageRows {
        var seen: Set<String> = []
        var list: [(minute: Int64, tenant: String, model: String, counts: TokenCounts)] = []
        for _ in 0..<Int.random(in: 1...200, using: &generator) {
            let minute = start + Int64.random(in: 0..<60 * 24 * 40, using: &generator)
            let tenant = "t\(Int.random(in: 0..<7, using: &generator))"
            let model = "m\(Int.random(in: 0..<3, using: &generator))"
            guard seen.insert("\(minute) \(tenant) \(model)").inserted else { continue }
            let input = UInt64.random(in: 0...1_000_000_000_000, using: &generator)
            list.append(
                (
                    minute: minute, tenant: tenant, model: model,
                    counts: TokenCounts(
                        requests: 1, input: input, cachedInput: input / 2, output: input / 3, reasoningOutput: 0)
                ))
        }
        return usageRows(list)
    }

    /// Upserts in one order can't deadlock, whoever else writes: so every rollup takes the order of the key.
    @Test func `a rollup writes its cells in the order of their keys`() async throws {
        try await World.with { world in
            var generator = SeededGenerator(seed: 7)
            try await world.openEpoch()
            let rows = Self.randomRows(&generator, from: minute("2025-05-20"))
            _ = try await world.store.commitBatch(world.batch(rows, sequence: 0))
            try await world.rollUpAll()
            let outOfOrder: Int = try await world.store.pool.withConnection { connection in
                try connection.query(
                    """
                    SELECT count(*) FROM (
                        SELECT row_number() OVER (ORDER BY ctid) AS written,
                               row_number() OVER (ORDER BY calendar_id, start_at, provider_id, kind, model_id, region_id,
                                   layer, workload, modality) AS sorted
                          FROM cube) AS place
                     WHERE written <> sorted
                    """
                ).one().decode(0)
            }
            #expect(outOfOrder == 0)
        }
    }

    @Test func `two rollups at once count each batch once`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            for sequence in 0..<30 {
                _ = try await world.store.commitBatch(
                    world.batch(oneRow(minute("2025-06-15") + Int64(sequence)), sequence: UInt64(sequence)))
            }
            let decode = world.payloads.decode
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let other = try World(connectionString: world.connectionString)
                        while try await other.store.rollUpNext(RollupLimits(maxBatches: 1), decode: decode).status
                            != .idle
                        {}
                        await other.store.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await world.store.session { try $0.position() } == 30)
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 300)
            let gapless: Bool = try await world.store.pool.withConnection {
                try $0.query("SELECT min(position) = 1 AND max(position) = 30 AND count(*) = 30 FROM ledger_position")
                    .one().decode(0)
            }
            #expect(gapless)
        }
    }

    @Test func `a payload that can't be decoded is quarantined and does not block`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let bad = world.batch(oneRow(minute("2025-06-15")), sequence: 0)
            world.payloads.forget(bad.payload)
            _ = try await world.store.commitBatch(bad)
            _ = try await world.store.commitBatch(world.batch(oneRow(minute("2025-06-15")), sequence: 1))
            let report = try await world.store.rollUpNext(decode: world.payloads.decode)
            #expect(report.quarantined.map(\.reason) == ["undecodable"] && report.batches == 1 && report.position == 1)
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 10)
            #expect(try await world.store.rollUpNext(decode: world.payloads.decode).status == .idle)
        }
    }

    @Test func `sums beyond 63 bits are exact`() async throws {
        try await World.with { world in
            let most = UInt64.max
            let counts = TokenCounts(
                requests: most, input: most, cachedInput: most, output: most, reasoningOutput: most)
            let start = minute("2025-06-15")
            try await world.load(
                (0..<3).map { usageRows([(minute: start + $0, tenant: "t", model: "m", counts: counts)]) })
            let total = try await world.store.total("2025-06-15", "2025-06-16")
            #expect(total.input == Int128(most) * 3 && total.requests == Int128(most) * 3)
            #expect(total.total == Int128(most) * 6)
        }
    }

    @Test func `months long past get their partitions`() async throws {
        try await World.with { world in
            try await world.load([
                usageRows(
                    ["1999-12-31", "2016-02-29", "2023-11-16", "2030-01-01"].map {
                        (
                            minute: minute($0, hour: 23, minute: 59), tenant: "t", model: "m",
                            counts: TokenCounts(requests: 1, input: 1)
                        )
                    })
            ])
            #expect(try await world.store.total("1990-01-01", "2040-01-01").input == 4)
            #expect(try await world.store.total("2016-02-29", "2016-03-01").input == 1)
        }
    }

    @Test func `a rollup makes no partitions, whatever months a batch is of`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let minutes = [minute("1999-12-31", hour: 23, minute: 59), minute("2016-02-29")]
            let rows = usageRows(minutes.map { ($0, "t", "m", TokenCounts(requests: 1, input: 1)) })
            _ = try await world.store.commitBatch(world.batch(rows, sequence: 0))
            try await world.rollUpAll()
            func names() async throws -> [String] {
                try await world.store.pool.withConnection {
                    try $0.query(
                        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname ~ '_(1999|2000|2016)_' ORDER BY 1"
                    ).map { try $0.decode(0) }
                }
            }
            #expect(try await names() == [])
            try await world.mergeAll(now: Timestamp(seconds: World.june.seconds + 86_400))
            // Days in Shanghai begin at 16:00 in UTC.
            #expect(
                try await names() == [
                    "segment_hour_1999_12", "segment_hour_2016_02", "segment_minute_1999_12", "segment_minute_2016_02",
                    "tenant_day_2000_01", "tenant_day_2016_02",
                ])
            try await world.expectDaysExact()
        }
    }

    @Test func `what waits longest is told by provider`() async throws {
        try await World.with { world in
            let other = CollectorKey(provider: "other", collector: "c")
            for (key, count) in [(World.key, UInt64(3)), (other, 1)] {
                try await world.openEpoch(key)
                for sequence in 0..<count {
                    let rows = oneRow(minute("2025-06-15"), "t\(sequence)")
                    _ = try await world.store.commitBatch(world.batch(rows, sequence: sequence, key: key))
                }
            }
            let waiting = try await world.store.session { try $0.oldestWaiting() }
            #expect(waiting.map(\.number) == [1, 4])
            #expect(Set(waiting.map(\.provider)).count == 2)
            #expect(waiting.allSatisfy { $0.receivedAt == World.june })
            try await world.rollUpAll()
            #expect(try await world.store.session { try $0.oldestWaiting() }.isEmpty)
        }
    }

    @Test func `rebuild finds and mends a tampered cell`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-15")), oneRow(minute("2025-07-02"), "t2")])
            try await world.store.pool.withConnection { connection in
                try connection.execute(
                    """
                    UPDATE cube SET input_tokens = input_tokens + 1 WHERE calendar_id = 0 AND start_at < '2025-07-01'
                    """)
            }
            let june = date("2025-06-01")..<date("2025-07-01")
            let report = try await world.store.rebuild(
                june, replacement: Replacement(by: World.someone, now: World.june), decode: world.payloads.decode)
            #expect(report.tables.map(\.differing) == [0, 0, 0, 0, 1, 0])
            #expect(report.tables.map(\.stored.input) == [10, 30, 0, 0, 11, 0])
            #expect(report.hasReplaced)
            let again = try await world.store.rebuild(june, decode: world.payloads.decode)
            #expect(again.isEqual && !again.hasReplaced)
            #expect(try await world.store.total("2025-07-02", "2025-07-03").input == 10)
        }
    }

    @Test func `waiting for the latest ends when it is rolled up`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            _ = try await world.store.commitBatch(world.batch(oneRow(0), sequence: 0))
            let error = await #expect(throws: StoreError.self) {
                try await world.store.waitForLatest(timeout: .milliseconds(60))
            }
            #expect(error?.code == .positionNotReached)
            async let waiting: Void = world.store.waitForLatest(timeout: .seconds(60))
            try await world.rollUpAll()
            try await waiting
            try await world.store.waitForPosition(1, timeout: .seconds(60))
        }
    }
}
