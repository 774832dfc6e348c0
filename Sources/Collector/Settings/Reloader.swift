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

extension CollectorSettings {
    /// Settings that differ in `new` and aren't applied while running.
    func changesThatNeedRestart(_ new: CollectorSettings) -> [String] {
        var changed: [String] = []
        func compare<Value: Equatable>(_ name: String, _ value: (CollectorSettings) -> Value) {
            if value(self) != value(new) { changed.append(name) }
        }
        compare("provider", \.provider)
        compare("collector", \.collector)
        compare("region", \.defaults.region)
        compare("layer", \.defaults.layer)
        compare("workload", \.defaults.workload)
        compare("modality", \.defaults.modality)
        compare("drain.timeout", \.drainTimeout)
        compare("data", \.storage.directory)
        compare("spool.bytes", \.storage.spoolBytes)
        compare("spool.free-bytes", \.storage.spoolFreeBytes)
        compare("archive.age", \.storage.archiveAge)
        compare("archive.bytes", \.storage.archiveBytes)
        compare("quarantine.bytes", \.storage.quarantineBytes)
        compare("deduplication.horizon", \.deduplication.horizonMilliseconds)
        compare("deduplication.max-ids", \.deduplication.maxIDs)
        compare("deduplication.bytes", \.storage.deduplicationBytes)
        compare("seal.age", \.seal.age)
        compare("seal.rows", \.seal.rows)
        compare("aggregator.url") { $0.aggregator?.url }
        compare("aggregator.ca-file") { $0.aggregator?.caFile }
        compare("aggregator.certificate-file") { $0.aggregator?.certificateFile }
        compare("aggregator.key-file") { $0.aggregator?.keyFile }
        // Where there was no aggregator, its timeout is news only with the URL.
        if aggregator != nil, new.aggregator != nil { compare("aggregator.timeout") { $0.aggregator?.timeout } }
        compare("listen", \.http.listen)
        compare("http.max-body", \.http.maxBodyBytes)
        compare("http.body-timeout", \.http.bodyTimeout)
        compare("http.max-connections", \.http.maxConnections)
        compare("http.max-concurrent-bytes", \.http.maxConcurrentBytes)
        compare("http.requests-per-second", \.http.requestsPerSecond)
        return changed + sourcesThatNeedRestart(new).map { "sources.\($0)" }
    }

    /// Sources that are pushed to and came, went or read their records in another way; and those with files where none
    /// were followed so far.
    private func sourcesThatNeedRestart(_ new: CollectorSettings) -> [String] {
        let (before, after) = (pushSourcesByName, new.pushSourcesByName)
        let pushed = Set(before.keys).union(after.keys).filter { name in
            guard let old = before[name], let new = after[name] else { return true }
            return old != new
        }
        let followed = fileSources.isEmpty ? new.fileSources.map(\.name) : []
        return pushed.union(followed).sorted()
    }

    /// How a source reads its records; of the collector's own defaults only where it differs from them.
    private struct Reading: Equatable {
        var format: AnyHashable
        var tenant: String?
        var model: String?
        var region: String?
        var layer: Layer?
        var workload: Workload?
        var modality: Modality?

        init(_ source: SourceSettings, besides common: EventDefaults) {
            let own = source.defaults
            format = AnyHashable(source.format)
            tenant = own.tenant
            model = own.model
            if own.region != common.region { region = own.region }
            if own.layer != common.layer { layer = own.layer }
            if own.workload != common.workload { workload = own.workload }
            if own.modality != common.modality { modality = own.modality }
        }
    }

    private var pushSourcesByName: [String: Reading] {
        Dictionary(uniqueKeysWithValues: pushSources.map { ($0.name, Reading($0, besides: defaults)) })
    }
}
