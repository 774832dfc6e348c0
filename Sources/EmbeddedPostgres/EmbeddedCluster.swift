package import Logging

/// A private PostgreSQL cluster in a directory, reachable over a Unix socket only: the default of `steelyard up`, and
/// what tests run against.
///
/// ```swift
/// let cluster = EmbeddedCluster(EmbeddedOptions(dataDirectory: "/var/lib/steelyard/postgres"), logger: logger)
/// try await cluster.start()
/// let address = try await cluster.database(named: "steelyard")   // a libpq connection string
/// …
/// try await cluster.stop()
/// ```
///
/// The server listens on no network address. Its socket lies in a directory of mode 0700 that belongs to the server's
/// user; whoever can reach the socket is trusted, which is that user and root.
package actor EmbeddedCluster {
    package nonisolated let options: EmbeddedOptions
    let logger: Logger
    var layout: ClusterLayout?

    package init(_ options: EmbeddedOptions, logger: Logger) {
        self.options = options
        self.logger = logger
    }

    /// Makes the cluster if the directory is empty, starts the server, and waits until it takes connections. A server
    /// that runs already in this directory is taken over as it is.
    ///
    /// - Throws: ``EmbeddedError`` that says what is missing (PostgreSQL's programs, an unprivileged user, room for
    ///   the socket's path) or what the server's log says.
    package func start() async throws {
        let layout = try ClusterLayout.resolve(options)
        self.layout = layout
        try layout.makeDirectories()
        if !layout.isInitialised { try await initialise(layout) }
        try layout.writeConfiguration()
        if try await isRunning(layout) {
            logger.info("private PostgreSQL runs already", metadata: ["directory": "\(options.dataDirectory)"])
            return
        }
        try await launch(layout)
        logger.info("private PostgreSQL started", metadata: ["directory": "\(options.dataDirectory)"])
    }

    /// Stops the server: running transactions are rolled back, everything committed is on disk. Harmless when it
    /// doesn't run.
    package func stop() async throws {
        guard let layout, try await isRunning(layout) else { return }
        let result = try await layout.run(
            "pg_ctl",
            ["stop", "-D", layout.clusterDirectory, "-m", "fast", "-w", "-t", String(options.stopTimeoutSeconds)])
        guard result.isSuccess else {
            throw EmbeddedError(.cannotStop, "PostgreSQL in \(options.dataDirectory) did not stop: \(result.output)")
        }
        logger.info("private PostgreSQL stopped", metadata: ["directory": "\(options.dataDirectory)"])
    }

    /// Ends the server at once, as a crash would: for tests of recovery.
    package func crash() async throws {
        guard let layout else { return }
        _ = try await layout.run("pg_ctl", ["stop", "-D", layout.clusterDirectory, "-m", "immediate", "-w"])
    }

    /// Makes a database of this name if there is none, and returns its libpq connection string.
    package func database(named name: String) async throws -> String {
        guard let layout else { throw EmbeddedError(.notRunning, "The private PostgreSQL was not started.") }
        guard name.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F }) else {
            throw EmbeddedError(.badName, "The database name \(name) may hold a-z, 0-9 and _ only.")
        }
        let found = try await layout.run(
            "psql",
            layout.psqlArguments + ["-d", "postgres", "-Atc", "SELECT 1 FROM pg_database WHERE datname = '\(name)'"])
        guard found.isSuccess else { throw EmbeddedError(.notRunning, "PostgreSQL does not answer: \(found.output)") }
        if found.output.isEmpty {
            let made = try await layout.run("createdb", layout.clientArguments + [name])
            guard made.isSuccess || made.output.contains("already exists") else {
                throw EmbeddedError(.cannotStart, "The database \(name) could not be made: \(made.output)")
            }
        }
        return connectionString(database: name, role: ClusterLayout.role, layout)
    }

    /// The libpq connection string of a database, whether it exists or not.
    ///
    /// - Parameter role: the login; `nil` for the one that owns everything.
    package func connectionString(database: String, role: String? = nil) throws -> String {
        guard let layout else { throw EmbeddedError(.notRunning, "The private PostgreSQL was not started.") }
        return connectionString(database: database, role: role ?? ClusterLayout.role, layout)
    }

    private func connectionString(database: String, role: String, _ layout: ClusterLayout) -> String {
        let host = layout.socketDirectory.replacing("'", with: "\\'")
        return "host='\(host)' port=\(ClusterLayout.port) user=\(role) dbname=\(database)"
    }
}

/// Where and how a private cluster runs.
package struct EmbeddedOptions: Sendable {
    /// Holds the cluster (`cluster/`), its log (`postgres.log`), and its socket where the path is short enough.
    package var dataDirectory: String
    /// Further `name = value` settings of `postgresql.conf`. Tests switch `fsync` off here; nobody else should.
    package var settings: [String: String]
    package var startTimeoutSeconds: Int
    package var stopTimeoutSeconds: Int
    /// Where to look for PostgreSQL's programs before anywhere else.
    package var binaryDirectory: String?

    package init(
        dataDirectory: String, settings: [String: String] = [:], startTimeoutSeconds: Int = 60,
        stopTimeoutSeconds: Int = 60, binaryDirectory: String? = nil
    ) {
        self.dataDirectory = dataDirectory
        self.settings = settings
        self.startTimeoutSeconds = startTimeoutSeconds
        self.stopTimeoutSeconds = stopTimeoutSeconds
        self.binaryDirectory = binaryDirectory
    }
}

/// What kept a private cluster from running, with what to do about it.
package struct EmbeddedError: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        package let rawValue: String

        package init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        package static let programsMissing = Code("programs-missing")
        package static let versionTooOld = Code("version-too-old")
        package static let noUnprivilegedUser = Code("no-unprivileged-user")
        package static let directoryUnusable = Code("directory-unusable")
        package static let cannotInitialise = Code("cannot-initialise")
        package static let cannotStart = Code("cannot-start")
        package static let cannotStop = Code("cannot-stop")
        package static let notRunning = Code("not-running")
        package static let badName = Code("bad-name")
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) [\(code.rawValue)]" }
}
