internal import Foundation
internal import Logging
internal import Postgres
internal import TestSupport

/// A test's own database, and the questions that tests put to it past every program: what is in the tables.
package final class Database: Sendable {
    /// For the aggregators' configuration.
    package let connectionString: String
    private let pool: ConnectionPool

    /// A database that is there already; call ``close()`` when done with it.
    package init(connectionString: String) {
        self.connectionString = connectionString
        pool = ConnectionPool(
            ConnectionOptions(connectionString: connectionString, applicationName: "steelyard-tests"),
            pool: PoolOptions(maxConnections: 2), logger: Logger(label: "tests"))
    }

    /// Closes its own connections.
    package func close() async { await pool.close() }

    /// Runs `body` with a new database on a real server, and drops it.
    package static func with(_ body: (Database) async throws -> Void) async throws {
        try await TestDatabase.withDatabase { testDatabase in
            let database = Database(connectionString: testDatabase.connectionString)
            do {
                try await body(database)
            } catch {
                await database.pool.close()
                throw error
            }
            await database.pool.close()
        }
    }

    /// Makes another database on the same server; `name` is a plain identifier.
    package func createDatabase(_ name: String) async throws {
        try await pool.withConnection { try $0.execute("CREATE DATABASE \(name)") }
    }

    package func dropDatabase(_ name: String) async throws {
        try await pool.withConnection { try $0.execute("DROP DATABASE \(name) WITH (FORCE)") }
    }

    /// How far the installation has come.
    package struct Progress: Sendable {
        /// Events and batches that were committed.
        package var events: UInt64
        package var batches: UInt64
        /// Batches that wait to be rolled up.
        package var pending: UInt64
        /// Refused records that batches told of.
        package var rejections: UInt64
    }

    package func progress() async throws -> Progress {
        try await pool.withConnection { connection in
            guard try connection.query("SELECT to_regclass('rollup_queue') IS NOT NULL").one().decode(0, as: Bool.self)
            else { return Progress(events: 0, batches: 0, pending: 0, rejections: 0) }
            let row = try connection.query(
                """
                SELECT coalesce(sum(event_count), 0), count(*), (SELECT count(*) FROM rollup_queue),
                       coalesce(sum((SELECT sum(value::numeric) FROM jsonb_each_text(rejections))), 0)
                  FROM ledger
                """
            ).one()
            return Progress(
                events: try row.decode(0), batches: try row.decode(1), pending: try row.decode(2),
                rejections: try row.decode(3))
        }
    }

    /// Runs a query whose rows are a text key, requests, input and output tokens.
    package func counts(_ sql: String) async throws -> [String: Counts] {
        try await pool.withConnection { connection in
            var table: [String: Counts] = [:]
            for row in try connection.query(sql) {
                table[try row.decode(0, as: String.self)] = Counts(
                    try row.decode(1), try row.decode(2), try row.decode(3))
            }
            return table
        }
    }

    /// The single number of a query.
    package func number(_ sql: String) async throws -> UInt64 {
        try await pool.withConnection { try $0.query(sql).one().decode(0) }
    }

    /// Runs `body` on a connection of its own.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await pool.withConnection(body)
    }

    package func execute(_ sql: String) async throws {
        try await pool.withConnection { try $0.execute(sql) }
    }

    /// An admin's bearer token, made as the service makes them.
    package func makeAdminToken() async throws -> String {
        let id = "00112233aabbccdd"
        let secret = String(repeating: "5e", count: 32)
        try await execute(
            """
            INSERT INTO api_token (token_id, secret_hash, role, note, created_at, created_by)
            VALUES ('\(id)', sha256(convert_to('\(secret)', 'UTF8')), 'admin', 'end-to-end tests', now(), 'tests')
            """)
        return "sy_\(id)_\(secret)"
    }
}
