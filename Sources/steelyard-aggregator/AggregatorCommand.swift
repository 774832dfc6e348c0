internal import Aggregator
internal import ArgumentParser
internal import Logging
internal import Settings
internal import Telemetry

@main
struct AggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard-aggregator",
        abstract: "Takes batches from collectors, keeps them in PostgreSQL exactly once, and answers questions.",
        discussion: """
            Exit codes: 0 done; 1 failed; 2 the configuration is wrong; 3 a rebuild found differences; 64 bad usage.
            """,
        subcommands: [Run.self, Migrate.self, CheckConfig.self, Rebuild.self, TokenCommand.self])
}

/// Where the configuration is, and what overrides it.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .long, help: "The configuration file (YAML).")
    var config: String

    @Option(name: .customLong("set"), help: "Overrides a setting: --set key=value. May be given several times.")
    var overrides: [String] = []

    /// Reads and checks the configuration; problems go to standard error, one a line, and the exit code is 2.
    func load() throws -> AggregatorSettings {
        do {
            return try read()
        } catch {
            writeError("\(error)")
            throw ExitCode(2)
        }
    }

    func read() throws -> AggregatorSettings {
        try AggregatorSettings.load(file: config, overrides: overrides, environment: processEnvironment())
    }

    /// As ``load()``, with logging started.
    func start() throws -> (configuration: AggregatorSettings, logger: Logger) {
        let configuration = try load()
        LogOutput.bootstrap(level: Logger.Level(rawValue: configuration.logLevel) ?? .info)
        return (configuration, Logger(label: "aggregator"))
    }
}
