import Logging
import Postgres
import Reporting
import Scopes
import TestSupport
import Testing
import UsageModel

@testable import Store

/// The database's own lock: what it keeps back when the application's is left open.
@Suite(.timeLimit(.minutes(10)))
struct RowSecurityTests {
    private static let acme = Visibility.provider("acme")

    /// Two providers with everything that there is of each; a fact, a statement and a token of the market's.
    private static func with(_ body: (World) async throws -> Void) async throws {
        try await World.with { world in
            for provider in ["acme", "other"] {
                let key = CollectorKey(provider: provider, collector: "c-of-\(provider)")
                try await world.load([oneRow(minute("2025-06-15"), "t-of-\(provider)")], key: key)
                // One waits for the rollup, one is a fork.
                for input in [1, 2] as [UInt64] {
                    let batch = world.batch(
                        oneRow(minute("2025-06-15"), "t-of-\(provider)", input: input), sequence: 1, key: key)
                    _ = try await world.store.commitBatch(batch)
                }
                try await world.importFacts(
                    [tenantRecord("t-of-\(provider)", .externalCustomer, "2025-01-01", provider: provider)])
            }
            try await world.importRows(.providers, "acme,group,2025-01-01,,why")
            _ = try await world.reports.propose(Closing.proposal(override: "a test"))
            let later = Timestamp(seconds: World.june.seconds + 86_400)
            while try await world.store.mergeSegmentsNext(now: later, decode: world.payloads.decode).didSomething {
            }
            let token = TokenRecord(
                id: "abc", role: .admin, provider: nil, createdAt: World.june, createdBy: "test")
            try await world.store.transaction {
                try $0.createToken(token, secretHash: [UInt8](repeating: 1, count: 32))
            }
            try await body(world)
        }
    }

    /// What a caller who sees everything would ask, each giving whose rows it found.
    private static let unrestricted: [(name: String, ask: @Sendable (StoreSession) throws -> [String])] = [
        (
            "usage",
            { session in
                let query = UsageQuery(
                    from: date("2025-06-14").days * 86_400, to: date("2025-06-17").days * 86_400, zone: .utc,
                    groupBy: [.provider, .tenant], visibility: .everything)
                return try session.usage(query).rows.flatMap(\.keys)
            }
        ),
        (
            "usage by kind",
            { session in
                let query = UsageQuery(
                    from: date("2025-06-14").days * 86_400, to: date("2025-06-17").days * 86_400, zone: .utc,
                    groupBy: [.provider, .kind], visibility: .everything)
                return try session.usage(query).rows.map { $0.keys[0] }
            }
        ),
        (
            "peak",
            { session in
                try PeakSubject.allCases.flatMap { subject in
                    try session.peaks(
                        PeakQuery(
                            from: date("2025-06-14").days * 86_400, to: date("2025-06-17").days * 86_400,
                            subject: subject, count: 10, visibility: .everything)
                    ).rows.map(\.provider)
                }
            }
        ),
        ("collectors", { try $0.collectors(visibility: .everything).flatMap { [$0.provider, $0.collector] } }),
        (
            "coverage",
            { session in
                let answer = try session.coverage(
                    CoverageQuery(
                        from: date("2025-06-01").days * 1_440, to: date("2025-08-01").days * 1_440,
                        silenceMinutes: 60, visibility: .everything))
                return answer.collectors.flatMap { [$0.provider, $0.collector] } + answer.providers.map(\.provider)
            }
        ),
        ("tenants", { try $0.facts(.tenants, visibility: .everything).flatMap(\.record.subject) }),
        ("history of tenants", { try $0.factHistory(.tenants, visibility: .everything).flatMap(\.record.subject) }),
        (
            "scopes",
            { session in
                let question = ScopeQuestion(scope: Closing.scope(kinds: nil), period: Closing.month)
                return try ScopeReading([question], knownAt: nil, visibility: .everything, from: session).results()
                    .answers().tables.flatMap(\.rows).map(\.entity)
            }
        ),
    ]

    @Test func `a question without the application's restriction finds nothing of others`() async throws {
        try await Self.with { world in
            for question in Self.unrestricted {
                let own = try await world.store.questions(as: Self.acme).snapshot(question.ask)
                #expect(!own.isEmpty && own.allSatisfy { $0.contains("acme") }, "\(question.name): \(own)")
                let all = try await world.store.questions(as: .everything).snapshot(question.ask)
                #expect(all.contains { $0.contains("other") } && all.count > own.count, "\(question.name): \(all)")
                let nothing = try await world.store.questions(as: .provider("nobody")).snapshot(question.ask)
                #expect(nothing.isEmpty, "\(question.name): \(nothing)")
            }
        }
    }

    /// What waits for a segment is read from the batches' own bytes.
    @Test func `batches that wait are read of the own provider alone`() async throws {
        try await World.with { world in
            let counts = TokenCounts(requests: 1, input: 7)
            for provider in ["acme", "other"] {
                let rows = usageRows([
                    (minute: minute("2025-06-15"), tenant: "t-of-\(provider)", model: "m", counts: counts)
                ])
                try await world.load([rows, rows], key: CollectorKey(provider: provider, collector: "c"))
            }
            let sql = "SELECT (SELECT count(*) FROM segment_queue), (SELECT count(*) FROM ledger_payload)"
            for (visibility, expected) in [(Self.acme, 2), (.everything, 4), (.provider("nobody"), 0)] {
                let questions = world.store.questions(as: visibility)
                let counted = try await questions.snapshot { session -> [Int] in
                    let row = try session.connection.query(sql).one()
                    return [try row.decode(0), try row.decode(1)]
                }
                #expect(counted == [expected, expected], "\(visibility)")
                for (from, source) in [(minute("2025-06-15"), UsageBucket.hour), (minute("2025-06-15") - 1, .minute)] {
                    let query = UsageQuery(
                        from: from * 60, to: (minute("2025-06-15") + 60) * 60, zone: .utc,
                        groupBy: [.provider, .tenant], visibility: .everything)
                    let answer = try await questions.snapshot { try $0.usage(query) }
                    #expect(answer.source == source)
                    #expect(answer.rows.reduce(0) { $0 + Int($1.counts.input) } == 7 * expected, "\(visibility)")
                    #expect(visibility != Self.acme || answer.rows.map(\.keys) == [["acme", "t-of-acme"]])
                }
            }
        }
    }

    @Test func `what is the whole market's is there for those alone who may see it all`() async throws {
        let market: [(name: String, ask: @Sendable (StoreSession) throws -> Int)] = [
            ("facts", { try $0.facts(.providers, visibility: .everything).count }),
            ("history of facts", { try $0.factHistory(.providers, visibility: .everything).count }),
            ("statements", { try $0.statements().count }), ("tokens", { try $0.listTokens().count }),
            ("audit log", { try $0.connection.query("SELECT 1 FROM audit_log").count }),
        ]
        try await Self.with { world in
            for question in market {
                let name = question.name
                let own = try await world.store.questions(as: Self.acme).snapshot(question.ask)
                let all = try await world.store.questions(as: .everything).snapshot(question.ask)
                #expect(own == 0 && all > 0, "\(name): \(own), \(all)")
            }
            await #expect(throws: StoreError.self) {
                _ = try await world.store.questions(as: Self.acme).snapshot { try $0.statement(1) }
            }
            await #expect(throws: StoreError.self) {
                _ = try await world.store.questions(as: Self.acme).closing { try $0.statements().count }
            }
        }
    }

    /// A transaction on a connection of the reader's login, after some statements.
    private static func asReader<Value: Sendable>(
        _ world: World, _ statements: [String] = [], _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        let pool = try #require(world.store.questionAccess).pool
        return try await pool.withTransaction(.readWrite) { connection in
            for statement in statements { try connection.execute(statement) }
            return try body(connection)
        }
    }

    @Test func `every table that a reader may read keeps its rows back without a setting, and others' with one`()
        async throws
    {
        try await Self.with { world in
            let acme: Int = try await world.store.pool.withConnection { connection in
                try connection.execute(
                    """
                    INSERT INTO collector_heartbeat (collector_id, provider_id, seen_at, software_version,
                        backlog_batches, backlog_bytes, reasons)
                    SELECT collector_id, provider_id, now(), '1.0', 0, 0, '' FROM collector;
                    INSERT INTO statement_decision (statement_id, scope_id, month, proposed_by, decision, reason,
                        decided_at, decided_by, decided_token)
                    SELECT statement_id, scope_id, month, proposed_by, 'withdrawn', 'a test', now(), 'a test', 'abc'
                      FROM statement;
                    INSERT INTO segment_queue
                    SELECT provider_id, '2025-06-15', 99, collector_id, 1, 0, now(), 1, 1 FROM collector
                    """)
                return try connection.query("SELECT provider_id FROM provider WHERE name = 'acme'").one().decode(0)
            }
            for table in ReaderRole.restricted {
                await #expect(throws: PostgresError.self, "\(table)") {
                    try await Self.asReader(world) {
                        _ = try $0.query("SELECT count(*) FROM \(table)")
                    }
                }
                @Sendable func seen(_ provider: Int) async throws -> Int {
                    try await Self.asReader(world, ["SET LOCAL steelyard.provider = '\(provider)'"]) {
                        try $0.query("SELECT count(*) FROM \(table)").one().decode(0)
                    }
                }
                let (all, own, none) = (try await seen(0), try await seen(acme), try await seen(-1))
                #expect(none == 0 && own < all, "\(table): \(none), \(own), \(all)")
                let isWhole = ["fact", "statement", "statement_decision", "api_token", "audit_log"].contains(table)
                if isWhole { #expect(own == 0, "\(table)") }
            }
        }
    }

    @Test(
        arguments: [
            "SELECT 1 FROM ledger_digest", "SELECT 1 FROM ledger_position", "SELECT 1 FROM ledger_payload_2025_06",
            "SELECT 1 FROM segment_hour_2025_06",
            "SELECT secret_hash FROM api_token", "SELECT payload FROM batch_quarantine", "DELETE FROM audit_log",
            "UPDATE api_token SET revoked_at = NULL", "INSERT INTO region (name) VALUES ('x')",
            "CREATE TEMPORARY TABLE provider (provider_id smallint)", "CREATE TABLE x ()", "CREATE SCHEMA x",
            "SET ROLE steelyard", "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY", "SELECT pg_read_file('/etc/passwd')",
            "COPY model TO PROGRAM 'true'", "SELECT 1; SET steelyard.provider = '0'",
            "SET LOCAL steelyard.provider = '0'; SELECT 1",
        ])
    func `a reader's login may do nothing but read what it is let read`(statement: String) async throws {
        try await Self.with { world in
            let error = await #expect(throws: PostgresError.self) {
                try await Self.asReader(world, ["SET TRANSACTION READ WRITE", "SET LOCAL steelyard.provider = '0'"]) {
                    try $0.execute(statement)
                }
            }
            // 42501: not allowed; 42601: two statements in one message.
            #expect(["42501", "42601"].contains(error?.code.rawValue), "\(String(describing: error))")
        }
    }

    @Test(
        arguments: [
            "SELECT set_config('steelyard.provider', '0', true)", "SET LOCAL search_path = pg_temp, public",
            "SET LOCAL row_security = off", "SET LOCAL steelyard.provider = ''",
        ])
    func `an answer stays back where its restriction was moved meanwhile`(statement: String) async throws {
        try await Self.with { world in
            let error = await #expect(throws: StoreError.self) {
                try await world.store.questions(as: Self.acme).snapshot { session in
                    try session.connection.execute(statement)
                    return 1
                }
            }
            #expect(error?.code == .noReader)
            // The next question of the same pool is restricted as it should be.
            let next = try await world.store.questions(as: Self.acme).snapshot {
                try $0.collectors(visibility: .everything).map(\.provider)
            }
            #expect(next == ["acme"])
        }
    }

    @Test func `a store without connections for questions answers none`() async throws {
        try await World.with { world in
            let silent = Store(pool: world.store.pool, calendar: world.store.calendar, logger: .init(label: "tests"))
            let error = await #expect(throws: StoreError.self) {
                _ = try await silent.questions(as: .everything).snapshot { try $0.position() }
            }
            #expect(error?.code == .noReader)
        }
    }

    // MARK: The login

    @Test func `the login that the installation makes is fit for questions`() async throws {
        try await World.with { world in
            try await world.store.checkReader()
            // A second preparation finds everything as it is.
            try await world.store.prepare()
            try await world.store.checkReader()
        }
    }

    @Test(
        arguments: [
            ("GRANT SELECT ON ledger_digest TO steelyard_reader", "ledger_digest, which has no row security"),
            (
                "GRANT SELECT (digest) ON ledger_digest TO steelyard_reader",
                "ledger_digest, which has no row security"
            ),
            ("GRANT SELECT ON api_token TO steelyard_reader", "hashes"),
            ("GRANT INSERT ON region TO steelyard_reader", "may change the table region"),
            ("ALTER TABLE tenant DISABLE ROW LEVEL SECURITY", "tenant, which has no row security"),
            ("ALTER TABLE ledger NO FORCE ROW LEVEL SECURITY", "ledger, which has no row security"),
            ("CREATE POLICY more ON fact TO PUBLIC USING (true)", "fact by the policy more"),
            (
                "DROP POLICY reader ON fact; CREATE POLICY reader ON fact FOR SELECT TO steelyard_reader USING (true)",
                "fact by the policy reader"
            ),
            ("REVOKE SELECT ON tenant_day FROM steelyard_reader", "can't read the table tenant_day"),
            (
                "ALTER TABLE ledger_payload DISABLE ROW LEVEL SECURITY",
                "ledger_payload, which has no row security"
            ),
            ("GRANT CREATE ON SCHEMA public TO steelyard_reader", "may create objects in the schema public"),
        ])
    func `a login that could see or do more than a reader is refused by name`(grant: String, fault: String)
        async throws
    {
        try await World.with { world in
            try await world.store.pool.withConnection { try $0.execute(grant) }
            let error = await #expect(throws: StoreError.self) { try await world.store.checkReader() }
            #expect(
                error?.code == .readerUnfit && error?.message.contains(fault) == true, "\(String(describing: error))")
            // What a preparation can mend, it mends.
            if !grant.contains("more ON fact"), !grant.hasPrefix("GRANT SELECT"), !grant.hasPrefix("GRANT INSERT") {
                try await world.store.prepare()
                try await world.store.checkReader()
            }
        }
    }

    @Test(arguments: ["pg_execute_server_program", "pg_read_server_files", "pg_signal_backend", "pg_write_all_data"])
    func `a login that may become more than a reader is refused by name`(role: String) async throws {
        try await World.with { world in
            try await world.store.pool.withConnection { connection in
                try connection.transaction { connection in
                    // Roles belong to the whole cluster: the grant must not be seen by other tests.
                    try connection.execute("GRANT \(role) TO \(ReaderRole.name)")
                    let faults = try ReaderRole.faults(of: ReaderRole.name, schema: "public", on: connection)
                    #expect(faults.contains("may act as the role \(role)"), "\(faults)")
                    try connection.execute("REVOKE \(role) FROM \(ReaderRole.name)")
                }
            }
            try await world.store.checkReader()
        }
    }

    @Test func `a superuser's rights may not lie behind the login`() async throws {
        try await World.with { world in
            try await world.store.pool.withConnection { connection in
                try connection.transaction { connection in
                    try connection.execute(
                        """
                        CREATE ROLE steelyard_test_root SUPERUSER NOLOGIN;
                        ALTER ROLE \(ReaderRole.name) NOINHERIT;
                        GRANT steelyard_test_root TO \(ReaderRole.name);
                        """)
                    let faults = try ReaderRole.faults(of: ReaderRole.name, schema: "public", on: connection)
                    #expect(faults.contains("may act as the role steelyard_test_root"), "\(faults)")
                    try connection.execute(
                        """
                        REVOKE steelyard_test_root FROM \(ReaderRole.name);
                        ALTER ROLE \(ReaderRole.name) INHERIT;
                        DROP ROLE steelyard_test_root;
                        """)
                }
            }
        }
    }

    @Test func `the owner's own login is refused, and so is another database's`() async throws {
        try await World.with { world in
            let logger = world.store.logger
            let owner = ConnectionPool(ConnectionOptions(connectionString: world.connectionString), logger: logger)
            let unfit = Store(
                pool: world.store.pool, questions: .reader(owner), calendar: world.store.calendar, logger: logger)
            let error = await #expect(throws: StoreError.self) { try await unfit.checkReader() }
            #expect(error?.message.contains("is a superuser") == true, "\(String(describing: error))")
            await owner.close()
            let elsewhere = ConnectionPool(
                .questions(connectionString: "\(TestDatabase.reader(world.connectionString)) dbname=postgres"),
                logger: logger)
            let other = Store(
                pool: world.store.pool, questions: .reader(elsewhere), calendar: world.store.calendar, logger: logger)
            let second = await #expect(throws: StoreError.self) { try await other.checkReader() }
            #expect(second?.message.contains("another database") == true, "\(String(describing: second))")
            await elsewhere.close()
        }
    }

    @Test func `what an administrator is given to run makes a login that is fit`() async throws {
        try await World.with { world in
            let name = "reader_\(UInt32.random(in: 0...UInt32.max))"
            let database: String = try await world.store.pool.withConnection {
                try $0.query("SELECT current_database()::text").one().decode(0)
            }
            let sql = ReaderLogin(login: name, database: database, owner: "steelyard", schema: "public").sql
            #expect(sql.contains("CREATE ROLE \"steelyard_reader\" NOLOGIN;"))
            // The role that this cluster has already.
            let rest = sql.replacing("CREATE ROLE \"steelyard_reader\" NOLOGIN;", with: "")
            try await world.store.pool.withConnection { try $0.execute(rest) }
            let readers = ConnectionPool(
                .questions(connectionString: "\(world.connectionString) user=\(name)"), logger: world.store.logger)
            let store = Store(
                pool: world.store.pool, questions: .reader(readers), calendar: world.store.calendar,
                logger: world.store.logger)
            try await store.checkReader()
            let position = try await store.questions(as: Self.acme).snapshot { try $0.position() }
            #expect(position == 0)
            await readers.close()
            try await world.store.pool.withConnection { try $0.execute("DROP OWNED BY \(name); DROP ROLE \(name)") }
        }
    }
}
