package import Postgres
package import Reporting
internal import Synchronization
package import UsageModel

/// The connections that questions run on, and what their login is.
package enum QuestionAccess: Sendable {
    /// The login is `steelyard_reader` or a member of it: row security restricts what it sees.
    case reader(ConnectionPool)
    /// The login is the owner, whom row security lets through: the application alone restricts what callers see.
    case ownerAlone(ConnectionPool)

    package var pool: ConnectionPool {
        switch self {
        case .reader(let pool), .ownerAlone(let pool): pool
        }
    }
}

extension ConnectionOptions {
    /// For connections whose login is the reader: see ``QuestionAccess/reader(_:)``.
    package static func questions(
        connectionString: String, passwordFile: String? = nil, applicationName: String = "steelyard questions",
        statementTimeoutMilliseconds: Int = 60_000
    ) -> ConnectionOptions {
        var options = ConnectionOptions(
            connectionString: connectionString, passwordFile: passwordFile, applicationName: applicationName,
            statementTimeoutMilliseconds: statementTimeoutMilliseconds, takesOneStatementPerMessage: true)
        options.setup = [
            "SET default_transaction_read_only = on",
            // A database that is distributed with Citus passes the restriction on to its workers; others don't know it.
            "SET citus.propagate_set_commands = 'local'",
        ]
        return options
    }
}

/// The database as one caller may see it: questions on connections of the reader's login, restricted for each
/// transaction before anything is asked, and looked at again before the answer leaves.
package struct Questions: ReportDatabase {
    package let store: Store
    package let visibility: Visibility
    /// What the rows that the questions keep are counted against.
    private let rowBudget: (any RowBudget)?
    package var calendar: ZoneRules { store.calendar }

    fileprivate init(store: Store, visibility: Visibility, rowBudget: (any RowBudget)?) {
        self.store = store
        self.visibility = visibility
        self.rowBudget = rowBudget
    }

    /// Runs operations that read in one snapshot of what the caller may see.
    ///
    /// - Throws: ``StoreError`` with `.noReader` where the store was made without connections for questions, or where
    ///   the restriction isn't what was set when `body` ends.
    package func snapshot<Value: Sendable>(
        _ body: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> Value {
        guard let access = store.questionAccess else {
            throw StoreError(.noReader, "This program was started without connections for questions.")
        }
        let restriction = try await store.restriction(to: visibility)
        let (store, rowBudget) = (store, rowBudget)
        let timeLimit = Duration.milliseconds(access.pool.options.statementTimeoutMilliseconds)
        return try await access.pool.withTransaction(.snapshot) { connection in
            // Each statement has its limit; a question of hundreds must not have hundreds of it.
            if timeLimit > .zero { connection.lastBegin = ContinuousClock.now + timeLimit }
            defer { connection.lastBegin = nil }
            try restriction.set(on: connection)
            let value = try body(store.session(on: connection, rowBudget: rowBudget))
            try restriction.confirm(on: connection)
            return value
        }
    }

    /// Closing months is the whole market's business, and writes: it runs as the owner.
    package func closing<Value: Sendable>(
        _ body: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> Value {
        guard visibility == .everything else {
            throw StoreError(.noReader, "Months are closed by callers who may see every provider.")
        }
        return try await store.closing(body)
    }

    /// Waits until the sums count up to `position`.
    ///
    /// - Throws: ``StoreError`` with `.positionNotReached` after `timeout`.
    package func waitForPosition(_ position: UInt64, timeout: Duration) async throws {
        try await PositionWait.position(position, timeout: timeout) { try await snapshot($0) }
    }

    /// Waits until everything that was committed before the call, and that the caller may see, is rolled up.
    package func waitForLatest(timeout: Duration) async throws {
        try await PositionWait.latest(timeout: timeout) { try await snapshot($0) }
    }
}

extension Store {
    /// The database as somebody may see it.
    ///
    /// - Parameter rowBudget: of the caller; `nil` for the program's own questions.
    package func questions(as visibility: Visibility, rowBudget: (any RowBudget)? = nil) -> Questions {
        Questions(store: self, visibility: visibility, rowBudget: rowBudget)
    }

    /// Refuses a login for questions that could see or do more than a reader, naming everything that it could.
    ///
    /// - Throws: ``StoreError`` with `.readerUnfit`. Nothing is checked where the owner's login was accepted.
    package func checkReader() async throws {
        guard case .reader(let readers) = questionAccess else { return }
        let own = try await pool.withConnection { try DatabaseIdentity($0) }
        let (login, seen, faults) = try await readers.withConnection { connection in
            let login: String = try connection.query("SELECT session_user::text").one().decode(0)
            return (
                login, try DatabaseIdentity(connection),
                try ReaderRole.faults(of: login, schema: own.schema, on: connection)
            )
        }
        guard seen.name == own.name, seen.number == own.number else {
            throw StoreError.readerUnfit(login, ["is of another database, \(seen.name)"])
        }
        guard faults.isEmpty else { throw StoreError.readerUnfit(login, faults) }
    }

    /// What a transaction must be restricted by. Ids of providers never change, so that they are looked up once.
    fileprivate func restriction(to visibility: Visibility) async throws -> Restriction {
        let schema = try await schemaName()
        guard case .provider(let name) = visibility else {
            return Restriction(provider: Restriction.all, schema: schema)
        }
        if let id = knownProviders.withLock({ $0[name] }) { return Restriction(provider: id, schema: schema) }
        let found: Int64? = try await pool.withConnection {
            try $0.query("SELECT provider_id::bigint FROM provider WHERE name = $1", [.text(name)]).first?.decode(0)
        }
        guard let found else { return Restriction(provider: Restriction.nobody, schema: schema) }
        knownProviders.withLock { $0[name] = found }
        return Restriction(provider: found, schema: schema)
    }

    private func schemaName() async throws -> String {
        if let name = knownSchema.withLock({ $0 }) { return name }
        let name: String = try await pool.withConnection {
            try $0.query("SELECT quote_ident(current_schema())").one().decode(0)
        }
        knownSchema.withLock { $0 = name }
        return name
    }
}

/// Which database a connection leads to.
private struct DatabaseIdentity: Sendable {
    var name: String
    /// Of the table of batches: other databases of the same name have another.
    var number: Int64
    var schema: String

    init(_ connection: Connection) throws {
        let row = try connection.query(
            """
            SELECT current_database()::text, coalesce(max(c.oid::bigint), 0), coalesce(max(n.nspname::text), '')
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relname = 'ledger' AND c.relkind = 'p' AND pg_table_is_visible(c.oid)
            """
        ).one()
        (name, number, schema) = (try row.decode(0), try row.decode(1), try row.decode(2))
    }
}

/// What one transaction sees: rows of a provider, in tables of one schema.
private struct Restriction: Sendable {
    /// A provider's id, or ``all`` or ``nobody``: what the policies compare.
    var provider: Int64
    /// Quoted where it must be, as PostgreSQL shows it.
    var schema: String

    static let all: Int64 = 0
    static let nobody: Int64 = -1

    private var searchPath: String { "\(schema), pg_temp" }

    /// As commands of their own, not by a function: a distributed database passes those on to its workers.
    func set(on connection: Connection) throws {
        try connection.execute("SET LOCAL search_path = \(searchPath)")
        try connection.execute("SET LOCAL steelyard.provider = '\(provider)'")
    }

    /// Whether it still holds: whatever was asked, the answer leaves only if nothing has moved the lock meanwhile.
    func confirm(on connection: Connection) throws {
        let row = try connection.query(
            """
            SELECT current_setting('steelyard.provider'), current_setting('search_path'), session_user = current_user,
                   current_setting('row_security')
            """
        ).one()
        let isUnmoved =
            try row.decode(0, as: String.self) == "\(provider)" && row.decode(1, as: String.self) == searchPath
            && row.decode(2, as: Bool.self) && row.decode(3, as: String.self) == "on"
        guard isUnmoved else {
            connection.discardAfterUse()
            throw StoreError(.noReader, "What restricts a question was changed while it was answered.")
        }
    }
}

extension StoreError {
    /// Faults that a message lists.
    private static let maxListedFaults = 8

    fileprivate static func readerUnfit(_ login: String, _ faults: [String]) -> StoreError {
        let more = faults.count > maxListedFaults ? ["has \(faults.count - maxListedFaults) more faults"] : []
        let listed = (faults.prefix(maxListedFaults) + more).joined(separator: "; it ")
        return StoreError(
            .readerUnfit,
            """
            The login \(login) of database.reader-url is not fit for questions: it \(listed). \
            Run the SQL that `steelyard-aggregator reader-sql` prints, or see docs/operating/aggregator.md.
            """)
    }
}
