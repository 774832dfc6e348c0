package import Logging
package import Postgres
package import UsageModel

/// Everything that Steelyard keeps, in PostgreSQL: the batch ledger, the sums, the registry, tokens.
///
/// All SQL of the program is in this module. Each operation exists twice: as an `async` method that takes a connection
/// from the pool, and as a synchronous function on `StoreSession` for code that holds a connection already.
package final class Store: Sendable {
    package let pool: ConnectionPool
    /// The zone that days and months are reckoned in, and effective dates of the registry.
    package let calendar: ZoneRules
    let logger: Logger
    let partitions: PartitionCache

    /// - Parameter calendar: the reporting calendar; ``prepare()`` refuses a database that keeps another.
    package init(pool: ConnectionPool, calendar: ZoneRules, logger: Logger) {
        self.pool = pool
        self.calendar = calendar
        self.logger = logger
        partitions = PartitionCache()
    }

    /// Applies the migrations, installs the reader role where privileges allow, and claims or checks the reporting
    /// calendar. Safe when several instances do it at once.
    ///
    /// - Throws: ``StoreError`` with `.calendarDiffers` where the database keeps sums in another zone's days.
    @discardableResult
    package func prepare() async throws -> Migrator.Outcome {
        let migrator = try Migrator(MigrationFiles.all())
        let roles = try MigrationFiles.roles()
        let outcome = try await pool.withConnection { try migrator.run(on: $0) }
        let hasReader = try await pool.withConnection { try ReaderRole.install(roles, on: $0) }
        if !hasReader {
            logger.warning("the role steelyard_reader can't be used: queries are restricted by the application alone")
        }
        let zone = calendar.identifier
        try await pool.withConnection { try StoreSession($0).claimCalendar(zone) }
        return outcome
    }

    /// Checks that the schema is the one this program knows and the calendar the one it is set to, changing nothing.
    package func check() async throws {
        let expected = try MigrationFiles.all().count
        let zone = calendar.identifier
        try await pool.withConnection { connection in
            let version = try Migrator.version(on: connection)
            guard version == expected else { throw StoreError.schemaVersion(found: version, expected: expected) }
            try StoreSession(connection).checkCalendar(zone)
        }
    }

    /// Runs synchronous store operations on one connection, each in its own transaction unless `body` makes one.
    package func session<Value: Sendable>(
        _ body: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> Value {
        try await pool.withConnection { try body(StoreSession($0)) }
    }
}

/// Store operations on a connection that the caller holds.
package struct StoreSession {
    package let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }
}
