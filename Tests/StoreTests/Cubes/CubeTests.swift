import Postgres
import Reporting
import Scopes
import Synchronization
import TestSupport
import Testing
import UsageModel

@testable import Store

@Suite(.timeLimit(.minutes(10))) struct CubeTests {
    /// Usage of three months, of a customer, an affiliate and a tenant that nobody classified.
    private static func fill(_ world: World) async throws {
        try await world.load(
            ["2025-04", "2025-05", "2025-06"].map { month in
                usageRows(
                    (1...28).flatMap { day in
                        ["t1", "t2", "t3"].map { tenant in
                            (
                                minute: minute("\(month)-\(day < 10 ? "0" : "")\(day)", hour: Int64(day % 24)),
                                tenant: tenant, model: "m1", counts: TokenCounts(requests: 1, input: UInt64(day))
                            )
                        }
                    })
            })
        try await world.importFacts(
            [
                tenantRecord("t1", .externalCustomer, "2025-01-01"),
                tenantRecord("t2", .affiliate, "2025-05-10", "2025-06-10"),
            ], now: Timestamp(seconds: date("2025-07-01").days * 86_400))
    }

    private static func expectEqual(
        _ world: World, _ periods: [String] = ["2025-Q2", "2025-05", "2025-04-20/2025-06-05"], zones: [String]
    ) async throws {
        for period in periods {
            for zone in zones {
                let comparison = try await world.compare(period, zone: zone)
                #expect(comparison.isCovered, "\(period) in \(zone)")
                #expect(comparison.cubes == comparison.truth && !comparison.truth.isEmpty, "\(period) in \(zone)")
            }
        }
    }

    /// A database of the release before: usage and a registry, and no cubes.
    private static func forgetCubes(_ world: World) async throws {
        try await world.execute(
            """
            TRUNCATE cube, cube_change, cube_calendar;
            UPDATE rollup_state SET cube_position = 0;
            """)
    }

    @Test func `what was rolled up before there were cubes is added to them, a day at a time`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            try await Self.forgetCubes(world)
            try await world.store.prepare()
            let before = try await world.compare("2025-05")
            #expect(!before.isCovered)
            // Interrupted, it goes on; what is rolled up meanwhile counts once, on days before and after.
            let first = try await world.store.fillCubes()
            #expect(first.next == date("2025-04-02") && first.last == date("2025-06-28"))
            for _ in 0..<30 { _ = try await world.store.fillCubes() }
            #expect(try await !world.compare("2025-05").isCovered)
            for (sequence, day) in ["2025-04-03", "2025-06-20"].enumerated() {
                let outcome = try await world.store.commitBatch(
                    world.batch(oneRow(minute(day), "t2", input: 7), sequence: UInt64(3 + sequence))
                ).outcome
                #expect(outcome == .counted)
            }
            try await world.rollUpAll()
            try await world.importFacts(
                [tenantRecord("t3", .test, "2025-04-03", "2025-06-21")],
                now: Timestamp(seconds: date("2025-07-02").days * 86_400))
            #expect(try await world.fillCubes() > 20)
            try await Self.expectEqual(world, zones: ["Asia/Shanghai", "UTC"])
            let known = Timestamp(seconds: date("2025-07-01").days * 86_400)
            let then = try await world.compare("2025-Q2", known: known)
            #expect(then.isCovered && then.cubes == then.truth)
            let report = try await world.store.rebuild(
                date("2025-04-01")..<date("2025-08-01"), decode: world.payloads.decode)
            #expect(report.isEqual, "\(report.tables)")
        }
    }

    @Test func `usage that was rolled up without cubes is answered without them until they are made again`()
        async throws
    {
        try await World.with { world in
            try await Self.fill(world)
            try await Self.expectEqual(world, zones: ["UTC"])
            // As a program does that knows no cubes.
            try await world.execute("UPDATE rollup_state SET position = position + 1")
            #expect(try await !world.compare("2025-05").isCovered)
            try await world.fillCubes()
            try await Self.expectEqual(world, zones: ["Asia/Shanghai", "UTC"])
        }
    }

    @Test func `a calendar that comes later is answered without cubes until they are made for it`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            #expect(try await !world.compare("2025-05", zone: "America/New_York").isCovered)
            let store = world.store(zones: ["America/New_York", "Asia/Kolkata"])
            try await store.prepare()
            try await Self.expectEqual(world, zones: ["Asia/Shanghai", "UTC"])
            #expect(try await !world.compare("2025-05", zone: "America/New_York").isCovered)
            try await world.fillCubes(store)
            try await Self.expectEqual(world, zones: ["America/New_York", "Asia/Shanghai", "UTC"])
            let report = try await world.store.rebuild(
                date("2025-04-01")..<date("2025-08-01"), decode: world.payloads.decode)
            #expect(report.isEqual, "\(report.tables)")
        }
    }

    @Test func `cubes outlive the hours, until a tenant's usage moves where its hours are gone`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let before = try await world.compare("2025-05", zone: "UTC")
            // Everything before June is dropped.
            _ = try await world.store.applyRetention(
                RetentionPolicy(hourDays: 30), now: Timestamp(seconds: date("2025-07-05").days * 86_400))
            let table = try await world.table(World.scope(zone: "UTC"), try Period("2025-05"))
            #expect(table.denominator == before.cubes.values.reduce(0) { $0 + $1.total })
            // Late usage counts in cubes although there is no hour for it any more.
            _ = try await world.store.commitBatch(
                world.batch(oneRow(minute("2025-05-20", hour: 20), "t1", input: 5, output: 0), sequence: 3))
            try await world.rollUpAll()
            let late = try await world.table(World.scope(zone: "UTC"), try Period("2025-05"))
            #expect(late.denominator == table.denominator + 5)
            try await world.importFacts(
                [tenantRecord("t2", .test, "2025-05-12", "2025-06-20")],
                now: Timestamp(seconds: date("2025-07-06").days * 86_400))
            let gone = await #expect(throws: QuestionError.self) {
                _ = try await world.table(World.scope(zone: "UTC"), try Period("2025-05"))
            }
            #expect(gone?.code == .notKept)
            // The reporting calendar's days are known all the same.
            try await Self.expectEqual(world, zones: ["Asia/Shanghai"])
            try await Self.expectEqual(world, ["2025-06-03/2025-06-28"], zones: ["UTC"])
            let report = try await world.store.rebuild(
                date("2025-04-01")..<date("2025-08-01"), decode: world.payloads.decode)
            #expect(report.isEqual, "\(report.tables)")
        }
    }

    @Test func `where hours are gone cubes are made of days, for the reporting calendar alone`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            _ = try await world.store.applyRetention(
                RetentionPolicy(hourDays: 30), now: Timestamp(seconds: date("2025-07-05").days * 86_400))
            try await Self.forgetCubes(world)
            try await world.fillCubes()
            try await Self.expectEqual(world, zones: ["Asia/Shanghai"])
            try await Self.expectEqual(world, ["2025-06-03/2025-06-28"], zones: ["UTC"])
            #expect(try await !world.compare("2025-06", zone: "UTC").isCovered)
            let report = try await world.store.rebuild(
                date("2025-04-01")..<date("2025-08-01"), decode: world.payloads.decode)
            #expect(report.isEqual, "\(report.tables)")
        }
    }

    @Test func `a rebuild finds cells that are wrong and puts them right`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let days = date("2025-04-01")..<date("2025-07-01")
            try await world.execute(
                """
                UPDATE cube SET input_tokens = input_tokens + 1 WHERE calendar_id = 2 AND start_at = '2025-05-01Z';
                DELETE FROM cube WHERE calendar_id = 0 AND start_at < '2025-04-20Z';
                INSERT INTO cube_change SELECT '2025-08-01Z', * FROM cube WHERE calendar_id = 1
                """)
            let found = try await world.store.rebuild(days, decode: world.payloads.decode)
            #expect(
                found.tables.map { $0.differing > 0 } == [false, false, false, false, true, true])
            let replaced = try await world.store.rebuild(
                days, replacement: Replacement(by: World.someone, now: World.june), decode: world.payloads.decode)
            #expect(replaced.hasReplaced)
            let report = try await world.store.rebuild(days, decode: world.payloads.decode)
            #expect(report.isEqual, "\(report.tables)")
            try await Self.expectEqual(world, zones: ["Asia/Shanghai", "UTC"])
        }
    }

    @Test func `days that don't begin with hours have cubes in the reporting calendar`() async throws {
        try await World.with(calendar: "Asia/Kolkata") { world in
            try await Self.fill(world)
            try await Self.expectEqual(world, zones: ["Asia/Kolkata"])
            try await Self.forgetCubes(world)
            try await world.fillCubes()
            try await Self.expectEqual(world, zones: ["Asia/Kolkata"])
        }
    }

    @Test func `days after what a question knows are told by the join where a later version came before them`()
        async throws
    {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-05")), oneRow(minute("2025-06-20"))])
            let version = Timestamp(seconds: date("2025-06-10").days * 86_400)
            try await world.importFacts([tenantRecord("t1", .trial, "2025-01-01")], now: version)
            let before = Timestamp(microseconds: version.microseconds - 1)
            let june = try await world.compare("2025-06", known: before)
            #expect(!june.isCovered && june.truth.keys.map(\.tenantKind) == [.unclassified])
            let week = try await world.compare("2025-06-01/2025-06-08", known: before)
            #expect(week.isCovered && week.cubes == week.truth)
            #expect(week.truth.keys.map(\.tenantKind) == [.unclassified])
            let table = try await world.table(World.scope(), try Period("2025-06"), knownAt: before)
            #expect(table.total.unclassified == table.denominator && table.denominator == 30)
            try await Self.expectEqual(world, ["2025-06"], zones: ["Asia/Shanghai", "UTC"])
        }
    }

    @Test func `a position doesn't move without its cells`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-05"))])
            let outcome = try await world.store.commitBatch(world.batch(oneRow(minute("2025-06-06")), sequence: 1))
                .outcome
            #expect(outcome == .counted)
            try await world.execute("ALTER TABLE cube RENAME TO cube_away")
            await #expect(throws: PostgresError.self) { try await world.rollUpAll() }
            try await world.execute("ALTER TABLE cube_away RENAME TO cube")
            #expect(try await world.store.session { try $0.position() } == 1)
            try await world.rollUpAll()
            #expect(try await world.store.session { try $0.position() } == 2)
            try await Self.expectEqual(world, ["2025-06"], zones: ["Asia/Shanghai", "UTC"])
        }
    }

    /// Who reads the registry before an import and writes after it must not write by what it read.
    @Test func `usage counts by what the registry says when it is written`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-05"))])
            // The import is recorded and its cells are moved, but not yet committed, while the rollup gets ready.
            let reached = Mutex(false)
            let connection = world.store.pool
            _ = try await world.store.commitBatch(world.batch(oneRow(minute("2025-06-06")), sequence: 1))
            async let imported: Void = connection.withTransaction(.readWrite) { connection in
                let session = StoreSession(
                    connection, calendar: world.store.calendar, decode: world.payloads.decode)
                _ = try session.importFacts(
                    [tenantRecord("t1", .trial, "2025-01-01")], kind: .tenants, by: "x", now: World.june)
                reached.withLock { $0 = true }
                try connection.query("SELECT pg_sleep(1)")
            }
            while !reached.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
            try await world.rollUpAll()
            try await imported
            let comparison = try await world.compare("2025-06")
            #expect(comparison.isCovered && comparison.cubes == comparison.truth)
            #expect(comparison.truth.keys.map(\.tenantKind) == [.trial])
        }
    }

    @Test func `a rank under all scopes is one reading for each calendar`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let scopes = (0..<8).map { index in
                World.scope(
                    ScopeFilters(models: [NamePattern("m\(index % 3)*")]), zone: index < 4 ? "UTC" : "Asia/Shanghai")
            }
            let period = try Period("2025-Q2")
            let answers = try await world.reports.answers(
                to: scopes.map { ScopeQuestion(scope: $0, period: period) }, visibility: .everything)
            for (scope, table) in zip(scopes, answers.tables) {
                #expect(table == (try await world.table(scope, period)))
            }
            #expect(Set(answers.tables.map(\.denominator)).count > 1)
        }
    }
}
