internal import ArgumentParser
internal import Collector
internal import Foundation
internal import Logging
internal import Settings
internal import Telemetry

/// `steelyard-collector`: counts usage where it happens and ships sealed batches.
@main
struct SteelyardCollector: AsyncParsableCommand {
    /// The version that batches, requests and `status` carry.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "steelyard-collector", abstract: "Counts LLM usage where it happens, and ships it exactly once.",
        version: version, subcommands: [Run.self, CheckConfig.self, Status.self])
}

/// Flags that say what the configuration is.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "The YAML configuration file. STEELYARD_COLLECTOR_CONFIG says it as well.")
    var config: String?

    @Option(help: "Overrides one setting: --set seal.age=5s. Stronger than environment and file.")
    var set: [String] = []

    func load() throws(SettingsError) -> CollectorSettings {
        let environment = ProcessInfo.processInfo.environment
        return try CollectorSettings.load(
            file: config ?? environment["STEELYARD_COLLECTOR_CONFIG"], overrides: set, environment: environment)
    }

    /// Loads, or prints every problem and exits with 78 (`EX_CONFIG`).
    func loadOrExit() throws -> CollectorSettings {
        do throws(SettingsError) {
            return try load()
        } catch {
            FileHandle.standardError.write(Data((error.description + "\n").utf8))
            throw ExitCode(78)
        }
    }
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the collector until SIGTERM or SIGINT; SIGHUP reloads what can be reloaded.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.loadOrExit()
        LogOutput.bootstrap(level: Logger.Level(rawValue: settings.logLevel) ?? .info)
        let logger = Logger(label: "collector")
        let options = options
        let process = CollectorProcess(
            settings: settings, version: SteelyardCollector.version, logger: logger,
            readAgain: { try options.load() })
        do {
            try await process.run()
        } catch {
            logger.error("the collector stopped", [.error: "\(error)"])
            throw ExitCode.failure
        }
    }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks the configuration; names file, line, key and remedy of everything that is wrong.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.loadOrExit()
        let sources = settings.sources.map(\.name).joined(separator: ", ")
        print(
            "The configuration is fine: provider \(settings.provider), collector \(settings.collector), ",
            terminator: "")
        print(sources.isEmpty ? "no sources besides POST /v1/events." : "sources \(sources).")
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks the running collector how it does. Exits 0 when it is ready, 1 when it is not or doesn't run.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print the answer as JSON instead of a table.")
    var json = false

    func run() async throws {
        let settings = try options.loadOrExit()
        let readiness: Readiness
        do {
            readiness = try await CollectorStatus.fetch(directory: settings.storage.directory)
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            throw ExitCode.failure
        }
        print(json ? try CollectorStatus.json(readiness) : CollectorStatus.table(readiness))
        if !readiness.ready { throw ExitCode.failure }
    }
}
