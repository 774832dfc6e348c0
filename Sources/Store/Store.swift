internal import BatchFormat
package import Logging
package import Postgres
internal import Scopes
internal import Synchronization
package import UsageModel

/// Everything that Steelyard keeps, in PostgreSQL: the batch ledger, the sums, the registry, tokens.
///
/// All SQL of the program is in this module, and no rule about what figures mean: that is `Reporting`'s. Operations are
/// methods of ``StoreSession``; `transaction`, `snapshot` and `session` run them on a connection of the pool. Those
/// that need more than one transaction are methods of the store itself.
package final class Store: Sendable {
    package let pool: ConnectionPool
    /// The zone that days and months are reckoned in, and effective dates of the registry.
    package let calendar: ZoneRules
    /// What questions run on; `nil` for programs that ask none.
    package let questionAccess: QuestionAccess?
    /// Decodes the payloads of batches that questions need.
    let decode: PayloadDecoder
    let logger: Logger
    let partitions: PartitionCache
    let cubeMemory = CubeMemory()
    let rollupMemory = RollupMemory()
    /// The zones that scopes read periods in; `nil` for those of the built-in scopes.
    private let zones: Set<String>?
    /// Ids of providers by name; they never change.
    let knownProviders = Mutex<[String: Int64]>([:])
    /// The schema that everything is in.
    let knownSchema = Mutex<String?>(nil)

    /// - Parameters:
    ///   - pool: of the login that owns the tables.
    ///   - questions: see ``questions(as:)``; `nil` for programs that ask none.
    ///   - calendar: the reporting calendar; ``prepare()`` refuses a database that keeps another.
    ///   - scopeZones: the zones that scopes read periods in, by IANA names, for which cubes are made; `nil` for those
    ///     of the built-in scopes.
    ///   - decode: decodes the payloads of batches that questions need.
    package init(
        pool: ConnectionPool, questions: QuestionAccess? = nil, calendar: ZoneRules, scopeZones: Set<String>? = nil,
        decode: @escaping PayloadDecoder = StoreSession.decodeBatch, logger: Logger
    ) {
        self.pool = pool
        self.decode = decode
        zones = scopeZones
        questionAccess = questions
        self.calendar = calendar
        self.logger = logger
        partitions = PartitionCache()
    }

    /// Applies the migrations, installs the reader role where privileges allow (``checkReader()`` says whether they
    /// did), and claims or checks the reporting calendar. Safe when several instances do it at once.
    ///
    /// A database that has tables of sums is brought to where they can go first, which takes a while: see
    /// ``completeHistory(told:)``.
    ///
    /// - Parameter told: is told how far that has come.
    /// - Throws: ``StoreError`` with `.calendarDiffers` where the database keeps sums in another zone's days.
    @discardableResult
    package func prepare(told: HistoryProgress = { _ in }) async throws -> Migrator.Outcome {
        let migrations = try MigrationFiles.all()
        let roles = try MigrationFiles.roles()
        let earlier = try await leaveSums(migrations, told: told)
        let rest = try await pool.withConnection { try Migrator(migrations).run(on: $0) }
        let outcome = Migrator.Outcome(applied: earlier + rest.applied, version: rest.version)
        let hasReader = try await pool.withConnection {
            try ReaderRole.install(roles, version: outcome.version, on: $0)
        }
        if !hasReader {
            logger.warning("the role steelyard_reader can't be made by this login; see steelyard-aggregator reader-sql")
        }
        let zones = try scopeZones()
        try await session { session in
            try session.claimCalendar()
            try session.claimCubes(zones: zones)
        }
        return outcome
    }

    /// Brings a database from before schema version 19 to the last version with tables of sums, and to where they can
    /// go. - Returns: the steps that were applied.
    private func leaveSums(_ migrations: [Migration], told: HistoryProgress) async throws -> [Int] {
        let last = SegmentHistory.schemaVersion
        let version = try await pool.withConnection { try Migrator.version(on: $0) }
        guard (1...last).contains(version) else { return [] }
        let migrator = Migrator(Array(migrations.prefix(last)))
        let outcome: Migrator.Outcome
        do {
            outcome = try await pool.withConnection { try migrator.run(on: $0) }
        } catch let error as PostgresError where error.code == .migrationMismatch {
            // Another instance migrates at the same time and has come beyond that version; if not, the whole run tells.
            guard try await pool.withConnection({ try Migrator.version(on: $0) }) > last else { throw error }
            return []
        }
        // Days are written in the calendar that the database has.
        try await session { try $0.claimCalendar() }
        try await completeHistory(told: told)
        return outcome.applied
    }

    func scopeZones() throws -> Set<String> {
        try zones ?? Set(ScopeCatalogue.builtIn().scopes.map(\.zone))
    }

    /// Closes all connections.
    package func close() async {
        await pool.close()
        await questionAccess?.pool.close()
    }

    /// Checks that the schema is the one this program knows and the calendar the one it is set to, changing nothing.
    package func check() async throws {
        let expected = try MigrationFiles.all().count
        try await session { session in
            let version = try Migrator.version(on: session.connection)
            guard version == expected else { throw StoreError.schemaVersion(found: version, expected: expected) }
            try session.checkCalendar()
        }
    }

    /// Runs operations in one transaction.
    ///
    /// - Parameter retry: how often to try again: see ``ConnectionPool/withTransaction(_:retry:_:)``.
    package func transaction<Value: Sendable>(
        _ options: TransactionOptions = .readWrite, retry: RetryPolicy = .none,
        _ body: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> Value {
        try await pool.withTransaction(options, retry: retry) { try body(self.session(on: $0)) }
    }

    /// Runs operations that read in one snapshot of the database.
    package func snapshot<Value: Sendable>(
        _ body: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> Value {
        try await transaction(.snapshot, body)
    }

    /// Runs operations on one connection, each in a transaction of its own.
    package func session<Value: Sendable>(
        _ body: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> Value {
        try await pool.withConnection { try body(self.session(on: $0)) }
    }

    func session(on connection: Connection, rowBudget: (any RowBudget)? = nil) -> StoreSession {
        StoreSession(connection, calendar: calendar, rowBudget: rowBudget, decode: decode)
    }
}

/// Operations on a connection that the caller holds, mostly in a transaction.
package struct StoreSession {
    package let connection: Connection
    /// The reporting calendar.
    package let calendar: ZoneRules
    /// What rows that a question keeps are counted against; `nil` for work of the program's own.
    let rowBudget: (any RowBudget)?
    /// Decodes the payloads of batches.
    let decode: PayloadDecoder

    package init(
        _ connection: Connection, calendar: ZoneRules, rowBudget: (any RowBudget)? = nil,
        decode: @escaping PayloadDecoder = StoreSession.decodeBatch
    ) {
        self.connection = connection
        self.calendar = calendar
        self.rowBudget = rowBudget
        self.decode = decode
    }

    /// Decodes what collectors seal.
    package static let decodeBatch: PayloadDecoder = { payload in try BatchDecoder().decode(payload).rows }
}
