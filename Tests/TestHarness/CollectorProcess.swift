internal import Foundation
internal import Synchronization

/// What one collector of a test is configured with.
package struct CollectorSetup: Sendable {
    package var provider: String
    package var name = "edge-1"
    /// YAML below `sources:`, indented by two spaces; empty for HTTP only.
    package var sources = ""
    /// Short, so that a test doesn't wait and batches are many.
    package var sealAge = "200ms"
    package var sealRows = 100_000
    /// Wide enough for traces of 2023 and beyond.
    package var windowBack = "3000d"
    /// Where the directory is, when it isn't to be named after provider and name.
    package var dataDirectory: String?
    /// More YAML at the top level.
    package var extra = ""
    /// How long a stopping collector tries to ship what is sealed.
    package var drainTimeout = "60s"
    /// How long one request to the aggregator may take.
    package var timeout = "60s"

    package init(provider: String, name: String = "edge-1", sources: String = "") {
        self.provider = provider
        self.name = name
        self.sources = sources
    }
}

/// A `steelyard-collector` with its certificate and data directory, which outlive the process.
package final class CollectorProcess: Sendable {
    package let setup: CollectorSetup
    private let installation: InstallationFiles
    private let certificate: (certificate: String, key: String)
    private let label: String
    private let state = Mutex<(program: RunningProgram?, aggregatorURL: String, bound: [String: String])>(
        (nil, "", [:]))

    package init(_ setup: CollectorSetup, installation: InstallationFiles, authority: Authority, instance: String = "")
        throws
    {
        self.setup = setup
        self.installation = installation
        label = "\(setup.provider)-\(setup.name)\(instance)"
        certificate = try authority.collector(provider: setup.provider, name: setup.name)
    }

    package var dataDirectory: String { setup.dataDirectory ?? "\(installation.directory)/\(label).data" }
    package var quarantineDirectory: String { "\(dataDirectory)/quarantine" }
    package var logFile: String { "\(installation.directory)/\(label).log" }
    private var listeningFile: String { "\(dataDirectory)/listening.json" }
    package var configurationFile: String { "\(installation.directory)/\(label).yaml" }

    /// Base URL of the intake, metrics and health, once it has been started.
    package var url: String { "http://\(address(of: "http"))" }

    /// Where one of its listeners is, as HOST:PORT, once it has been started.
    package func address(of listener: String) -> String { state.withLock { $0.bound[listener] } ?? "127.0.0.1:0" }

    package var program: RunningProgram? { state.withLock { $0.program } }
    package var isRunning: Bool { program?.isRunning ?? false }

    /// Starts it against an aggregator and waits until it listens.
    package func start(aggregatorURL: String) async throws {
        state.withLock { $0.aggregatorURL = aggregatorURL }
        try await start()
    }

    /// Starts it again as it was started before, and waits until it listens.
    package func start() async throws {
        try await waitUntilListening(try launch())
    }

    /// Starts it without waiting for anything.
    ///
    /// - Parameter wrapper: a program, with its arguments, that runs the collector, such as strace.
    @discardableResult
    package func launch(under wrapper: [String] = []) throws -> RunningProgram {
        let aggregatorURL = state.withLock { $0.aggregatorURL }
        try configuration(aggregatorURL).write(toFile: configurationFile, atomically: true, encoding: .utf8)
        try? FileManager.default.removeItem(atPath: listeningFile)
        let command = wrapper + [try Executables.path(Executables.collector), "run", "--config", configurationFile]
        let program = try RunningProgram(
            name: label, executable: command[0], arguments: Array(command.dropFirst()), logPath: logFile)
        // Whoever wraps it means to end it.
        if !wrapper.isEmpty { program.expectEnd() }
        state.withLock { $0.program = program }
        return program
    }

    /// Waits until a launched collector listens; throws where it ends instead.
    package func waitUntilListening(_ program: RunningProgram) async throws {
        let bound = try await program.waitForListeningFile(listeningFile)
        guard bound["http"] != nil else { throw program.ended("wrote a listening file without http") }
        state.withLock { $0.bound = bound }
    }

    /// Where the next start finds its aggregator.
    package func setAggregatorURL(_ url: String) {
        state.withLock { $0.aggregatorURL = url }
    }

    package func killHard() async throws {
        try await program?.killHard()
    }

    package func stop() async throws {
        try await program?.stop(within: .seconds(120))
    }

    package func end() async {
        guard let program, program.isRunning else { return }
        try? await program.killHard()
    }

    private func configuration(_ aggregatorURL: String) -> String {
        let sources = setup.sources.isEmpty ? "" : "sources:\n\(setup.sources)"
        return """
            provider: \(setup.provider)
            collector: \(setup.name)
            data: "\(dataDirectory)"
            listen: "127.0.0.1:0"
            drain:
              timeout: \(setup.drainTimeout)
            aggregator:
              url: "\(aggregatorURL)"
              timeout: \(setup.timeout)
              ca-file: "\(installation.authorityFile)"
              certificate-file: "\(certificate.certificate)"
              key-file: "\(certificate.key)"
            seal:
              age: \(setup.sealAge)
              rows: \(setup.sealRows)
            window:
              back: \(setup.windowBack)
            \(setup.extra)
            \(sources)

            """
    }
}
