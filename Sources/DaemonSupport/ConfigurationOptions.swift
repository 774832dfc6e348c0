package import ArgumentParser
internal import Foundation
package import Logging
package import Settings
internal import Telemetry

/// The settings of a daemon, as its commands load them.
package protocol DaemonSettings: Sendable {
    /// The variable that names the configuration file: `STEELYARD_COLLECTOR_CONFIG`.
    static var configurationVariable: String { get }
    var logLevel: String { get }
    /// Variables with the daemon's prefix that say nothing to it, since Kubernetes made them for a Service; by name.
    var passedOverVariables: [String] { get }

    /// Loads and checks everything, cross-checks included.
    static func load(
        file: String?, overrides: [String], environment: [String: String]
    ) throws(SettingsError) -> Self

    /// The settings that differ in `new` and aren't applied while running, by their keys.
    func changesThatNeedRestart(_ new: Self) -> [String]
}

/// Where a daemon's configuration is, and what overrides it: the options that all of its commands have.
package struct ConfigurationOptions<Values: DaemonSettings>: ParsableArguments, Sendable {
    @Option(help: "The YAML configuration file. \(Values.configurationVariable) names it as well.")
    package var config: String?

    @Option(
        name: .customLong("set"),
        help: "Overrides a setting, stronger than environment and file: --set key=value. May be given several times.")
    package var overrides: [String] = []

    package init() {}

    package func load() throws(SettingsError) -> Values {
        let environment = ProcessInfo.processInfo.environment
        return try Values.load(
            file: config ?? environment[Values.configurationVariable], overrides: overrides, environment: environment)
    }

    /// Loads, or prints every problem and ends with ``ExitCode/configuration``.
    package func loadOrExit() throws -> Values {
        do throws(SettingsError) {
            return try load()
        } catch {
            writeError(error.description)
            throw ExitCode.configuration
        }
    }

    /// Prints every problem and ends with ``ExitCode/configuration``, where there is one.
    package func refuse(_ problems: [SettingsProblem]) throws {
        guard !problems.isEmpty else { return }
        writeError(SettingsError(problems).description)
        throw ExitCode.configuration
    }

    /// As ``loadOrExit()``, with logging started.
    package func start(label: String) throws -> (settings: Values, logger: Logger) {
        let settings = try loadOrExit()
        LogOutput.bootstrap(level: Logger.Level(rawValue: settings.logLevel) ?? .info)
        let logger = Logger(label: label)
        for name in settings.passedOverVariables {
            logger.warning(
                "a variable that Kubernetes makes for a Service is passed over",
                [.key: "\(name)", .remedy: "set enableServiceLinks: false for the pod, or name the Service otherwise"])
        }
        return (settings, logger)
    }
}
