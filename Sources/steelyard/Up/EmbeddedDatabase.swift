internal import EmbeddedPostgres
internal import Logging

/// The private PostgreSQL of one `up`.
struct EmbeddedDatabase: Sendable {
    /// libpq connection string of Steelyard's database.
    let url: String
    /// The same for the login that questions run as, which the aggregator makes.
    let readerURL: String

    static let databaseName = "steelyard"
    static let readerRole = "steelyard_reader"

    /// Runs `body` while PostgreSQL is kept running, and stops it afterwards, however `body` ends.
    static func with(
        _ directory: DataDirectory, stop: StopSignal, say: @escaping @Sendable (String) -> Void,
        _ body: (EmbeddedDatabase) async throws -> Void
    ) async throws {
        let cluster = EmbeddedCluster(EmbeddedOptions(dataDirectory: directory.postgres), logger: quietLogger())
        let keeper = DatabaseSupervisor(cluster: cluster, log: directory.postgresLog, say: say)
        let result: Result<Void, any Error>
        do {
            try await cluster.start()
            let url = try await cluster.database(named: databaseName)
            let readerURL = try await cluster.connectionString(database: databaseName, role: readerRole)
            if !stop.isStopping {
                try await keeper.during { try await body(EmbeddedDatabase(url: url, readerURL: readerURL)) }
            }
            result = .success(())
        } catch let error as EmbeddedError {
            result = .failure(CommandError(.failure, "PostgreSQL: \(error)"))
        } catch {
            result = .failure(error)
        }
        do {
            try await cluster.stop()
        } catch {
            Terminal.note("PostgreSQL didn't stop: \(error)")
        }
        try result.get()
    }

    /// What goes well is said by `up` itself.
    private static func quietLogger() -> Logger {
        var logger = Logger(label: "steelyard.up") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }
}
