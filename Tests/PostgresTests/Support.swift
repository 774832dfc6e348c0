import Logging
import Postgres
import TestSupport

/// A pool on a database of the test's own.
func withPool<Value: Sendable>(
    maxConnections: Int = 4, waitTimeout: Duration = .seconds(30), maxWaiters: Int = 100,
    _ body: (ConnectionPool) async throws -> Value
) async throws -> Value {
    try await TestDatabase.withDatabase { database in
        let pool = ConnectionPool(
            ConnectionOptions(connectionString: database.connectionString, applicationName: "postgres-tests"),
            pool: PoolOptions(maxConnections: maxConnections, waitTimeout: waitTimeout, maxWaiters: maxWaiters),
            logger: Logger(label: "tests"))
        do {
            let value = try await body(pool)
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error
        }
    }
}
