package import EmbeddedPostgres
internal import Foundation
internal import Logging
internal import Postgres
internal import Synchronization

/// A real PostgreSQL for the tests of one process: started when first asked for, ended when the process ends.
///
/// Each process has a cluster of its own in a directory that it holds a lock on. What a killed process left behind is
/// known by its free lock, and is stopped and removed by the next one.
package final class PostgresServer: Sendable {
    package let cluster: EmbeddedCluster
    /// To the database `postgres`, for making and dropping the tests' own.
    private let pool: ConnectionPool
    /// The templates of this process by name, each prepared once.
    private let templates = Mutex<[String: Task<Void, any Error>]>([:])

    /// The server of this process.
    package static var shared: PostgresServer {
        get async throws { try await starting.value }
    }

    private static let starting = Task { try await start() }

    private init(cluster: EmbeddedCluster, pool: ConnectionPool) {
        self.cluster = cluster
        self.pool = pool
    }

    /// Faster than durable: what these tests show doesn't depend on the machine's power supply.
    package static let fastSettings = [
        "fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "'64MB'",
    ]

    private static func start() async throws -> PostgresServer {
        let directory = try TestServerDirectory.claim()
        let cluster = EmbeddedCluster(
            EmbeddedOptions(dataDirectory: "\(directory)/pg", settings: fastSettings), logger: quiet)
        try await cluster.start()
        TestServerDirectory.removeAtExit(directory)
        let address = try await cluster.connectionString(database: "postgres")
        let pool = ConnectionPool(
            ConnectionOptions(connectionString: address), pool: PoolOptions(maxConnections: 2), logger: quiet)
        return PostgresServer(cluster: cluster, pool: pool)
    }

    private static let quiet: Logger = {
        var logger = Logger(label: "test-postgres")
        logger.logLevel = .warning
        return logger
    }()

    /// Runs `body` with a server of its own, which it may crash and start again, and stops it.
    package static func withOwnCluster(
        _ name: String, _ body: (EmbeddedCluster) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with(name) { directory in
            let cluster = EmbeddedCluster(
                EmbeddedOptions(dataDirectory: "\(directory)/pg", settings: fastSettings), logger: quiet)
            try await cluster.start()
            do {
                try await body(cluster)
            } catch {
                try? await cluster.stop()
                throw error
            }
            try await cluster.stop()
        }
    }

    /// Runs `body` with the connection string of a new database, and drops the database.
    ///
    /// - Parameter template: what the database is a copy of; `nil` for an empty one.
    package func withDatabase<Value>(
        like template: DatabaseTemplate? = nil, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let name = "t\(UInt64.random(in: 0...UInt64.max).hexadecimal)"
        if let template { try await prepared(template) }
        try await run("CREATE DATABASE \(name) TEMPLATE \(template?.name ?? "template1")")
        do {
            let value = try await body(try await cluster.connectionString(database: name))
            try await run("DROP DATABASE \(name) WITH (FORCE)")
            return value
        } catch {
            try? await run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
            throw error
        }
    }

    private func run(_ command: String) async throws {
        try await pool.withConnection { _ = try $0.query(command) }
    }

    private func prepared(_ template: DatabaseTemplate) async throws {
        let preparing = templates.withLock { templates in
            let task = templates[template.name] ?? Task { try await self.make(template) }
            templates[template.name] = task
            return task
        }
        try await preparing.value
    }

    private func make(_ template: DatabaseTemplate) async throws {
        try await run("CREATE DATABASE \(template.name)")
        try await template.prepare(try await cluster.connectionString(database: template.name))
        // Nobody may be connected to what is copied, autovacuum neither.
        try await run("ALTER DATABASE \(template.name) ALLOW_CONNECTIONS false")
    }
}

/// A database of a test's own on the server of this process.
package struct TestDatabase: Sendable {
    /// A libpq connection string.
    package let connectionString: String
    /// The same for the login that questions run as, once the database is prepared.
    package var readerConnectionString: String { Self.reader(connectionString) }

    /// Of the keywords of a connection string the last counts.
    package static func reader(_ connectionString: String) -> String { "\(connectionString) user=steelyard_reader" }

    /// Runs `body` with a new database, and drops it whatever happens.
    ///
    /// - Parameter template: what it is a copy of; `nil` for an empty one.
    package static func withDatabase<Value>(
        like template: DatabaseTemplate? = nil, _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        try await PostgresServer.shared.withDatabase(like: template) {
            try await body(TestDatabase(connectionString: $0))
        }
    }
}
