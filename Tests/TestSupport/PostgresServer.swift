package import Embedded
internal import Foundation
internal import Logging
internal import Synchronization

/// A real PostgreSQL for the tests of one process: started when first asked for, ended when the process ends.
///
/// Each process has a cluster of its own in a folder that it holds a lock on. What a killed process left behind is
/// known by its free lock, and is stopped and removed by the next one.
package final class PostgresServer: Sendable {
    package let cluster: EmbeddedCluster

    /// The server of this process.
    package static var shared: PostgresServer {
        get async throws { try await starting.value }
    }

    private static let starting = Task { try await start() }

    private init(cluster: EmbeddedCluster) {
        self.cluster = cluster
    }

    /// Faster than durable: what these tests show doesn't depend on the machine's power supply.
    package static let fastSettings = [
        "fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "'64MB'",
    ]

    private static func start() async throws -> PostgresServer {
        let folder = try TestServerFolder.claim()
        let cluster = EmbeddedCluster(
            EmbeddedOptions(dataFolder: "\(folder)/pg", settings: fastSettings), logger: quiet)
        try await cluster.start()
        TestServerFolder.removeAtExit(folder)
        return PostgresServer(cluster: cluster)
    }

    private static let quiet: Logger = {
        var logger = Logger(label: "test-postgres")
        logger.logLevel = .warning
        return logger
    }()

    /// Runs `body` with the connection string of a new database, and drops the database.
    package func withDatabase<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let name = "t\(UInt64.random(in: 0...UInt64.max).hexadecimal)"
        let url = try await cluster.database(named: name)
        do {
            let value = try await body(url)
            try await cluster.dropDatabase(named: name)
            return value
        } catch {
            try? await cluster.dropDatabase(named: name)
            throw error
        }
    }
}

/// A database of a test's own on the server of this process.
package struct TestDatabase: Sendable {
    /// A libpq connection string.
    package let connectionString: String

    /// Runs `body` with a new database, and drops it whatever happens.
    package static func withDatabase<Value>(_ body: (TestDatabase) async throws -> Value) async throws -> Value {
        try await PostgresServer.shared.withDatabase { try await body(TestDatabase(connectionString: $0)) }
    }
}
