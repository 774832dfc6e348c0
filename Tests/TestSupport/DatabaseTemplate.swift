internal import Logging
internal import Postgres
internal import Store
package import UsageModel

/// What tests' databases start as: prepared once in each process and copied, which takes a fraction of preparing.
package struct DatabaseTemplate: Sendable {
    /// The database's name: letters, digits and underscores.
    let name: String
    /// Fills an empty database of this connection string, and leaves no connection to it.
    let prepare: @Sendable (String) async throws -> Void

    /// The newest schema, without any usage.
    package static func prepared(calendar: ZoneRules) -> DatabaseTemplate {
        let name = calendar.identifier.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
        return DatabaseTemplate(name: "template_\(String(name))") { address in
            let logger = Logger(label: "template")
            let pool = ConnectionPool(
                ConnectionOptions(connectionString: address), pool: PoolOptions(maxConnections: 1), logger: logger)
            do {
                _ = try await Store(pool: pool, calendar: calendar, logger: logger).prepare()
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }
}
