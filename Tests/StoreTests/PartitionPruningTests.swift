import Postgres
import Scopes
import Store
import Testing
import UsageModel

/// That a question reads the months that it is about, and no others: PostgreSQL counts the scans of every partition.
@Suite struct PartitionPruningTests {
    private static let months = ["2025-03", "2025-04", "2025-05", "2025-06"]

    @Test(arguments: ["Asia/Shanghai", "UTC"])
    func `a month is answered from its own partitions`(_ zone: String) async throws {
        try await World.with { world in
            try await Self.fill(world)
            // Without cubes, as everything by tenant is.
            try await world.execute("UPDATE rollup_state SET cube_position = 0")
            let scope = Scope(
                id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test",
                measure: .tokens, filters: ScopeFilters(), entity: .provider, aggregate: .sum, zone: zone,
                denominator: .everythingCounted, precision: 1)
            // The reporting calendar's zone is answered by days, another by hours.
            let table = zone == "UTC" ? "segment_hour" : "tenant_day"
            try await Self.forgetScans(world)
            let april = try await world.table(scope, try Period("2025-04"))
            #expect(april["acme"]?.numerator == 15)
            #expect(try await Self.scanned(world, table) == ["\(table)_2025_04"])
            try await Self.forgetScans(world)
            _ = try await world.table(scope, try Period("2025-Q2"))
            #expect(
                try await Self.scanned(world, table) == ["\(table)_2025_04", "\(table)_2025_05", "\(table)_2025_06"])
        }
    }

    @Test func `usage of a day reads one month's partition`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            try await Self.forgetScans(world)
            let counts = try await world.store.total("2025-05-15", "2025-05-16")
            #expect(counts.input == 10)
            #expect(try await Self.scanned(world, "segment_") == ["segment_hour_2025_05"])
            #expect(try await Self.scanned(world, "tenant_day").isEmpty)
        }
    }

    /// A row of each month, in segments and days by tenant.
    private static func fill(_ world: World) async throws {
        try await world.load(months.map { oneRow(minute("\($0)-15", hour: 4)) })
        try await world.mergeAll()
    }

    /// Sets the counts of scans of this database to 0.
    private static func forgetScans(_ world: World) async throws {
        try await flush(world)
        try await world.store.pool.withConnection { _ = try $0.query("SELECT pg_stat_reset()") }
    }

    /// The partitions of tables with this prefix that were scanned since, by name.
    private static func scanned(_ world: World, _ prefix: String) async throws -> [String] {
        try await flush(world)
        return try await world.store.pool.withConnection { connection in
            try connection.query(
                """
                SELECT relname FROM pg_stat_user_tables
                 WHERE starts_with(relname, $1) AND relname ~ '_[0-9]{4}_[0-9]{2}$'
                   AND seq_scan + coalesce(idx_scan, 0) > 0 ORDER BY 1
                """, [.text(prefix)]
            ).map { try $0.decode(0) }
        }
    }

    /// Sessions report their counts now and then while they live, and all of them when they end: ends them.
    private static func flush(_ world: World) async throws {
        world.store.pool.discardAllConnections()
        try await world.store.pool.withConnection { connection in
            _ = try connection.query(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND pid <> pg_backend_pid()")
        }
    }
}
