package import Logging
internal import ServiceLifecycle
internal import Telemetry
internal import UnixSignals

/// Takes SIGHUP: reads the configuration again and applies what can be changed while running.
package struct ReloadService<Values: DaemonSettings>: Service {
    private let settings: Values
    private let readAgain: @Sendable () throws -> Values
    private let apply: @Sendable (Values) async throws -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - settings: what the process started with.
    ///   - readAgain: loads the configuration as it is now.
    ///   - apply: puts in force what can be changed, besides the log level.
    package init(
        _ settings: Values, logger: Logger, readAgain: @escaping @Sendable () throws -> Values,
        apply: @escaping @Sendable (Values) async throws -> Void
    ) {
        self.settings = settings
        self.readAgain = readAgain
        self.apply = apply
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
        }
    }

    private func reload() async {
        let new: Values
        do {
            new = try readAgain()
            try await apply(new)
        } catch {
            logger.error(
                "the configuration can't be read again; what was read before stays in force",
                [.error: "\(error)", .remedy: "correct it, then send SIGHUP again"])
            return
        }
        LogOutput.setLevel(Logger.Level(rawValue: new.logLevel) ?? .info)
        let waiting = settings.changesThatNeedRestart(new)
        if waiting.isEmpty {
            logger.info("read the configuration again")
        } else {
            logger.warning(
                "read the configuration again; some changes only hold after a restart",
                [.key: "\(waiting.joined(separator: ", "))"])
        }
    }
}
