internal import Foundation
internal import Synchronization

/// A `steelyard-aggregator` that keeps its addresses across restarts, as it would in production.
package final class AggregatorProcess: Sendable {
    package struct Addresses: Sendable {
        package var ingest: String
        package var query: String
    }

    package let name: String
    private let installation: InstallationFiles
    private let certificate: (certificate: String, key: String)
    /// More YAML at the top level of the configuration.
    private let extra: String
    private let connections: Int?
    private let state = Mutex<(program: RunningProgram?, addresses: Addresses?)>((nil, nil))

    /// - Parameters:
    ///   - connections: how many to the database; the aggregator's default, if nil.
    ///   - extra: more YAML at the top level of the configuration.
    package init(
        name: String, installation: InstallationFiles, authority: Authority, connections: Int? = nil, extra: String = ""
    ) throws {
        self.name = name
        self.extra = extra
        self.connections = connections
        self.installation = installation
        certificate = try authority.server(name)
    }

    /// Where it writes its addresses once every listener is bound.
    package var listeningFile: String { "\(installation.directory)/\(name).listening.json" }
    /// What it is started with; its other commands take the same.
    package var configurationFile: String { "\(installation.directory)/\(name).yaml" }
    private var logFile: String { "\(installation.directory)/\(name).log" }

    /// Where it listens, once it has been started.
    package var addresses: Addresses {
        state.withLock { $0.addresses } ?? Addresses(ingest: "127.0.0.1:0", query: "127.0.0.1:0")
    }

    package var ingestURL: String { "https://\(addresses.ingest)" }
    package var queryURL: String { "http://\(addresses.query)" }
    package var program: RunningProgram? { state.withLock { $0.program } }
    package var isRunning: Bool { program?.isRunning ?? false }

    /// Starts it and waits until it listens. The ports are any free ones the first time and the same ones afterwards.
    package func start() async throws {
        let program = try launch()
        let bound = try await program.waitForListeningFile(listeningFile)
        guard let ingest = bound["ingest"], let query = bound["query"] else {
            throw program.ended("wrote a listening file without ingest and query")
        }
        state.withLock { $0.addresses = Addresses(ingest: ingest, query: query) }
    }

    /// Starts it without waiting for anything.
    @discardableResult
    package func launch() throws -> RunningProgram {
        try configuration.write(toFile: configurationFile, atomically: true, encoding: .utf8)
        try? FileManager.default.removeItem(atPath: listeningFile)
        let program = try RunningProgram(
            name: name, executable: try Executables.path(Executables.aggregator),
            arguments: ["run", "--config", configurationFile], logPath: logFile)
        state.withLock { $0.program = program }
        return program
    }

    package func killHard() async throws {
        try await program?.killHard()
    }

    /// Asks it to stop and checks that it did so cleanly.
    package func stop() async throws {
        try await program?.stop()
    }

    /// Ends it whatever its state.
    package func end() async {
        guard let program, program.isRunning else { return }
        try? await program.killHard()
    }

    private var configuration: String {
        let addresses = self.addresses
        return """
            database:
              url: "\(installation.databaseURL)"
              reader-url: "\(installation.databaseURL) user=steelyard_reader"
              migrate: true
            \(connections.map { "  connections: \($0)" } ?? "")
            ingest:
              listen: "\(addresses.ingest)"
              certificate-file: "\(certificate.certificate)"
              key-file: "\(certificate.key)"
              client-ca-file: "\(installation.authorityFile)"
              trust-domain: \(Authority.trustDomain)
              max-age: 3001d
            query:
              listen: "\(addresses.query)"
            listening-file: "\(listeningFile)"
            log:
              level: info
            rollup:
              interval: 20ms
            \(extra)
            """
    }
}

/// What the processes of one installation share.
package struct InstallationFiles: Sendable {
    /// The scratch directory with configurations, logs and data.
    package var directory: String
    /// The connection string that the aggregators get.
    package var databaseURL: String
    /// The authority's certificate.
    package var authorityFile: String

    package init(directory: String, databaseURL: String, authorityFile: String) {
        self.directory = directory
        self.databaseURL = databaseURL
        self.authorityFile = authorityFile
    }
}
