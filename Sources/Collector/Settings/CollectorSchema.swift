package import Settings
internal import SourceFormats
internal import Telemetry
internal import UsageModel

/// Every setting of `steelyard-collector`. `docs/operating/collector.md` says the same for people.
package enum CollectorSchema {
    package static let schema = SettingsSchema(
        environmentPrefix: "STEELYARD_COLLECTOR",
        keys: identity + storage + batches + aggregator + http + sources,
        ignoredVariables: ["STEELYARD_COLLECTOR_CONFIG"])

    private static let layers = Layer.allCases.map(\.name)
    private static let workloads = Workload.allCases.map(\.name)
    private static let modalities = Modality.allCases.map(\.name)
    private static let day = Duration.seconds(86_400)

    private static let identity: [SettingKey] = [
        SettingKey(
            "provider", .identifier(maxBytes: Limits.maxProviderNameBytes), .required,
            "the provider that all of this collector's usage belongs to"),
        SettingKey(
            "collector", .identifier(maxBytes: Limits.maxCollectorNameBytes), .required,
            "this collector's name, as in its certificate"),
        SettingKey("region", .text, .byDefault("unknown"), "region of events that name none"),
        SettingKey("layer", .choice(layers), .byDefault("maas"), "layer of events that name none"),
        SettingKey("workload", .choice(workloads), .byDefault("online"), "workload of events that name none"),
        SettingKey("modality", .choice(modalities), .byDefault("text"), "modality of events that name none"),
        SettingKey("log.level", .choice(LogOutput.levelNames), .byDefault("info"), "least level that is logged"),
        SettingKey(
            "drain.timeout", .duration(.zero ... .seconds(3_600)), .byDefault("5s"),
            "how long a stopping collector tries to ship its backlog"),
    ]

    private static let storage: [SettingKey] = [
        SettingKey("data", .path, .required, "directory of the spool and the quarantine"),
        SettingKey(
            "spool.bytes", .bytes((64 << 20)...(1 << 50)), .byDefault("16GiB"),
            "size of the spool directory at which new input is refused"),
        SettingKey(
            "spool.free-bytes", .bytes(0...(1 << 50)), .byDefault("256MiB"),
            "free disk space below which new input is refused"),
        SettingKey("archive.age", .duration(.zero...day * 400), .byDefault("7d"), "how long shipped batches are kept"),
        SettingKey(
            "archive.bytes", .bytes(0...(1 << 50)), .byDefault("8GiB"),
            "most bytes of shipped batches that are kept, oldest dropped first"),
        SettingKey(
            "quarantine.bytes", .bytes((1 << 20)...(1 << 40)), .byDefault("256MiB"),
            "most bytes of quarantined input that are kept, oldest dropped first"),
        SettingKey(
            "deduplication.horizon", .duration(.zero...day * 400), .byDefault("24h"),
            "how long the ids of pushed events are remembered; 0 for not at all"),
        SettingKey(
            "deduplication.max-ids", .integer(0...100_000_000), .byDefault("1000000"),
            "most ids that are remembered, oldest forgotten first"),
        SettingKey(
            "deduplication.bytes", .bytes(0...(1 << 40)), .byDefault("256MiB"),
            "most bytes of the spool's write-ahead log that are kept for their ids, oldest forgotten first"),
    ]

    private static let batches: [SettingKey] = [
        SettingKey(
            "seal.age", .duration(.milliseconds(50) ... .seconds(3_600)), .byDefault("10s"),
            "age of a batch's first event at which it is sealed"),
        SettingKey(
            "seal.rows", .integer(1...Int64(CollectorLimits.maxSealRows)), .byDefault("100000"),
            "rows at which a batch is sealed early"),
        SettingKey(
            "window.back", .duration(.seconds(60)...day * 36_500), .byDefault("400d"),
            "how far back an event's time may lie"),
        SettingKey(
            "window.ahead", .duration(.zero...day * 36_500), .byDefault("5m"),
            "how far ahead an event's time may lie"),
    ]

    private static let aggregator: [SettingKey] = [
        SettingKey("aggregator.url", .url(schemes: ["https"]), .optional, "where batches are shipped to"),
        SettingKey("aggregator.ca-file", .path, .optional, "PEM file with the roots that sign the aggregator"),
        SettingKey("aggregator.certificate-file", .path, .optional, "PEM file with this collector's certificate chain"),
        SettingKey("aggregator.key-file", .path, .optional, "PEM file with the certificate's private key"),
        SettingKey(
            "aggregator.timeout", .duration(.seconds(1) ... .seconds(600)), .byDefault("60s"),
            "how long one request to the aggregator may take"),
    ]

    private static let http: [SettingKey] = [
        SettingKey(
            "listen", .address, .byDefault("127.0.0.1:4680"), "address of the HTTP intake, metrics and health"),
        SettingKey(
            "http.max-body", .bytes(1_024...CollectorLimits.maxHTTPBodyBytes), .byDefault("4MiB"),
            "largest request body, before and after decompression"),
        SettingKey(
            "http.body-timeout", .duration(.seconds(1) ... .seconds(600)), .byDefault("30s"),
            "time in which a whole request body must arrive"),
        SettingKey(
            "http.max-connections", .integer(1...100_000), .byDefault("1000"), "most open connections"),
        SettingKey(
            "http.max-concurrent-bytes", .bytes((1 << 20)...(1 << 40)), .byDefault("64MiB"),
            "most bytes of request bodies in work at once; more is answered 429"),
        SettingKey(
            "http.requests-per-second", .integer(0...1_000_000), .byDefault("0"),
            "requests to /v1/events per second that are let in; 0 for no limit"),
    ]

    private static let sources: [SettingKey] =
        [
            SettingKey("sources.*.type", .choice(["file", "http"]), .required, "`file` or `http`"),
            SettingKey("sources.*.paths", .paths, .optional, "files or globs that a `file` source follows"),
            SettingKey(
                "sources.*.read-from", .choice(["beginning", "end"]), .byDefault("beginning"),
                "where a file that is there at the first start is read from"),
            SettingKey(
                "sources.*.whole", .flag, .byDefault("false"),
                "whether files are complete when they appear, so that the end of file ends the last record"),
            SettingKey(
                "sources.*.complete-last-line-after", .duration(.milliseconds(100) ... .seconds(86_400)), .optional,
                "idle time after which a last line without line end is taken as complete"),
            SettingKey(
                "sources.*.format", .choice(SourceFormatRegistry.formats.map { $0.name }),
                .byDefault(SourceFormatRegistry.defaultName), "what records look like"),
        ]
        + EventField.all(for: .byDefault).map { field in
            SettingKey(
                "sources.*.\(field.name)", kind(of: field), .optional, "\(field.name) of records that name none")
        }
        + SourceFormatRegistry.settings.map { setting in
            SettingKey("sources.*.\(setting.name)", kind(of: setting), presence(of: setting), setting.summary)
        }

    private static func kind(of field: EventField) -> SettingKind {
        if case .word(let words) = field.properties.kind { .choice(words) } else { .text }
    }

    private static func kind(of setting: SourceSetting) -> SettingKind {
        switch setting.kind {
        case .text: .text
        case .texts: .texts
        case .word(let words): .choice(words)
        case .flag: .flag
        case .integer(let range): .integer(range)
        }
    }

    /// A setting that its format requires is optional here: other sources don't have it.
    private static func presence(of setting: SourceSetting) -> SettingPresence {
        guard case .byDefault(let texts) = setting.presence, setting.kind != .texts, let text = texts.first else {
            return .optional
        }
        return .byDefault(text)
    }
}

/// Bounds of the collector that are not settings, or bound settings.
package enum CollectorLimits {
    /// The most rows at which sealing may be set. Beside it, one chunk's rows must fit into a batch.
    package static let maxSealRows = 500_000
    /// Bytes that are read and parsed at a time: one hold of the accumulator's lock.
    package static let chunkBytes = 256 << 10
    /// The largest chunk, used only to get a long record into one piece.
    package static let maxChunkBytes = Limits.maxRecordBytes + chunkBytes
    /// The largest request body that may be allowed.
    package static let maxHTTPBodyBytes = 8 << 20
    /// The most rejections that one answer lists.
    package static let maxListedRejections = 100
    /// The most files that are followed at once.
    package static let maxTrackedFiles = 10_000
}
