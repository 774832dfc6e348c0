import BatchFormat
import Crypto
import Logging
import Postgres
import Reporting
import Synchronization
import TestSupport
import Testing
import UsageModel

@testable import Store

/// What a database of before schema version 19 has in tables of sums is in segments, in days, or waits in payloads
/// before the tables go.
@Suite(.serialized) struct HistoryTests {
    private static let later = Timestamp(seconds: World.june.seconds + 400 * 86_400)

    /// A batch of before.
    private struct Old {
        var minute: Int64
        var tenant = "t1"
        var hasPayload = true
        var more: [Int64] = []

        var rows: UsageRows {
            usageRows(
                ([minute] + more).map {
                    (minute: $0, tenant: tenant, model: "m1", counts: TokenCounts(requests: 1, input: 10, output: 5))
                })
        }
    }

    private static func with(
        calendar: String = "Asia/Shanghai", _ body: (World) async throws -> Void
    ) async throws {
        try await TestDatabase.withDatabase { database in
            let world = try World(connectionString: database.connectionString, calendar: calendar)
            do {
                try await world.store.pool.withConnection {
                    _ = try Migrator(Array(MigrationFiles.all().prefix(16))).run(on: $0)
                }
                try await body(world)
                await world.store.close()
            } catch {
                await world.store.close()
                throw error
            }
        }
    }

    /// Counts batches as the release before did: into the ledger and the tables of sums.
    private static func fill(_ world: World, _ batches: [Old], floors: [(String, String)] = []) async throws {
        let calendar = world.store.calendar
        try await world.store.pool.withConnection { connection in
            try connection.execute(
                """
                INSERT INTO reporting_calendar (zone) VALUES ('\(calendar.identifier)');
                INSERT INTO provider (name) VALUES ('acme');
                INSERT INTO collector (provider_id, name) VALUES (1, 'edge-1');
                INSERT INTO model (name) VALUES ('m1');
                INSERT INTO region (name) VALUES ('cn-beijing');
                CREATE TABLE ledger_2025_06 PARTITION OF ledger FOR VALUES FROM ('2025-06-01Z') TO ('2025-07-01Z');
                CREATE TABLE ledger_payload_2025_06 PARTITION OF ledger_payload
                    FOR VALUES FROM ('2025-06-01Z') TO ('2025-07-01Z');
                CREATE TABLE usage_hour_all PARTITION OF usage_hour DEFAULT;
                CREATE TABLE usage_minute_all PARTITION OF usage_minute DEFAULT;
                CREATE TABLE usage_day_all PARTITION OF usage_day DEFAULT;
                """)
            for tenant in Set(batches.map(\.tenant)).sorted() {
                try connection.execute("INSERT INTO tenant (provider_id, name) VALUES (1, '\(tenant)')")
            }
            for (index, batch) in batches.enumerated() {
                try count(batch, sequence: index, on: connection, world)
            }
            for (table, from) in floors {
                try connection.execute(
                    """
                    INSERT INTO sums_floor (table_name, kept_from) VALUES ('\(table)', '\(from) 00:00Z');
                    DELETE FROM \(table) WHERE \(table.dropFirst(6)) < '\(from) 00:00Z';
                    """)
            }
        }
    }

    private static func counts(_ totals: SignedTokenCounts) -> [Parameter] {
        let all = [totals.requests, totals.input, totals.cachedInput, totals.output, totals.reasoningOutput]
        return all.map { .numeric($0) }
    }

    private static func count(_ batch: Old, sequence: Int, on connection: Connection, _ world: World) throws {
        let rows = batch.rows
        let payload = world.payloads.register(rows)
        let totals = rows.totals
        let key: [Parameter] = [.int(sequence), .timestamp(World.june)]
        try connection.query(
            """
            INSERT INTO ledger (collector_id, provider_id, epoch, sequence, received_at, digest, spool_id, spool_sequence,
                sealed_at, software_version, payload_bytes, row_count, event_count, requests, input_tokens,
                cached_input_tokens, output_tokens, reasoning_output_tokens, rejections, first_minute, last_minute)
            VALUES (1, 1, 1, $1, $2, $3, '\\x00', $1, $2, '0.9', 8, $4, $4, $5, $6, $7, $8, $9, '{}', $10, $11)
            """,
            key + [.bytes(Array(SHA256.hash(data: payload))), .int(rows.rows.count)]
                + counts(totals) + [.int(rows.minutes?.lowerBound), .int(rows.minutes?.upperBound)])
        if batch.hasPayload {
            try connection.query(
                "INSERT INTO ledger_payload VALUES (1, 1, $1, $2, $3)", key + [.bytes(payload)])
        }
        try connection.query(
            "INSERT INTO ledger_position (position, collector_id, epoch, sequence, received_at) VALUES ($1 + 1, 1, 1, $1, $2)",
            key)
        try connection.execute("UPDATE rollup_state SET position = position + 1, cube_position = cube_position + 1")
        let calendar = world.store.calendar
        let names =
            "1, (SELECT tenant_id FROM tenant WHERE name = '\(batch.tenant)'), (SELECT model_id FROM model "
            + "WHERE name = 'm1'), (SELECT region_id FROM region WHERE name = 'cn-beijing')"
        let add = CountColumns.names.map { "\($0) = u.\($0) + excluded.\($0)" }.joined(separator: ", ")
        for row in rows.rows {
            let counts = "\(row.counts.requests), \(row.counts.input), 0, \(row.counts.output), 0"
            let codes = "\(row.layer.rawValue), \(row.workload.rawValue), \(row.modality.rawValue)"
            let day = calendar.date(atSecond: row.minute * 60)
            let month = "\(day)".prefix(7)
            for (table, time) in [
                ("hour", "to_timestamp(\(row.minute / 60 * 3_600))"), ("day", "'\(day)'"), ("month", "'\(month)-01'"),
            ] {
                try connection.execute(
                    """
                    INSERT INTO usage_\(table) AS u VALUES (\(time), \(names), \(codes), \(counts))
                    ON CONFLICT (\(table), tenant_id, model_id, region_id, layer, workload, modality) DO UPDATE SET \(add)
                    """)
            }
            for (granularity, subject) in [
                (1, "0"), (2, "(SELECT model_id FROM model WHERE name = 'm1')"),
                (3, "(SELECT tenant_id FROM tenant WHERE name = '\(batch.tenant)')"),
            ] {
                try connection.execute(
                    """
                    INSERT INTO usage_minute AS u
                    VALUES (to_timestamp(\(row.minute * 60)), 1, \(granularity), \(subject), \(counts))
                    ON CONFLICT (minute, provider_id, granularity, subject_id) DO UPDATE SET \(add)
                    """)
            }
        }
    }

    private static func hasSums(_ world: World) async throws -> Bool {
        try await world.store.pool.withConnection {
            try $0.query("SELECT to_regclass('usage_hour') IS NOT NULL OR to_regclass('usage_month') IS NOT NULL").one()
                .decode(0)
        }
    }

    /// Merges what waits and holds everything to what was counted.
    private static func expectExact(_ world: World) async throws {
        #expect(try await hasSums(world) == false)
        #expect(try await world.count("sums_floor WHERE table_name NOT IN ('segment_hour', 'segment_minute')") == 0)
        try await world.expectSegmentsExact()
        try await world.mergeAll(now: later)
        #expect(try await world.count("segment_queue") == 0)
        try await world.expectSegmentsExact()
        try await world.expectDaysExact()
    }

    @Test func `hours, days and what payloads hold are taken, and the tables of sums go`() async throws {
        try await Self.with { world in
            let hours = [3, 4, 5, 6].map { minute("2025-06-15", hour: $0) }
            let old = [("2025-03-15", Int64(3)), ("2025-03-31", 3), ("2025-03-31", 17), ("2025-04-01", 3)].map {
                Old(minute: minute($0.0, hour: $0.1), hasPayload: false)
            }
            let batches =
                old + [
                    Old(minute: hours[0], hasPayload: false), Old(minute: hours[0] + 1), Old(minute: hours[1]),
                    Old(minute: hours[2], tenant: "t2", more: [hours[3]]), Old(minute: hours[3] + 7),
                ]
            // Of March days are left alone; its last day, in Shanghai, ends in the month's last hours.
            try await Self.fill(
                world, batches, floors: [("usage_hour", "2025-04-01"), ("usage_minute", "2025-05-01")])
            let told = Told()
            let outcome = try await world.store.prepare(told: { told.add($0) })
            #expect(outcome.applied.first == 17 && outcome.version >= 19)
            // Hours from the newest back, then days.
            #expect(told.moments.first == Timestamp(seconds: hours[0] * 60) && told.moments.count > 3)
            try await Self.expectExact(world)
            #expect(try await world.count("tenant_day WHERE day < '2025-04-01'") == 2)
            // A second time there is nothing to do.
            #expect(try await world.store.prepare().applied == [])
        }
    }

    @Test(arguments: ["Asia/Shanghai", "Asia/Kolkata"])
    func `days that are written between two attempts have the usage of their hours once`(zone: String) async throws {
        try await Self.with(calendar: zone) { world in
            // The first of April began, where the calendar is, before the hours that are kept.
            let batches = [("2025-03-31", Int64(15)), ("2025-03-31", 22), ("2025-04-01", 0), ("2025-04-01", 18)].flatMap
            {
                let start = minute($0.0, hour: $0.1)
                return [5, 35, 55].map { Old(minute: start + $0, hasPayload: false) }
            }
            try await Self.fill(world, batches, floors: [("usage_hour", "2025-04-01")])
            let (calendar, partitions) = (world.store.calendar, world.store.partitions)
            try await world.store.pool.withConnection { connection in
                _ = try Migrator(Array(MigrationFiles.all().prefix(18))).run(on: connection)
            }
            try await world.store.pool.withConnection { connection in
                let history = SegmentHistory(connection: connection, calendar: calendar, partitions: partitions)
                while try history.step() != .took(from: nil) {}
            }
            try await world.mergeAll(now: Self.later)
            #expect(try await world.count("tenant_day") > 0)
            try await world.store.prepare()
            try await Self.expectExact(world)
        }
    }

    @Test(arguments: ["Asia/Kolkata", "Australia/Lord_Howe", "UTC", "America/New_York"])
    func `hours within which a day begins are taken with both their days`(zone: String) async throws {
        try await Self.with(calendar: zone) { world in
            let starts = (14...17).map { world.store.calendar.startOfDay(date("2025-06-\($0)")) / 60 }
            let batches = starts.flatMap { start in
                [-25, -1, 0, 1, 25, 60, 400].map {
                    Old(minute: start + $0, tenant: "t\($0 % 3)", hasPayload: false)
                }
            }
            try await Self.fill(world, batches)
            try await world.store.prepare()
            try await Self.expectExact(world)
        }
    }

    @Test func `a migration that is broken off goes on where it was`() async throws {
        try await Self.with { world in
            let batches = (0..<6).map {
                Old(minute: minute("2025-06-14", hour: Int64($0)), tenant: "t\($0 % 2)", hasPayload: false)
            }
            try await Self.fill(world, batches)
            // The third hour can't be written.
            try await world.store.pool.withConnection {
                _ = try Migrator(Array(MigrationFiles.all().prefix(18))).run(on: $0)
            }
            try await world.execute(
                "ALTER TABLE segment_range ADD CONSTRAINT refuse CHECK (hour <> '2025-06-14 02:00Z')")
            await #expect(throws: PostgresError.self) {
                try await world.store.prepare()
            }
            #expect(try await Self.hasSums(world))
            #expect(try await world.count("segment_range") == 3)
            // The tables don't go meanwhile, whoever tries.
            let refusal = await #expect(throws: PostgresError.self) {
                try await world.store.pool.withConnection { _ = try Migrator(MigrationFiles.all()).run(on: $0) }
            }
            #expect(refusal?.hint?.contains("steelyard-aggregator migrate") == true)
            let unmigrated = await #expect(throws: StoreError.self) { try await world.store.check() }
            #expect(unmigrated?.code == .schemaVersion)
            try await world.execute("ALTER TABLE segment_range DROP CONSTRAINT refuse")
            try await world.store.prepare()
            try await Self.expectExact(world)
        }
    }

    @Test func `what a program of before rolls up meanwhile is not lost`() async throws {
        try await Self.with { world in
            let hour = minute("2025-06-14", hour: 5)
            try await Self.fill(world, [Old(minute: hour, hasPayload: false), Old(minute: hour + 60)])
            try await world.store.pool.withConnection {
                _ = try Migrator(Array(MigrationFiles.all().prefix(18))).run(on: $0)
            }
            try await world.store.pool.withConnection {
                try Self.count(Old(minute: hour + 1, tenant: "t1"), sequence: 2, on: $0, world)
                try Self.count(Old(minute: hour + 60, tenant: "t1"), sequence: 3, on: $0, world)
                try Self.count(Old(minute: hour + 600, tenant: "t1"), sequence: 4, on: $0, world)
            }
            try await world.store.prepare()
            try await Self.expectExact(world)
        }
    }

    @Test func `months that have more than their days are named, and nothing goes`() async throws {
        try await Self.with { world in
            try await Self.fill(world, [Old(minute: minute("2025-06-14", hour: 5))])
            try await world.execute("UPDATE usage_month SET output_tokens = output_tokens + 1")
            let refusal = await #expect(throws: PostgresError.self) {
                try await world.store.prepare()
            }
            #expect(refusal?.message.contains("2025-06") == true)
            #expect(try await Self.hasSums(world))
        }
    }
}

/// What a migration told.
private final class Told: Sendable {
    private let all = Mutex<[Timestamp]>([])

    var moments: [Timestamp] { all.withLock { $0 } }
    func add(_ moment: Timestamp) { all.withLock { $0.append(moment) } }
}
