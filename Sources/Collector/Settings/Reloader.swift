internal import CollectorCore
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Settings
internal import SourceFormats
internal import Telemetry
internal import UnixSignals
internal import UsageModel

/// Takes SIGHUP: reads the configuration again and applies what can be changed while running.
struct Reloader: Service {
    let settings: CollectorSettings
    let readAgain: @Sendable () throws -> CollectorSettings
    let reader: FileReader
    let client: AggregatorClient?
    let window: Reloadable<CollectorSettings.Window>
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
        }
    }

    private func reload() async {
        let new: CollectorSettings
        do {
            new = try readAgain()
        } catch {
            logger.error(
                "the configuration was not reloaded; the old one stays in force",
                [.error: "\(error)", .remedy: "correct it, then send SIGHUP again"])
            return
        }
        LogOutput.setLevel(Logger.Level(rawValue: new.logLevel) ?? .info)
        window.set(new.window)
        await reader.reload(sources: new.fileSources, window: new.window)
        await client?.reload()
        let needed = settings.changesThatNeedRestart(new)
        if needed.isEmpty {
            logger.info("reloaded the configuration")
        } else {
            logger.warning(
                "reloaded the configuration; some changes only hold after a restart",
                [.key: "\(needed.joined(separator: ", "))"])
        }
    }
}
