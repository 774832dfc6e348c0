package import CollectorCore
internal import DaemonSupport
package import HTTPSupport
package import Settings
package import SourceFormats
internal import UsageModel

/// The collector's configuration as typed values.
package struct CollectorSettings: DaemonSettings {
    package static var configurationVariable: String { CollectorKeys.schema.configurationVariable }

    package struct Seal: Sendable {
        package var age: Duration
        package var rows: Int
    }

    package struct Storage: Sendable {
        package var directory: String
        package var spoolBytes: Int
        package var spoolFreeBytes: Int
        package var archiveAge: Duration
        package var archiveBytes: Int
        package var quarantineBytes: Int
        /// How much of a record that is refused is kept.
        package var keeping: QuarantineRule
        /// The most bytes of write-ahead segments that are kept for the ids in them alone.
        package var deduplicationBytes: Int

        /// Where the running collector writes down what it listens on.
        package var listeningFile: String { "\(directory)/listening.json" }
        /// The token of commands to the running collector, new with each start.
        package var controlTokenFile: String { "\(directory)/control.token" }
    }

    /// Where and as whom to ship.
    package struct Aggregator: Sendable, Equatable {
        package var url: String
        package var caFile: String
        package var certificateFile: String
        package var keyFile: String
        /// The roots that sign the collector's own certificate, as far as `check-config` looks.
        package var clientCAFile: String
        package var timeout: Duration
    }

    package struct HTTP: Sendable {
        package var listen: ListenAddress
        /// Where metrics and health are served besides; `nil` for with pushed events.
        package var metricsListen: ListenAddress?
        /// `nil` for a listener without TLS.
        package var tls: TLSFiles?
        /// Who may push to `POST /v1/events`, and to sources that don't say it.
        package var access: PushAccess
        /// Whether `POST /v1/events` is served.
        package var servesUnnamedSource: Bool
        /// Whether others than this machine may reach it without TLS.
        package var acceptsPlainText: Bool
        /// Names by which senders call this listener.
        package var hosts: [String]
        package var maxBodyBytes: Int
        package var bodyTimeout: Duration
        package var maxConnections: Int
        package var maxConcurrentBytes: Int
        /// 0 for no limit.
        package var requestsPerSecond: Int
    }

    /// The listener of OTLP/gRPC. Its TLS, limits of bodies and requests, and who may push are those of ``HTTP``.
    package struct GRPC: Sendable {
        package var listen: ListenAddress
        package var maxConnections: Int
    }

    package var provider: String
    package var collector: String
    package var defaults: EventDefaults
    package var logLevel: String
    package var drainTimeout: Duration
    package var storage: Storage
    package var deduplication: RememberedEvents.Limits
    package var seal: Seal
    package var window: TimeWindow.Span
    /// `nil` where nothing is shipped: batches then pile up in the spool.
    package var aggregator: Aggregator?
    package var http: HTTP
    /// `nil` where nothing is taken over gRPC.
    package var grpc: GRPC?
    package var sources: [SourceSettings]

    /// As they were written, for the report of what a changed configuration needs.
    let resolved: ResolvedSettings<CollectorKeys>

    /// Loads and checks everything, cross-checks included.
    package static func load(
        file: String?, overrides: [String], environment: [String: String]
    ) throws(SettingsError) -> CollectorSettings {
        try CollectorSettings(
            CollectorKeys.schema.load(file: file, overrides: overrides, environment: environment))
    }

    /// - Throws: ``SettingsError`` with every contradiction, each with its place and remedy.
    init(_ settings: ResolvedSettings<CollectorKeys>) throws(SettingsError) {
        var problems: [SettingsProblem] = []
        resolved = settings
        provider = settings[\.identity.provider]
        collector = settings[\.identity.collector]
        let defaults = EventDefaults(
            provider: provider, region: settings[\.identity.region], layer: settings[\.identity.layer],
            workload: settings[\.identity.workload], modality: settings[\.identity.modality])
        self.defaults = defaults
        logLevel = settings[\.identity.logLevel]
        drainTimeout = settings[\.identity.drainTimeout]
        storage = Storage(
            directory: settings[\.disk.data], spoolBytes: settings[\.disk.spoolBytes],
            spoolFreeBytes: settings[\.disk.spoolFreeBytes], archiveAge: settings[\.disk.archiveAge],
            archiveBytes: settings[\.disk.archiveBytes], quarantineBytes: settings[\.disk.quarantineBytes],
            keeping: QuarantineRule(
                recordBytes: settings[\.disk.quarantineRecordBytes],
                keepsFieldsAlone: settings[\.disk.quarantineKeep] == .fields),
            deduplicationBytes: settings[\.deduplication.bytes])
        deduplication = RememberedEvents.Limits(
            horizonMilliseconds: settings[\.deduplication.horizon].wholeMilliseconds,
            maxIDs: settings[\.deduplication.maxIDs],
            windowMilliseconds: settings[\.deduplication.window].wholeMilliseconds)
        Self.checkWindow(settings, &problems)
        seal = Seal(age: settings[\.batches.sealAge], rows: settings[\.batches.sealRows])
        window = TimeWindow.Span(back: settings[\.batches.windowBack], ahead: settings[\.batches.windowAhead])
        http = HTTP(
            listen: settings[\.http.listen], metricsListen: settings[\.http.metricsListen],
            tls: PushAccessCheck.readTLS(settings, &problems),
            access: PushAccess(
                tokenFiles: settings[\.http.tokenFiles], clientNames: settings[\.http.clientNames]),
            servesUnnamedSource: settings[\.http.unnamedSource],
            acceptsPlainText: settings[\.http.acceptPlainText],
            hosts: settings[\.http.hosts], maxBodyBytes: settings[\.http.maxBody],
            bodyTimeout: settings[\.http.bodyTimeout], maxConnections: settings[\.http.maxConnections],
            maxConcurrentBytes: settings[\.http.maxConcurrentBytes],
            requestsPerSecond: settings[\.http.requestsPerSecond])
        let grpcConnections = settings[\.grpc.maxConnections]
        grpc = settings[\.grpc.listen].map { GRPC(listen: $0, maxConnections: grpcConnections) }
        Self.check(defaults, of: settings, problems: &problems)
        aggregator = Self.readAggregator(settings, &problems)
        sources = []
        for entry in settings[\.sources] {
            if let source = SourceSettings.read(entry, of: settings, defaults: defaults, &problems) {
                sources.append(source)
            }
        }
        PushAccessCheck(settings: settings, http: http, grpc: grpc).check(pushSources, &problems)
        guard problems.isEmpty else { throw SettingsError(problems) }
    }

    /// The sources that follow files.
    package var fileSources: [SourceSettings] {
        sources.filter { if case .file = $0.kind { true } else { false } }
    }

    /// The sources that events are pushed to by name.
    package var pushSources: [SourceSettings] { sources.filter { $0.kind == .http } }

    /// The format of what is pushed to `POST /v1/events`.
    static let defaultSourceFormat: any SourceFormat = NativeFormat()
    /// What metrics call that source.
    static let defaultSourceName = "http"

    /// What holds for the events of every source must do as a source's own: otherwise each push would fail by it.
    private static func check(
        _ defaults: EventDefaults, of settings: ResolvedSettings<CollectorKeys>, problems: inout [SettingsProblem]
    ) {
        do throws(SourceFormatError) {
            _ = try defaultSourceFormat.makeParser(defaults: defaults, framing: .document)
        } catch {
            problems.append(settings.keys.identity.problem(error, in: settings))
        }
    }

    private static func checkWindow(
        _ settings: ResolvedSettings<CollectorKeys>, _ problems: inout [SettingsProblem]
    ) {
        let keys = settings.keys.deduplication
        guard settings.isGiven(keys.window), settings[keys.window] > settings[keys.horizon] else { return }
        problems.append(
            settings.problem(
                at: keys.window, "is longer than \(keys.horizon.path)", remedy: "shorten it, or lengthen the other"))
    }

    private static func readAggregator(
        _ settings: ResolvedSettings<CollectorKeys>, _ problems: inout [SettingsProblem]
    ) -> Aggregator? {
        let keys = settings.keys.aggregator
        let files = [keys.caFile, keys.certificateFile, keys.keyFile]
        let allFiles = files + [keys.clientCAFile]
        guard let url = settings[keys.url] else {
            for file in allFiles where settings.isGiven(file) {
                problems.append(
                    settings.problem(
                        at: file, "is given without \(keys.url.path)", remedy: "give \(keys.url.path) as well"))
            }
            return nil
        }
        for file in files where !settings.isGiven(file) {
            problems.append(
                settings.problem(
                    at: keys.url, "needs \(file.path)", remedy: "give the file that `steelyard ca issue` wrote"))
        }
        guard let caFile = settings[keys.caFile], let certificateFile = settings[keys.certificateFile],
            let keyFile = settings[keys.keyFile]
        else { return nil }
        return Aggregator(
            url: url, caFile: caFile, certificateFile: certificateFile, keyFile: keyFile,
            clientCAFile: settings[keys.clientCAFile] ?? caFile, timeout: settings[keys.timeout])
    }
}

extension CollectorSettings {
    package var passedOverVariables: [String] { resolved.passedOverVariables }

    /// Settings that differ in `new` and aren't applied while running, by their keys.
    package func changesThatNeedRestart(_ new: CollectorSettings) -> [String] {
        var changed = resolved.changesThatNeedRestart(new.resolved)
        // Where nothing was shipped, or nothing will be, the time that shipping may take matters only with the URL.
        if aggregator == nil || new.aggregator == nil {
            changed.removeAll { $0 == resolved.keys.aggregator.timeout.path }
        }
        return changed + sourcesThatNeedRestart(new).map { "\(resolved.keys.sources.path).\($0)" }
    }

    /// Sources that are pushed to and came, went or read their records in another way; those with files where none were
    /// followed so far; and those that read a table.
    private func sourcesThatNeedRestart(_ new: CollectorSettings) -> [String] {
        let (before, after) = (pushSourcesByName, new.pushSourcesByName)
        let pushed = Set(before.keys).union(after.keys).filter { name in
            guard let old = before[name], let new = after[name] else { return true }
            return old != new
        }
        let followed = fileSources.isEmpty ? new.fileSources.map(\.name) : []
        return pushed.union(followed).union(tablesThatNeedRestart(new)).sorted()
    }

    /// Sources that read a table and came, went or changed in any way.
    private func tablesThatNeedRestart(_ new: CollectorSettings) -> Set<String> {
        func byName(_ settings: CollectorSettings) -> [String: (kind: SourceSettings.Kind, reading: Reading)] {
            Dictionary(
                uniqueKeysWithValues: settings.databaseSources.map {
                    ($0.name, ($0.kind, Reading($0, besides: settings.defaults)))
                })
        }
        let (before, after) = (byName(self), byName(new))
        return Set(before.keys).union(after.keys).filter { name in
            guard let old = before[name], let new = after[name] else { return true }
            return old != new
        }
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
        var ids: IDRules

        init(_ source: SourceSettings, besides common: EventDefaults) {
            let own = source.defaults
            format = AnyHashable(source.format)
            ids = source.ids
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
