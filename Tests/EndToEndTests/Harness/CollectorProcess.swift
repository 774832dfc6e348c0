internal import Foundation
internal import Synchronization

/// What one collector of a test is configured with.
struct CollectorSetup: Sendable {
    var provider: String
    var name = "edge-1"
    /// YAML below `sources:`, indented by two spaces; empty for HTTP only.
    var sources = ""
    /// Short, so that a test doesn't wait and batches are many.
    var sealAge = "200ms"
    var sealRows = 100_000
    /// Wide enough for traces of 2023 and beyond.
    var windowBack = "3000d"
    /// Where the folder is, when it isn't to be named after provider and name.
    var dataFolder: String?
    /// More YAML at the top level.
    var extra = ""
}

/// A `steelyard-collector` with its certificate and data folder, which outlive the process.
final class CollectorProcess: Sendable {
    let setup: CollectorSetup
    private let installation: InstallationFiles
    private let certificate: (certificate: String, key: String)
    private let label: String
    private let state = Mutex<(program: RunningProgram?, aggregatorURL: String, address: String?)>((nil, "", nil))

    init(_ setup: CollectorSetup, installation: InstallationFiles, authority: Authority, instance: String = "") throws {
        self.setup = setup
        self.installation = installation
        label = "\(setup.provider)-\(setup.name)\(instance)"
        certificate = try authority.collector(provider: setup.provider, name: setup.name)
    }

    var dataFolder: String { setup.dataFolder ?? "\(installation.folder)/\(label).data" }
    var quarantineFolder: String { "\(dataFolder)/quarantine" }
    var logFile: String { "\(installation.folder)/\(label).log" }
    private var listeningFile: String { "\(dataFolder)/listening.json" }
    private var configurationFile: String { "\(installation.folder)/\(label).yaml" }

    /// Base URL of the intake, metrics and health, once it has been started.
    var url: String { "http://\(state.withLock { $0.address } ?? "127.0.0.1:0")" }
    var program: RunningProgram? { state.withLock { $0.program } }
    var isRunning: Bool { program?.isRunning ?? false }

    /// Starts it against an aggregator and waits until it listens.
    func start(aggregatorURL: String) async throws {
        state.withLock { $0.aggregatorURL = aggregatorURL }
        try await start()
    }

    /// Starts it again as it was started before.
    func start() async throws {
        let aggregatorURL = state.withLock { $0.aggregatorURL }
        try configuration(aggregatorURL).write(toFile: configurationFile, atomically: true, encoding: .utf8)
        try? FileManager.default.removeItem(atPath: listeningFile)
        let program = try RunningProgram(
            name: label, executable: try Programs.path(Programs.collector),
            arguments: ["run", "--config", configurationFile], logPath: logFile)
        state.withLock { $0.program = program }
        let bound = try await program.waitForListeningFile(listeningFile)
        guard let http = bound["http"] else { throw program.ended("wrote a listening file without http") }
        state.withLock { $0.address = http }
    }

    func killHard() async throws {
        try await program?.killHard()
    }

    func stop() async throws {
        try await program?.stop(within: .seconds(120))
    }

    func end() async {
        guard let program, program.isRunning else { return }
        try? await program.killHard()
    }

    private func configuration(_ aggregatorURL: String) -> String {
        let sources = setup.sources.isEmpty ? "" : "sources:\n\(setup.sources)"
        return """
            provider: \(setup.provider)
            collector: \(setup.name)
            data: "\(dataFolder)"
            listen: "127.0.0.1:0"
            drain:
              timeout: 60s
            aggregator:
              url: "\(aggregatorURL)"
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
