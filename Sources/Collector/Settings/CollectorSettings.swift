package import CollectorCore
package import Settings
package import SourceFormats
internal import UsageModel

/// The collector's configuration as typed values.
package struct CollectorSettings: Sendable {
    package struct Seal: Sendable {
        package var age: Duration
        package var rows: Int
    }

    package struct Window: Sendable, Equatable {
        package var back: Duration
        package var ahead: Duration
    }

    package struct Storage: Sendable {
        package var directory: String
        package var spoolBytes: Int
        package var spoolFreeBytes: Int
        package var archiveAge: Duration
        package var archiveBytes: Int
        package var quarantineBytes: Int
        /// The most bytes of write-ahead segments that are kept for the ids in them alone.
        package var deduplicationBytes: Int
    }

    /// Where and as whom to ship.
    package struct Aggregator: Sendable, Equatable {
        package var url: String
        package var caFile: String
        package var certificateFile: String
        package var keyFile: String
        package var timeout: Duration
    }

    package struct HTTP: Sendable {
        package var listen: ListenAddress
        package var maxBodyBytes: Int
        package var bodyTimeout: Duration
        package var maxConnections: Int
        package var maxConcurrentBytes: Int
        /// 0 for no limit.
        package var requestsPerSecond: Int
    }

    package var provider: String
    package var collector: String
    package var defaults: EventDefaults
    package var logLevel: String
    package var drainTimeout: Duration
    package var storage: Storage
    package var deduplication: RememberedEvents.Limits
    package var seal: Seal
    package var window: Window
    /// `nil` where nothing is shipped: batches then pile up in the spool.
    package var aggregator: Aggregator?
    package var http: HTTP
    package var sources: [SourceSettings]

    /// Loads and checks everything, cross-checks included.
    package static func load(
        file: String?, overrides: [String] = [], environment: [String: String]
    ) throws(SettingsError) -> CollectorSettings {
        try CollectorSettings(
            Settings.load(CollectorSchema.schema, file: file, overrides: overrides, environment: environment))
    }

    package init(_ settings: Settings) throws(SettingsError) {
        var problems: [SettingsProblem] = []
        provider = settings.text("provider")
        collector = settings.text("collector")
        let defaults = EventDefaults(
            provider: provider, region: settings.optionalText("region"),
            layer: Layer(name: settings.text("layer")) ?? .maas,
            workload: Workload(name: settings.text("workload")) ?? .online,
            modality: Modality(name: settings.text("modality")) ?? .text)
        self.defaults = defaults
        logLevel = settings.text("log.level")
        drainTimeout = settings.duration("drain.timeout")
        storage = Storage(
            directory: settings.text("data"), spoolBytes: settings.bytes("spool.bytes"),
            spoolFreeBytes: settings.bytes("spool.free-bytes"), archiveAge: settings.duration("archive.age"),
            archiveBytes: settings.bytes("archive.bytes"), quarantineBytes: settings.bytes("quarantine.bytes"),
            deduplicationBytes: settings.bytes("deduplication.bytes"))
        deduplication = RememberedEvents.Limits(
            horizonMilliseconds: settings.duration("deduplication.horizon").wholeMilliseconds,
            maxIDs: Int(settings.integer("deduplication.max-ids")))
        seal = Seal(age: settings.duration("seal.age"), rows: Int(settings.integer("seal.rows")))
        window = Window(back: settings.duration("window.back"), ahead: settings.duration("window.ahead"))
        http = HTTP(
            listen: settings.address("listen"), maxBodyBytes: settings.bytes("http.max-body"),
            bodyTimeout: settings.duration("http.body-timeout"),
            maxConnections: Int(settings.integer("http.max-connections")),
            maxConcurrentBytes: settings.bytes("http.max-concurrent-bytes"),
            requestsPerSecond: Int(settings.integer("http.requests-per-second")))
        aggregator = Self.readAggregator(settings, &problems)
        sources = []
        for name in settings.names(under: "sources") {
            if let source = SourceSettings.read(name, settings, defaults: defaults, &problems) {
                sources.append(source)
            }
        }
        guard problems.isEmpty else { throw SettingsError(problems) }
    }

    /// The sources that follow files.
    package var fileSources: [SourceSettings] {
        sources.filter { if case .file = $0.kind { true } else { false } }
    }

    /// The sources that events are pushed to by name.
    package var pushSources: [SourceSettings] { sources.filter { $0.kind == .http } }

    private static func readAggregator(_ settings: Settings, _ problems: inout [SettingsProblem]) -> Aggregator? {
        let files = ["ca-file", "certificate-file", "key-file"].map { "aggregator.\($0)" }
        guard let url = settings.optionalText("aggregator.url") else {
            for key in files where settings.has(key) {
                problems.append(
                    settings.problem(at: key, "is given without aggregator.url", remedy: "give aggregator.url as well"))
            }
            return nil
        }
        for key in files where !settings.has(key) {
            problems.append(
                settings.problem(
                    at: "aggregator.url", "needs \(key)", remedy: "give the file that `steelyard ca issue` wrote"))
        }
        guard files.allSatisfy(settings.has) else { return nil }
        return Aggregator(
            url: url.hasSuffix("/") ? String(url.dropLast()) : url, caFile: settings.text(files[0]),
            certificateFile: settings.text(files[1]), keyFile: settings.text(files[2]),
            timeout: settings.duration("aggregator.timeout"))
    }
}
