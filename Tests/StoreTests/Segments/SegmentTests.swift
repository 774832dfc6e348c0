import BatchFormat
import Logging
import Postgres
import Reporting
import TestSupport
import Testing
import UsageModel

@testable import Store

/// Segments hold each batch once, whenever they are made; what they hold is what the batches were made of.
@Suite(.serialized) struct SegmentTests {
    private static let spring = date("2025-05-01")..<date("2025-08-01")
    private static let replacement = Replacement(by: World.someone, now: World.june)
    /// Long after every hour of the tests.
    private static let later = Timestamp(seconds: World.june.seconds + 400 * 86_400)

    // MARK: Any order

    @Test func `batches, merges and compactions in any order hold each batch once, which a rebuild proves`()
        async throws
    {
        try await World.with { world in
            var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
            print("seed \(generator.seed)")
            let keys = ["acme", "acme", "globex"].enumerated().map {
                CollectorKey(provider: $0.element, collector: "c\($0.offset)")
            }
            for key in keys { try await world.openEpoch(key) }
            var next = [UInt64](repeating: 0, count: keys.count)
            for _ in 0..<40 {
                switch Int.random(in: 0..<5, using: &generator) {
                case 0, 1:
                    let index = Int.random(in: 0..<keys.count, using: &generator)
                    // Hours that come again and again, and some that are hit once.
                    let start = minute("2025-06-15") + Int64.random(in: -90...180, using: &generator)
                    let rows = Self.rows(&generator, from: start, minutes: Bool.random(using: &generator) ? 50 : 2_000)
                    _ = try await world.store.commitBatch(world.batch(rows, sequence: next[index], key: keys[index]))
                    next[index] += 1
                case 2: try await world.rollUpAll(RollupLimits(maxBatches: 2))
                case 3:
                    var policy = SegmentPolicy()
                    policy.maxQueuedBytes = Int.random(in: 0...20, using: &generator)
                    policy.maxRanges = Int.random(in: 2...4, using: &generator)
                    policy.batches.maxBatches = Int.random(in: 1...3, using: &generator)
                    try await world.merge(policy, now: World.june)
                default:
                    let report = try await world.store.rebuild(Self.spring, decode: world.payloads.decode)
                    #expect(report.isEqual, "\(report)")
                }
            }
            try await world.rollUpAll()
            try await world.expectSegmentsExact()
            try await world.mergeAll(now: Self.later)
            #expect(try await world.count("segment_queue") == 0)
            // A day after an hour's end one range is left of it, and it is in the days.
            #expect(try await world.count("segment_range WHERE after_position > 0 OR NOT is_in_days") == 0)
            try await world.expectSegmentsExact()
            let report = try await world.store.rebuild(Self.spring, decode: world.payloads.decode)
            #expect(report.isEqual, "\(report)")
            let expected = try await world.countedRows().keys
            let (hours, minutes, days) = (report.tables[0], report.tables[1], report.tables[2])
            #expect(
                report.tables.prefix(4).map(\.name) == ["segment_hour", "segment_minute", "tenant_day", "tenant_month"])
            #expect(report.tables[3].stored == days.stored && report.tables[3].rows <= days.rows)
            #expect(hours.rows == expected.count { $0.hasPrefix("hour ") } && hours.rows > 0)
            #expect(minutes.rows == expected.count { $0.hasPrefix("minute") } && minutes.rows > hours.rows)
            #expect(days.rows > 0 && days.rows <= hours.rows && days.stored == hours.stored)
            try await world.expectDaysExact()
        }
    }

    private static func rows(_ generator: inout SeededGenerator, from start: Int64, minutes: Int64) -> UsageRows {
        var seen: Set<String> = []
        var list: [(minute: Int64, tenant: String, model: String, counts: TokenCounts)] = []
        for _ in 0..<Int.random(in: 1...60, using: &generator) {
            let minute = start + Int64.random(in: 0..<minutes, using: &generator)
            let (tenant, model) = (
                "t\(Int.random(in: 0..<9, using: &generator))", "m\(Int.random(in: 0..<3, using: &generator))"
            )
            guard seen.insert("\(minute) \(tenant) \(model)").inserted else { continue }
            let input = UInt64.random(in: 0...1_000_000_000_000, using: &generator)
            let counts = TokenCounts(
                requests: 1, input: input, cachedInput: input / 2, output: input / 3, reasoningOutput: 0)
            list.append((minute: minute, tenant: tenant, model: model, counts: counts))
        }
        return usageRows(list)
    }

    @Test func `two instances that merge at once hold each batch once`() async throws {
        try await World.with { world in
            try await world.load((0..<30).map { oneRow(minute("2025-06-15") + Int64($0 * 7)) })
            let decode = world.payloads.decode
            var policy = SegmentPolicy()
            policy.batches.maxBatches = 2
            let merging = policy
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let other = try World(connectionString: world.connectionString)
                        while try await other.store.mergeSegmentsNext(merging, now: Self.later, decode: decode).status
                            != .idle
                        {}
                        await other.store.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await world.count("segment_queue") == 0)
            try await world.expectSegmentsExact()
        }
    }

    // MARK: When

    @Test func `an hour is merged five minutes after its end, and late batches make a further segment`() async throws {
        try await World.with { world in
            func at(_ hour: Int64, _ minute: Int64) -> Timestamp {
                Timestamp(seconds: World.june.seconds + hour * 3_600 + minute * 60)
            }
            func load(_ rows: UsageRows, _ sequence: UInt64, at moment: Timestamp) async throws {
                _ = try await world.store.commitBatch(world.batch(rows, sequence: sequence, at: moment))
                try await world.rollUpAll()
            }
            try await world.openEpoch()
            let hour = minute("2025-06-15", hour: 3)
            try await load(oneRow(hour + 1), 0, at: at(3, 2))
            #expect(try await world.merge(now: at(4, 4)).status == .idle)
            #expect(try await world.merge(now: at(4, 5)).status == .merged)
            try await load(oneRow(hour + 2, "late"), 1, at: at(5, 0))
            #expect(try await world.merge(now: at(5, 4)).status == .idle)
            #expect(try await world.merge(now: at(5, 5)).status == .merged)
            #expect(try await world.ranges() == ["0-1: 1", "1-2: 1"])
            try await world.expectSegmentsExact()
            // A third and a fourth: then one range takes the place of all.
            try await load(oneRow(hour + 2, "later"), 2, at: at(6, 0))
            #expect(try await world.merge(now: at(6, 5)).status == .merged)
            #expect(try await world.merge(now: at(6, 5)).status == .idle)
            try await load(oneRow(hour + 2, "late"), 3, at: at(7, 0))
            #expect(try await world.merge(now: at(7, 5)).status == .merged)
            #expect(try await world.merge(now: at(7, 5)).status == .compacted)
            #expect(try await world.ranges() == ["0-4: 4"])
            try await world.expectSegmentsExact()
            // Two ranges of a day that has settled are one as well.
            try await load(oneRow(hour + 3), 4, at: at(8, 0))
            #expect(try await world.merge(now: at(8, 5)).status == .merged)
            #expect(try await world.merge(now: at(16, 4)).status == .idle)
            #expect(try await world.merge(now: at(16, 5)).status == .wroteDays)
            #expect(try await world.merge(now: at(27, 59)).status == .idle)
            #expect(try await world.merge(now: at(28, 0)).status == .compacted)
            #expect(try await world.ranges() == ["0-5: 5"])
            try await world.expectSegmentsExact()
        }
    }

    @Test func `an hour whose payloads pass a size is merged before it ends`() async throws {
        try await World.with { world in
            try await world.load((0..<5).map { oneRow(minute("2025-06-15") + $0) })
            var policy = SegmentPolicy()
            policy.maxQueuedBytes = 41
            #expect(try await world.merge(policy, now: World.june).status == .idle)
            policy.maxQueuedBytes = 40
            #expect(try await world.merge(policy, now: World.june).status == .merged)
            #expect(try await world.ranges() == ["0-5: 5"])
        }
    }

    @Test func `a batch over many hours is merged hour by hour, those that are due`() async throws {
        try await World.with { world in
            let counts = TokenCounts(requests: 1, input: 1)
            let hours = (0..<30).map { minute("2025-06-14", hour: Int64($0)) }
            try await world.load([
                usageRows(hours.map { (minute: $0, tenant: "t", model: "m", counts: counts) }),
                oneRow(hours[3]),
            ])
            // The batch came at midnight; six hours are still to come.
            let report = try await world.merge(now: Timestamp(seconds: World.june.seconds + 300))
            #expect(report.status == .merged && report.batchHours == 25)
            #expect(try await world.count("segment_queue") == 6)
            #expect(try await world.count("segment_range") == 24)
            try await world.expectSegmentsExact()
        }
    }

    // MARK: Once

    @Test func `a batch can't be in two ranges, and a range can't be lost between two`() async throws {
        try await World.with { world in
            let hour = minute("2025-06-15")
            try await world.load([oneRow(hour), oneRow(hour + 1)])
            try await world.merge(now: Self.later)
            for (after, last) in [(0, 5), (1, 5), (1, 2), (3, 5)] {
                await #expect(throws: PostgresError.self, "\(after) to \(last)") {
                    try await world.store.pool.withConnection {
                        try $0.execute(
                            """
                            INSERT INTO segment_range SELECT provider_id, hour, \(after), \(last), 1, 0, 0, 0, 0, 0
                              FROM segment_range
                            """)
                    }
                }
            }
            // Somebody puts a merged batch into the queue again.
            try await world.store.pool.withConnection {
                try $0.execute(
                    """
                    INSERT INTO segment_queue SELECT l.provider_id, '2025-06-15', f.position, l.collector_id, l.epoch,
                           l.sequence, l.received_at, 1, 8
                      FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
                     WHERE f.position = 2
                    """)
            }
            let error = await #expect(throws: StoreError.self) { try await world.merge(now: Self.later) }
            #expect(error?.code == .damagedSegment && error?.message.contains("position 2") == true)
            let report = try await world.store.rebuild(
                Self.spring, replacement: Self.replacement, decode: world.payloads.decode)
            #expect(report.tables.map(\.differing) == [1, 3, 0, 0, 0, 0] && report.hasReplaced)
            #expect(try await world.ranges() == ["0-2: 2"])
            #expect(try await world.merge(now: Self.later).status == .wroteDays)
            #expect(try await world.merge(now: Self.later).status == .idle)
            try await world.expectSegmentsExact()
            try await world.expectDaysExact()
        }
    }

    @Test func `a merge that the database refuses leaves the batches waiting, and counts them once afterwards`()
        async throws
    {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-15")), oneRow(minute("2025-06-15", hour: 1))])
            try await world.store.pool.withConnection {
                try $0.execute("ALTER TABLE segment_minute ADD CONSTRAINT refuse CHECK (granularity <> 4)")
            }
            await #expect(throws: PostgresError.self) { try await world.merge(now: Self.later) }
            #expect(try await world.count("segment_queue") == 2)
            #expect(try await world.count("segment_range") == 0)
            #expect(try await world.count("segment_hour") == 0)
            try await world.store.pool.withConnection {
                try $0.execute("ALTER TABLE segment_minute DROP CONSTRAINT refuse")
            }
            #expect(try await world.merge(now: Self.later).batchHours == 2)
            try await world.expectSegmentsExact()
        }
    }

    @Test func `a payload that is gone stops its hours alone, and says which batch it was`() async throws {
        try await World.with { world in
            let other = CollectorKey(provider: "globex", collector: "edge-1")
            let (hour, next) = (minute("2025-06-15"), minute("2025-06-15", hour: 1))
            try await world.load([oneRow(hour), oneRow(hour + 1), oneRow(hour + 2), oneRow(next)])
            try await world.load([oneRow(hour)], key: other)
            try await world.store.pool.withConnection {
                try $0.execute(
                    "DELETE FROM ledger_payload WHERE sequence = 1 AND collector_id = 1")
            }
            #expect(Set(try await world.mergeAll(now: Self.later).flatMap(\.damaged).map(\.sequence)) == [1])
            #expect(try await world.ranges() == ["0-1: 1", "0-4: 1", "0-5: 1"])
            #expect(try await world.count("segment_queue") == 2)
        }
    }

    @Test(arguments: [
        "UPDATE ledger_payload SET payload = set_byte(payload, 0, get_byte(payload, 0) # 1) WHERE sequence = 1",
        "UPDATE ledger SET input_tokens = input_tokens + 1 WHERE sequence = 1",
        "UPDATE ledger SET row_count = 2 WHERE sequence = 1",
        "UPDATE ledger SET last_minute = last_minute + 1 WHERE sequence = 1",
    ])
    func `a payload that isn't what the ledger says of it is in no segment, and is told`(damage: String) async throws {
        try await World.with { world in
            let (hour, next) = (minute("2025-06-15"), minute("2025-06-15", hour: 1))
            try await world.load([oneRow(hour), oneRow(hour + 1), oneRow(hour + 2), oneRow(next)])
            try await world.execute(damage)
            // Also what was flipped decodes, to what was counted.
            let flipped: [UInt8] = try await world.store.session {
                try $0.connection.query("SELECT payload FROM ledger_payload WHERE sequence = 1").one().decode(0)
            }
            world.payloads.remember(flipped, as: oneRow(hour + 1))
            // Also where no more is looked at at once than what the damaged batch holds up.
            var policy = SegmentPolicy()
            policy.batches.maxBatches = 2
            let damaged = try await world.mergeAll(policy, now: Self.later).flatMap(\.damaged)
            #expect(!damaged.isEmpty && damaged.allSatisfy { $0.sequence == 1 && $0.reason == "ledger-differs" })
            #expect(try await world.ranges() == ["0-1: 1", "0-4: 1"])
            #expect(try await world.count("segment_queue") == 2)
        }
    }

    @Test func `a partition that somebody dropped is made again`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-15"))])
            try await world.mergeAll(now: Self.later)
            try await world.execute(
                "DROP TABLE segment_hour_2025_06, segment_minute_2025_06; DELETE FROM segment_range")
            try await world.load([oneRow(minute("2025-06-15", hour: 2))])
            await #expect(throws: PostgresError.self) { try await world.merge(now: Self.later) }
            #expect(try await world.merge(now: Self.later).status == .merged)
        }
    }

    // MARK: Rebuild

    @Test func `a rebuild finds what is lost of segments, and puts it in its place again`() async throws {
        // Each leaves less, more or something else than was counted.
        let damages = [
            "DELETE FROM segment_hour WHERE last_position = 2",
            "DELETE FROM segment_minute WHERE granularity = 3",
            "DELETE FROM segment_queue",
            "UPDATE segment_hour SET content = content || '\\x00'",
            "UPDATE segment_minute SET requests = requests + 1",
            "UPDATE segment_hour SET chunk = 7",
        ]
        for damage in damages {
            try await World.with { world in
                let hour = minute("2025-06-15")
                try await world.load([oneRow(hour)])
                try await world.merge(now: Self.later)
                try await world.load([oneRow(hour, "late")])
                try await world.merge(now: Self.later)
                try await world.load([oneRow(hour, "later")])
                try await world.store.pool.withConnection { try $0.execute(damage) }
                let found = try await world.store.rebuild(Self.spring, decode: world.payloads.decode)
                #expect(!found.isEqual && found.tables.suffix(2).allSatisfy { $0.differing == 0 }, "\(damage)")
                let mended = try await world.store.rebuild(
                    Self.spring, replacement: Self.replacement, decode: world.payloads.decode)
                #expect(mended.hasReplaced, "\(damage)")
                #expect(try await world.store.rebuild(Self.spring, decode: world.payloads.decode).isEqual, "\(damage)")
                try await world.mergeAll(now: Self.later)
                try await world.expectSegmentsExact()
            }
        }
    }

    @Test func `usage without a name stays without it in segments, until a rebuild gives it its name`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            var limits = RollupLimits()
            limits.newNames = NewNameLimits(tenants: 1, models: 100, regions: 100, collectorPercent: 100)
            let hour = minute("2025-06-15")
            let counts = TokenCounts(requests: 1, input: 1)
            func rows(_ tenants: [String]) -> UsageRows {
                usageRows(tenants.map { (minute: hour, tenant: $0, model: "m", counts: counts) })
            }
            _ = try await world.store.commitBatch(world.batch(rows(["a", "b", "c"]), sequence: 0))
            try await world.rollUpAll(limits)
            // The day after, b has a name.
            let tomorrow = Timestamp(seconds: World.june.seconds + 86_400)
            _ = try await world.store.commitBatch(world.batch(rows(["b"]), sequence: 1, at: tomorrow))
            try await world.rollUpAll(limits)
            #expect(try await world.inputsOfSegments() == [:])
            try await world.mergeAll(now: Self.later)
            #expect(try await world.inputsOfSegments() == ["a": 1, "b": 1, "(over-limit)": 2])
            try await world.expectSegmentsExact()
            let proof = try await world.store.rebuild(Self.spring, decode: world.payloads.decode)
            #expect(proof.isEqual, "\(proof)")
            let named = try await world.store.rebuild(
                Self.spring, replacement: Self.replacement, admitNames: true, decode: world.payloads.decode)
            #expect(named.hasReplaced)
            #expect(try await world.inputsOfSegments() == ["a": 1, "b": 2, "c": 1])
            try await world.expectSegmentsExact()
            #expect(try await world.store.rebuild(Self.spring, decode: world.payloads.decode).isEqual)
        }
    }

    // MARK: Days

    @Test(arguments: ["Asia/Shanghai", "Asia/Kolkata", "America/New_York"])
    func `days are written once they have closed, and what is late is added as rows`(zone: String) async throws {
        try await World.with(calendar: zone) { world in
            var generator = SeededGenerator(seed: 77)
            try await world.openEpoch()
            let start = minute("2025-06-13", hour: 12)
            for sequence in 0..<4 as Range<UInt64> {
                let rows = Self.rows(&generator, from: start, minutes: 48 * 60)
                let received = Timestamp(seconds: start * 60)
                _ = try await world.store.commitBatch(world.batch(rows, sequence: sequence, at: received))
            }
            try await world.rollUpAll()
            let calendar = world.store.calendar
            // Within the settling time after the start of the 15th only the days before the 14th have closed.
            let midnight = calendar.startOfDay(date("2025-06-15"))
            while try await world.merge(now: Timestamp(seconds: midnight + 299)).status != .idle {}
            let open: Int = try await world.count("tenant_day WHERE day >= '2025-06-14'")
            // Where a day begins within an hour, its first minutes are written with the day before.
            #expect(open == 0 || !calendar.hasWholeHours)
            while try await world.merge(now: Timestamp(seconds: midnight + 300 + 3_600)).status != .idle {}
            let next: Int = try await world.count("tenant_day WHERE day >= '2025-06-15'")
            #expect(next == 0 || !calendar.hasWholeHours)
            try await world.expectDaysExact(before: "2025-06-15")
            let written = try await world.count("tenant_day")
            // The same tenants again, late.
            let late = Self.rows(&generator, from: start, minutes: 30 * 60)
            _ = try await world.store.commitBatch(world.batch(late, sequence: 4))
            try await world.rollUpAll()
            try await world.mergeAll(now: Self.later)
            #expect(try await world.count("tenant_day") > written)
            try await world.expectDaysExact()
            #expect(try await world.store.rebuild(Self.spring, decode: world.payloads.decode).isEqual)
        }
    }

    @Test func `a rebuild finds days that somebody changed, and adds what is missing`() async throws {
        for damage in [
            "DELETE FROM tenant_day", "UPDATE tenant_day SET requests = requests + 1",
            "INSERT INTO tenant_day SELECT * FROM tenant_day", "DELETE FROM tenant_month",
            "UPDATE tenant_month SET input_tokens = input_tokens + 1",
            "INSERT INTO tenant_month VALUES ('2025-06-01', 1, 77, false, 1, 2, 0, 3, 0)",
            "UPDATE segment_hour SET content = content || '\\x00'",
            "DELETE FROM segment_hour",
        ] {
            try await World.with { world in
                try await world.load([oneRow(minute("2025-06-15")), oneRow(minute("2025-06-15", hour: 7), "t2")])
                try await world.mergeAll(now: Self.later)
                try await world.store.pool.withConnection { try $0.execute(damage) }
                let found = try await world.store.rebuild(Self.spring, decode: world.payloads.decode)
                #expect(!found.isEqual && found.tables.suffix(2).allSatisfy { $0.differing == 0 }, "\(damage)")
                let mended = try await world.store.rebuild(
                    Self.spring, replacement: Self.replacement, decode: world.payloads.decode)
                #expect(mended.hasReplaced, "\(damage)")
                #expect(try await world.store.rebuild(Self.spring, decode: world.payloads.decode).isEqual, "\(damage)")
                try await world.expectDaysExact()
                try await world.expectSegmentsExact()
            }
        }
    }

    // MARK: Kept

    @Test func `retention drops segments by their granularity, and ranges with the last`() async throws {
        try await World.with { world in
            try await world.load(["2025-03-15", "2025-05-15", "2025-06-15"].map { oneRow(minute($0)) })
            try await world.mergeAll(now: Self.later)
            try await world.load([oneRow(minute("2025-03-16"))])
            let policy = RetentionPolicy(payloadDays: nil, minuteDays: 20, hourDays: 60)
            let dropped = try await world.store.applyRetention(policy, now: World.june)
            #expect(dropped.contains("segment_minute_2025_03") && dropped.contains("segment_hour_2025_03"))
            #expect(!dropped.contains("segment_hour_2025_05") && !dropped.contains("segment_minute_2025_05"))
            #expect(try await world.count("segment_range") == 2)
            // What came too late for any segment waits for its day alone.
            #expect(try await world.count("segment_queue") == 1)
            try await world.mergeAll(now: Self.later)
            #expect(try await world.count("segment_range") == 2)
            try await world.expectSegmentsExact()
            try await world.expectDaysExact()
            // What comes for an hour that is kept without its minutes has no minutes.
            let narrow = RetentionPolicy(payloadDays: nil, minuteDays: 1, hourDays: 60)
            _ = try await world.store.applyRetention(narrow, now: World.june)
            try await world.load([oneRow(minute("2025-03-17")), oneRow(minute("2025-05-17"))])
            #expect(try await world.count("segment_queue") == 2)
            try await world.mergeAll(now: Self.later)
            try await world.expectSegmentsExact()
            try await world.expectDaysExact()
            #expect(try await world.store.rebuild(Self.spring, decode: world.payloads.decode).isEqual)
        }
    }

    @Test func `segments that aren't in the days yet keep their partition`() async throws {
        try await World.with { world in
            // One range of the hour is in the days, and one isn't.
            try await world.load([oneRow(minute("2025-03-15"))])
            try await world.mergeAll(now: Self.later)
            try await world.load([oneRow(minute("2025-03-15"), "late")])
            #expect(try await world.merge(now: Self.later).status == .merged)
            let policy = RetentionPolicy(payloadDays: nil, minuteDays: 60, hourDays: 60)
            let first = try await world.store.applyRetention(policy, now: World.june)
            #expect(first.isEmpty)
            #expect(try await world.ranges() == ["0-1: 1", "1-2: 1"])
            try await world.mergeAll(now: Self.later)
            try await world.expectDaysExact()
            let second = try await world.store.applyRetention(policy, now: World.june)
            #expect(second.contains("segment_hour_2025_03") && second.contains("segment_minute_2025_03"))
            #expect(try await world.ranges().isEmpty)
        }
    }

    @Test func `payloads that wait for a segment keep their partition`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-15"))])
            let policy = RetentionPolicy(payloadDays: 10)
            let later = Timestamp(seconds: World.june.seconds + 90 * 86_400)
            #expect(try await world.store.applyRetention(policy, now: later).isEmpty)
            try await world.merge(now: later)
            #expect(try await world.store.applyRetention(policy, now: later) == ["ledger_payload_2025_06"])
        }
    }
}
