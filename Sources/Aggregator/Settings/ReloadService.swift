internal import Logging
internal import ServiceLifecycle
internal import Telemetry
internal import UnixSignals

/// On SIGHUP, reads the certificates, keys, client authorities and revocations again, and the log level from the configuration.
/// Files that don't fit change nothing.
struct ReloadService: Service {
    let tls: [ReloadableTLS]
    let revocations: Revocations
    /// The log level as the configuration says now.
    let readLogLevel: @Sendable () throws -> String
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            for await _ in signals { reload() }
        }
    }

    func reload() {
        do {
            for listener in tls { try listener.reload() }
            try revocations.reload()
            let level = try readLogLevel()
            LogOutput.setLevel(Logger.Level(rawValue: level) ?? .info)
            logger.info("certificates and log level read again", [.state: "\(level)"])
        } catch {
            logger.error(
                "the configuration can't be read again; what was read before stays in use",
                [.error: "\(error)", .remedy: "put valid files in place and send SIGHUP again"])
        }
    }
}
