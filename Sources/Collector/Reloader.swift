internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Settings
internal import Telemetry
internal import UnixSignals

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

extension CollectorSettings {
    /// Settings that differ in `new` and aren't applied while running.
    func changesThatNeedRestart(_ new: CollectorSettings) -> [String] {
        var changed: [String] = []
        func compare<Value: Equatable>(_ name: String, _ value: (CollectorSettings) -> Value) {
            if value(self) != value(new) { changed.append(name) }
        }
        compare("provider", \.provider)
        compare("collector", \.collector)
        compare("region, layer, workload, modality", \.defaults)
        compare("drain.timeout", \.drainTimeout)
        compare("data", \.storage.folder)
        compare("spool.bytes", \.storage.spoolBytes)
        compare("spool.free-bytes", \.storage.spoolFreeBytes)
        compare("archive.age", \.storage.archiveAge)
        compare("archive.bytes", \.storage.archiveBytes)
        compare("quarantine.bytes", \.storage.quarantineBytes)
        compare("seal.age", \.seal.age)
        compare("seal.rows", \.seal.rows)
        compare("aggregator", \.aggregator)
        compare("listen", \.http.listen)
        compare("http.max-body", \.http.maxBodyBytes)
        compare("http.body-timeout", \.http.bodyTimeout)
        compare("http.max-connections", \.http.maxConnections)
        compare("http.max-concurrent-bytes", \.http.maxConcurrentBytes)
        compare("http.requests-per-second", \.http.requestsPerSecond)
        compare("sources of type http") { $0.pushSources.map(\.name) }
        return changed
    }
}
