internal import EmbeddedPostgres
internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// Sources that read the table of a gateway, on a real PostgreSQL, with everything killed that can be.
    @Suite struct DatabaseSourceTests {
        private static let provider = "volcengine"

        private static func with(
            _ gateway: GatewayDatabase.Gateway,
            _ body: (GatewayDatabase, Installation, AggregatorProcess) async throws -> Void
        ) async throws {
            try await GatewayDatabase.with(gateway) { table in
                try await Installation.with("database-\(gateway.rawValue)") { installation in
                    try await body(table, installation, try await installation.startAggregator())
                }
            }
        }

        private static func setup(_ sources: String) -> CollectorSetup {
            CollectorSetup(provider: provider, sources: sources)
        }

        /// What `/readyz` says of sources.
        private static func problems(of collector: CollectorProcess) async throws -> String {
            try await HTTPCaller().get("\(collector.url)/readyz").text
        }

        private static func waitForProblem(_ reason: String, of collector: CollectorProcess) async throws {
            var last = ""
            try await eventually("/readyz says \(reason)", within: .seconds(60), last: { last }) {
                last = try await problems(of: collector)
                return last.contains("\"\(reason)\"")
            }
        }

        @Test(arguments: GatewayDatabase.Gateway.allCases)
        func `rows of usage are counted to the token, others are not, and a restart goes on behind them`(
            gateway: GatewayDatabase.Gateway
        ) async throws {
            try await Self.with(gateway) { table, installation, aggregator in
                let writer = try table.connect()
                var expected: [String: Counts] = [:]
                for number in 0..<3_000 {
                    try writer.add(tenant: "u\(number % 7)", tokens: number)
                    expected["u\(number % 7)", default: Counts()] += Counts(1, UInt64(number), 1)
                    // A top-up, and what the gateway's administrators did: no usage.
                    if number % 10 == 0 { try writer.add(tenant: "u0", tokens: 5, type: number % 20 == 0 ? 1 : 5) }
                }
                let collector = try await installation.startCollector(Self.setup(table.source()), to: aggregator)
                try await installation.waitUntilCounted(events: 3_000)
                try await collector.stop()
                try writer.add(tenant: "late", tokens: 11)
                try await collector.start()
                try await installation.waitUntilCounted(events: 3_001)
                expected["late"] = Counts(1, 11, 1)
                // Old rows are deleted by the gateway itself: that is no reason to stop.
                try writer.execute("DELETE FROM logs")
                try writer.add(tenant: "later", tokens: 12)
                try await installation.waitUntilCounted(events: 3_002)
                expected["later"] = Counts(1, 12, 1)
                try await collector.stop()
                #expect(
                    differences(try await installation.database.byTenant(provider: Self.provider), expected) == "")
                #expect(try await installation.database.progress().rejections == 0)
            }
        }

        @Test func `cached tokens come out of the JSON in a column, and a refused row is found by its id and requeued`()
            async throws
        {
            try await Self.with(.newAPI) { table, installation, aggregator in
                try table.execute(
                    """
                    INSERT INTO logs (created_at, type, username, model_name, prompt_tokens, completion_tokens, other)
                    VALUES (extract(epoch FROM now()), 2, 'acme', 'gpt-4o', 100, 20, '{"cache_tokens":64}'),
                           (extract(epoch FROM now()), 2, 'acme', 'claude-opus-4-6', 3, 7,
                            '{"claude":true,"cache_tokens":2000,"cache_creation_tokens":100}'),
                           (extract(epoch FROM now()), 2, '', 'gpt-4o', 5, 6, ''),
                           (extract(epoch FROM now()), 2, 'acme', 'gpt-4o', 1, 1, repeat('x', 1100000))
                    """)
                let collector = try await installation.startCollector(Self.setup(table.source()), to: aggregator)
                try await installation.waitUntilCounted(events: 2)
                try await eventually("two rows are refused") {
                    try await installation.database.progress().rejections == 2
                }
                let quarantine = try FileManager.default.contentsOfDirectory(atPath: collector.quarantineDirectory)
                let kept = quarantine.map { name in
                    FileManager.default.contents(atPath: "\(collector.quarantineDirectory)/\(name)") ?? Data()
                }
                let text = String(decoding: kept.joined(), as: UTF8.self)
                #expect(text.contains("\"line\":3,") && text.contains("\"line\":4,"), "\(text)")
                #expect(text.contains("\"file\":\"logs\""), "\(text)")
                try await collector.stop()
                #expect(
                    try await installation.database.byTenant(provider: Self.provider) == [
                        "acme": Counts(2, 100 + 2_103, 27)
                    ])

                // The row without a user counts once the configuration says whose it is, and by requeue alone.
                var repaired = Self.setup(table.source())
                repaired.sources += "    tenant: nobody\n"
                let second = try installation.makeCollector(repaired)
                try await second.start(aggregatorURL: aggregator.ingestURL)
                let requeue = try RunningProgram(
                    name: "requeue", executable: try Executables.path(Executables.collector),
                    arguments: ["requeue", "--config", second.configurationFile, "--source", "gateway"],
                    logPath: "\(installation.files.directory)/requeue.log")
                #expect(try await requeue.waitForEnd() == .exited(0))
                try await installation.waitUntilCounted(events: 3)
                try await second.stop()
                #expect(
                    try await installation.database.byTenant(provider: Self.provider)["nobody"] == Counts(1, 5, 6))
            }
        }

        /// A row whose id is lower than one that was read appears later: nothing may pass it by.
        @Test func `rows that become visible out of their order are counted once`() async throws {
            try await Self.with(.newAPI) { table, installation, aggregator in
                let (early, late) = (try table.connect(), try table.connect())
                let collector = try await installation.startCollector(Self.setup(table.source()), to: aggregator)
                try late.add(tenant: "before", tokens: 1)
                try await installation.waitUntilCounted(events: 1)
                try early.execute("BEGIN")
                try early.add(tenant: "early", tokens: 10)
                for number in 0..<50 { try late.add(tenant: "late", tokens: number) }
                // Rows that can be seen wait as long as a lower id may still come.
                try await eventually("the reader looks") {
                    let metrics = try await HTTPCaller().get("\(collector.url)/metrics").text
                    return metrics.contains("steelyard_collector_table_ids_behind{source=\"gateway\"} 51")
                }
                #expect(try await installation.database.progress().events == 1)
                try early.execute("COMMIT")
                try await installation.waitUntilCounted(events: 52)
                // Whoever gives up leaves a hole, which nothing waits for.
                try early.execute("BEGIN")
                try early.add(tenant: "never", tokens: 10)
                try late.add(tenant: "late", tokens: 1)
                try early.execute("ROLLBACK")
                try await installation.waitUntilCounted(events: 53)
                try await collector.stop()
                #expect(
                    try await installation.database.byTenant(provider: Self.provider) == [
                        "before": Counts(1, 1, 1), "early": Counts(1, 10, 1), "late": Counts(51, 1_226, 51),
                    ])
            }
        }

        /// The gateway deletes its old rows, and what was still waited for is among them.
        @Test func `rows that are deleted before they are read hold up nothing that comes after them`() async throws {
            try await Self.with(.newAPI) { table, installation, aggregator in
                let (purge, writer) = (try table.connect(), try table.connect())
                let collector = try await installation.startCollector(Self.setup(table.source()), to: aggregator)
                try writer.add(tenant: "before", tokens: 1)
                try await installation.waitUntilCounted(events: 1)
                try purge.execute("BEGIN")
                try purge.execute("DELETE FROM logs WHERE id < 0")
                for number in 0..<5 { try writer.add(tenant: "gone", tokens: number) }
                try await eventually("the reader waits for who deletes") {
                    let metrics = try await HTTPCaller().get("\(collector.url)/metrics").text
                    return metrics.contains("steelyard_collector_table_ids_behind{source=\"gateway\"} 5")
                }
                try purge.execute("DELETE FROM logs")
                try purge.execute("COMMIT")
                try writer.add(tenant: "after", tokens: 2)
                try await installation.waitUntilCounted(events: 2)
                try await collector.stop()
                #expect(
                    try await installation.database.byTenant(provider: Self.provider) == [
                        "before": Counts(1, 1, 1), "after": Counts(1, 2, 1),
                    ])
            }
        }

        @Test func `whatever is killed while many write at once, each row is counted once`() async throws {
            let seed = SeededGenerator.chosenSeed()
            print("database source: STEELYARD_TEST_SEED=\(seed)")
            try await Self.with(.oneAPI) { table, installation, aggregator in
                let collector = try await installation.startCollector(Self.setup(table.source()), to: aggregator)
                let written = try await withThrowingTaskGroup(of: Written.self) { group in
                    for number in 0..<4 {
                        group.addTask { try Self.write(to: table, as: number, seed: seed) }
                    }
                    var random = SeededGenerator(seed: seed)
                    for round in 0..<12 {
                        try await Task.sleep(for: .milliseconds(Int.random(in: 50...300, using: &random)))
                        switch round % 3 {
                        case 0:
                            try await collector.killHard()
                            try await collector.start()
                        case 1: Self.killReaders(of: collector)
                        default: try Self.endSessions(of: table)
                        }
                    }
                    return try await group.reduce(into: Written()) { $0.merge($1) }
                }
                try await installation.waitUntilCounted(events: written.rows)
                try await collector.stop()
                try await installation.waitUntilCounted(events: written.rows)
                #expect(
                    differences(try await installation.database.byTenant(provider: Self.provider), written.byTenant)
                        == "", "seed \(seed)")
                #expect(try await installation.database.progress().events == written.rows, "seed \(seed)")
            }
        }

        /// What was committed.
        private struct Written {
            var rows: UInt64 = 0
            var byTenant: [String: Counts] = [:]

            mutating func merge(_ other: Written) {
                rows += other.rows
                byTenant.merge(other.byTenant) { $0 + $1 }
            }
        }

        /// Writes in transactions of one to twenty rows, some of which are held open a while or given up.
        private static func write(to table: GatewayDatabase, as number: Int, seed: UInt64) throws -> Written {
            var random = SeededGenerator(seed: seed &+ UInt64(number) &+ 1)
            let writer = try table.connect()
            var written = Written()
            for _ in 0..<120 {
                var own = Written()
                try writer.execute("BEGIN")
                for _ in 0..<Int.random(in: 1...20, using: &random) {
                    let tokens = Int.random(in: 0...1_000, using: &random)
                    try writer.add(tenant: "w\(number)", tokens: tokens)
                    own.merge(Written(rows: 1, byTenant: ["w\(number)": Counts(1, UInt64(tokens), 1)]))
                    if Int.random(in: 0..<20, using: &random) == 0 { usleep(20_000) }
                }
                let isGivenUp = Int.random(in: 0..<5, using: &random) == 0
                try writer.execute(isGivenUp ? "ROLLBACK" : "COMMIT")
                if !isGivenUp { written.merge(own) }
            }
            return written
        }

        /// Kills the processes that read tables for a collector.
        private static func killReaders(of collector: CollectorProcess) {
            guard let parent = collector.program?.processIdentifier else { return }
            let path = "/proc/\(parent)/task/\(parent)/children"
            var children = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []
            for task in tasks {
                children +=
                    (try? String(contentsOfFile: "/proc/\(parent)/task/\(task)/children", encoding: .utf8)) ?? ""
            }
            for child in Set(children.split(separator: " ").compactMap { Int32($0) }) { kill(child, SIGKILL) }
        }

        /// Has the server end the sessions that read.
        private static func endSessions(of table: GatewayDatabase) throws {
            try table.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = 'steelyard-table-reader' AND datname = current_database()
                """)
        }

        @Test func `a table that was set back is told, and nothing of it counts until somebody says where to go on`()
            async throws
        {
            try await Self.with(.newAPI) { table, installation, aggregator in
                let writer = try table.connect()
                for number in 1...20 { try writer.add(tenant: "first", tokens: number) }
                var collector = try await installation.startCollector(Self.setup(table.source()), to: aggregator)
                try await installation.waitUntilCounted(events: 20)
                // Restored from a backup of ten rows: the sequence stands where it stood then.
                try writer.execute("DELETE FROM logs WHERE id > 10; SELECT setval('logs_id_seq', 10)")
                try await Self.waitForProblem("table-set-back", of: collector)
                // Ids have passed the old ones by while nobody looked.
                try await collector.stop()
                for number in 1...30 { try writer.add(tenant: "second", tokens: number) }
                try await collector.start()
                try await Self.waitForProblem("table-set-back", of: collector)
                #expect(try await installation.database.progress().events == 20)
                try await collector.stop()

                let settings = Self.setup(table.source(extra: "      after-id: 10\n      numbering: restored"))
                collector = try installation.makeCollector(settings, instance: "")
                try await collector.start(aggregatorURL: aggregator.ingestURL)
                try await installation.waitUntilCounted(events: 50)
                // Emptied, with ids from 1 on.
                try writer.execute("TRUNCATE logs RESTART IDENTITY")
                try writer.add(tenant: "third", tokens: 1)
                try await Self.waitForProblem("table-set-back", of: collector)
                try await collector.stop()
                #expect(
                    try await installation.database.byTenant(provider: Self.provider) == [
                        "first": Counts(20, 210, 20), "second": Counts(30, 465, 30),
                    ])
            }
        }

        @Test func `a server that crashes under its writers loses and repeats nothing`() async throws {
            let seed = SeededGenerator.chosenSeed()
            print("database source: STEELYARD_TEST_SEED=\(seed)")
            try await PostgresServer.withOwnCluster("gateway-server") { cluster in
                let table = try GatewayDatabase(
                    .newAPI, connectionString: try await cluster.database(named: "gateway"))
                try await Installation.with("database-crash") { installation in
                    let aggregator = try await installation.startAggregator()
                    let collector = try await installation.startCollector(Self.setup(table.source()), to: aggregator)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<3 {
                            group.addTask {
                                // A crash ends the writer as it ends the gateway's requests; it begins anew.
                                for round in 0..<6 {
                                    _ = try? Self.write(to: table, as: number, seed: seed &+ UInt64(round * 10))
                                    try await Task.sleep(for: .milliseconds(100))
                                }
                            }
                        }
                        for _ in 0..<3 {
                            try await Task.sleep(for: .milliseconds(400))
                            try await cluster.crash()
                            try await cluster.start()
                        }
                        try await group.waitForAll()
                    }
                    // What the database kept is the truth: a writer doesn't know what became of its last COMMIT.
                    let kept = try table.usage()
                    let rows = kept.values.reduce(0) { $0 + $1.requests }
                    #expect(rows > 100)
                    try await installation.waitUntilCounted(events: rows)
                    try await collector.stop()
                    #expect(
                        differences(try await installation.database.byTenant(provider: Self.provider), kept) == "",
                        "seed \(seed)")
                }
            }
        }

        @Test func `a database that is away, a table that isn't there and a user who may not read are told`()
            async throws
        {
            try await Self.with(.newAPI) { table, installation, aggregator in
                let role = "reader_\(UInt32.random(in: 0 ... .max))"
                let sources =
                    table.source(named: "away", url: "host=127.0.0.1 port=1 dbname=x connect_timeout=1")
                    + table.source(named: "nameless", extra: "      table: nothing")
                    + table.source(named: "unordered", extra: "      table: secret")
                    + table.source(named: "forbidden", url: "\(table.connectionString) user=\(role)")
                try table.execute(
                    """
                    CREATE ROLE \(role) LOGIN;
                    CREATE TABLE secret (LIKE logs INCLUDING ALL);
                    ALTER TABLE secret ALTER id SET DEFAULT nextval('logs_id_seq')
                    """)
                defer { try? table.execute("DROP OWNED BY \(role); DROP ROLE \(role)") }
                let collector = try await installation.startCollector(Self.setup(sources), to: aggregator)
                try await Self.waitForProblem("database-unreachable", of: collector)
                try await Self.waitForProblem("table-refused", of: collector)
                let text = try await Self.problems(of: collector)
                #expect(text.contains("there is no table nothing") && text.contains("come from no sequence"), "\(text)")
                #expect(text.contains("permission denied"), "\(text)")
                // What the page grants is enough.
                try table.execute(
                    "GRANT SELECT ON TABLE logs TO \(role); GRANT SELECT ON SEQUENCE logs_id_seq TO \(role)")
                try table.connect().add(tenant: "read", tokens: 3)
                try await installation.waitUntilCounted(events: 1)
                try await collector.stop()
            }
        }
    }
}
