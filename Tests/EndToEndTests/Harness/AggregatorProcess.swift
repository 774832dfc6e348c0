internal import Foundation
internal import Synchronization

/// A `steelyard-aggregator` that keeps its addresses across restarts, as it would in production.
final class AggregatorProcess: Sendable {
    struct Addresses: Sendable {
        var ingest: String
        var query: String
    }

    let name: String
    /// More YAML at the top level of the configuration.
    private let extra: String
    private let installation: InstallationFiles
    private let certificate: (certificate: String, key: String)
    private let state = Mutex<(program: RunningProgram?, addresses: Addresses?)>((nil, nil))

    init(name: String, installation: InstallationFiles, authority: Authority, extra: String = "") throws {
        self.name = name
        self.extra = extra
        self.installation = installation
        certificate = try authority.server(name)
    }

    private var listeningFile: String { "\(installation.folder)/\(name).listening.json" }
    private var configurationFile: String { "\(installation.folder)/\(name).yaml" }
    private var logFile: String { "\(installation.folder)/\(name).log" }

    /// Where it listens, once it has been started.
    var addresses: Addresses {
        state.withLock { $0.addresses } ?? Addresses(ingest: "127.0.0.1:0", query: "127.0.0.1:0")
    }

    var ingestURL: String { "https://\(addresses.ingest)" }
    var queryURL: String { "http://\(addresses.query)" }
    var program: RunningProgram? { state.withLock { $0.program } }
    var isRunning: Bool { program?.isRunning ?? false }

    /// Starts it and waits until it listens. The ports are any free ones the first time and the same ones afterwards.
    func start() async throws {
        try configuration.write(toFile: configurationFile, atomically: true, encoding: .utf8)
        try? FileManager.default.removeItem(atPath: listeningFile)
        let program = try RunningProgram(
            name: name, executable: try Programs.path(Programs.aggregator),
            arguments: ["run", "--config", configurationFile], logPath: logFile)
        state.withLock { $0.program = program }
        let bound = try await program.waitForListeningFile(listeningFile)
        guard let ingest = bound["ingest"], let query = bound["query"] else {
            throw program.ended("wrote a listening file without ingest and query")
        }
        state.withLock { $0.addresses = Addresses(ingest: ingest, query: query) }
    }

    func killHard() async throws {
        try await program?.killHard()
    }

    /// Asks it to stop and checks that it did so cleanly.
    func stop() async throws {
        try await program?.stop()
    }

    /// Ends it whatever its state.
    func end() async {
        guard let program, program.isRunning else { return }
        try? await program.killHard()
    }

    private var configuration: String {
        let addresses = self.addresses
        return """
            database:
              url: "\(installation.databaseURL)"
              migrate: true
            ingest:
              listen: "\(addresses.ingest)"
              certificate-file: "\(certificate.certificate)"
              key-file: "\(certificate.key)"
              client-ca-file: "\(installation.authorityFile)"
              trust-domain: \(Authority.trustDomain)
            query:
              listen: "\(addresses.query)"
            listening-file: "\(listeningFile)"
            log:
              level: info
            \(extra)
            """
    }
}

/// What the processes of one installation share.
struct InstallationFiles: Sendable {
    /// The scratch folder with configurations, logs and data.
    var folder: String
    /// The connection string that the aggregators get.
    var databaseURL: String
    /// The authority's certificate.
    var authorityFile: String
}
