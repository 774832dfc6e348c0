internal import CollectorCore
internal import Settings
internal import Telemetry
internal import UsageModel

/// Every setting of `steelyard-collector`. The tables in `docs/operating/collector.md` are made of these.
struct CollectorKeys: SettingKeys {
    static let schema = SettingsSchema(CollectorKeys(), environmentPrefix: "STEELYARD_COLLECTOR")

    let identity = Identity()
    let disk = Disk()
    let deduplication = Deduplication()
    let batches = Batches()
    let aggregator = Aggregator()
    let http = HTTP()
    let grpc = GRPC()
    let sources = NamedSettings("sources", SourceKeys())

    struct Identity: SettingKeys {
        let provider = Setting(
            "provider", required: .identifier(maxBytes: Limits.maxProviderNameBytes),
            "The provider that all usage belongs to. An event that names another one is rejected (`wrong-provider`)")
        let collector = Setting(
            "collector", required: .identifier(maxBytes: Limits.maxCollectorNameBytes),
            """
            This collector's name, as in its certificate. Two running collectors never share a name: the older one is \
            fenced
            """)
        let region = Setting("region", type: .text, default: "unknown", "Region of events that name none")
        let layer = Setting("layer", type: .layer, default: .maas, "Layer of events that name none")
        let workload = Setting("workload", type: .workload, default: .online, "Workload of events that name none")
        let modality = Setting("modality", type: .modality, default: .text, "Modality of events that name none")
        let calendarZone = Setting(
            "calendar.zone", type: .zone, default: "Asia/Shanghai",
            "Zone of times in records of sources with `time.format: wall-clock` or `pattern` and no `time.zone`, where the "
                + "record says no offset")
        let logLevel = Setting(
            "log.level", type: .choice(LogOutput.levelNames), default: "info", reload: .live,
            "Least level that is logged. Lines go to standard error")
        let drainTimeout = Setting(
            "drain.timeout", type: .duration(.zero ... .hours(1)), default: .seconds(5),
            "How long a stopping collector tries to ship what is sealed. What is left stays in the spool")
    }

    struct Disk: SettingKeys {
        let data = Setting(
            "data", required: .path,
            """
            Directory of the spool (`spool/`), the quarantine (`quarantine/`), what was counted of exports \
            (`versions/`) and `listening.json`. One process at a \
            time: a second one is refused
            """)
        let spoolBytes = Setting(
            "spool.bytes", type: .bytes((64 << 20)...(1 << 50)), default: 16 << 30,
            """
            Size of the spool directory at which input is refused: HTTP answers 503 with Retry-After, files are left \
            unread. Nothing that was accepted is dropped; sealing and shipping go on, and input is taken again when \
            there is room
            """)
        let spoolFreeBytes = Setting(
            "spool.free-bytes", type: .bytes(0...(1 << 50)), default: 256 << 20,
            "Free space of the disk below which the same happens")
        let archiveAge = Setting(
            "archive.age", type: .duration(.zero ... .days(400)), default: .days(7),
            """
            How long shipped batches are kept, so that a database restored from a backup can ask for them again
            """)
        let archiveBytes = Setting(
            "archive.bytes", type: .bytes(0...(1 << 50)), default: 8 << 30,
            "Most bytes of shipped batches; the oldest segments go first")
        let quarantineBytes = Setting(
            "quarantine.bytes", type: .bytes((1 << 20)...(1 << 40)), default: 256 << 20,
            """
            Most bytes of quarantined records; the oldest file goes first, counted in \
            `steelyard_collector_quarantine_dropped_records_total`
            """)
        let quarantineRecordBytes = Setting(
            "quarantine.record-bytes", type: .bytes(0...Limits.maxRecordBytes),
            default: AccumulatorLimits.defaultQuarantinedRecordBytes,
            """
            Size up to which a quarantined record is kept whole. Of longer ones the fields are kept that the source's \
            format reads, so that they can be read again
            """)
        let quarantineKeep = Setting(
            "quarantine.keep", type: .choice(of: QuarantineKeep.self), default: .record,
            """
            `fields` keeps of every record only the fields that the format reads: no prompt then lies on the disk, but a \
            record whose mapping was wrong lacks the field that a repaired one would read
            """)
    }

    struct Deduplication: SettingKeys {
        let horizon = Setting(
            "deduplication.horizon", type: .duration(.zero ... .days(400)), default: .days(1),
            "How long ids of events are remembered, pushed ones and those of files; 0 for not at all")
        let window = Setting(
            "deduplication.window", type: .duration(.seconds(1) ... .days(400)), default: .minutes(10),
            """
            How long after its last change a call of a source with `repeats: last` or `sum` is counted anew when a greater \
            record or another part of it comes; what comes later is refused (`conflicting-id`). Time in which the \
            collector is down doesn't count. At most the horizon
            """)
        let maxIDs = Setting(
            "deduplication.max-ids", type: .count(0...100_000_000, of: "ids"), default: 1_000_000,
            "Most ids that are remembered; the oldest are forgotten first, counted in "
                + "`steelyard_collector_forgotten_ids_total`")
        let bytes = Setting(
            "deduplication.bytes", type: .bytes(0...(1 << 40)), default: 256 << 20,
            """
            Most bytes of write-ahead segments that are kept for their ids alone; the oldest go first, and their ids \
            are forgotten. They go earlier where the disk is short
            """)
    }

    struct Batches: SettingKeys {
        let sealAge = Setting(
            "seal.age", type: .duration(.milliseconds(50) ... .hours(1)), default: .seconds(10),
            """
            Age of a batch's first event at which the batch is sealed, or up to a tenth earlier: each batch's own, so \
            that collectors which were started together don't send together
            """)
        let sealRows = Setting(
            "seal.rows", type: .count(1...CollectorLimits.maxSealRows, of: "rows"), default: 100_000,
            """
            Rows (minute × key) at which it is sealed early. It is also sealed at 8 MiB before compression and at 8 MiB \
            of quarantined records
            """)
        let windowBack = Setting(
            "window.back", type: .duration(.minutes(1) ... .days(36_500)), default: .days(400), reload: .live,
            "How far back an event's time may lie; older ones are rejected (`time-too-old`)")
        let windowAhead = Setting(
            "window.ahead", type: .duration(.zero ... .days(36_500)), default: .minutes(5), reload: .live,
            "How far ahead an event's time may lie; later ones are rejected (`time-in-future`)")
    }

    struct Aggregator: SettingKeys {
        let url = Setting(
            "aggregator.url", optional: .url(schemes: ["https"]),
            "Where batches are shipped to. Without it nothing is shipped and batches pile up in the spool")
        let caFile = Setting(
            "aggregator.ca-file", optional: .path, absent: "required with the URL", reload: .fileContents,
            "PEM file of the roots that sign the aggregator's certificate")
        let certificateFile = Setting(
            "aggregator.certificate-file", optional: .path, absent: "required with the URL", reload: .fileContents,
            "PEM file of this collector's certificate chain")
        let keyFile = Setting(
            "aggregator.key-file", optional: .path, absent: "required with the URL", reload: .fileContents,
            "PEM file of the certificate's private key. Refused where every user of the machine can read it")
        let clientCAFile = Setting(
            "aggregator.client-ca-file", optional: .path, absent: "`aggregator.ca-file`", reload: .fileContents,
            """
            PEM file of the roots that sign this collector's own certificate, where they are others. Only \
            `check-config` looks
            """)
        let timeout = Setting(
            "aggregator.timeout", type: .duration(.seconds(1) ... .minutes(10)), default: .seconds(60),
            """
            Time for one request. When it is over the outcome is unknown, and the same bytes go out again under the \
            same key
            """)
    }

    struct HTTP: SettingKeys {
        let listen = Setting(
            "listen", type: .address, default: ListenAddress(host: "127.0.0.1", port: 4_680),
            """
            Address of pushed events, metrics and health. Port 0 takes a free one; the bound address stands in \
            `DATA/listening.json`, as soon as the disk can be written. Where others than this machine reach it, TLS is \
            needed, and a token or a client certificate for whatever is pushed
            """)
        let metricsListen = Setting(
            "metrics.listen", optional: .address, absent: "with pushed events",
            """
            Address of a listener of its own for `/metrics`, `/livez` and `/readyz`; `/metrics` is then not served \
            where events are pushed. It has neither TLS nor authentication: bind it to an address that only those \
            reach who may read it
            """)
        let certificateFile = Setting(
            "http.certificate-file", optional: .path, absent: "no TLS", reload: .fileContents,
            "PEM file of the listener's certificate chain. TLS 1.3 only. Read again when it changes")
        let keyFile = Setting(
            "http.key-file", optional: .path, absent: "no TLS", reload: .fileContents,
            "PEM file of the certificate's private key, with mode 0600")
        let clientCAFile = Setting(
            "http.client-ca-file", optional: .path, absent: "no client certificates", reload: .fileContents,
            """
            PEM file of the roots that sign senders' certificates. A certificate that is shown must come from one of \
            them; who shows none needs a token
            """)
        let tokenFiles = Setting(
            "http.token-files", type: .paths, default: [], reload: .live,
            """
            Files with one bearer token each (16 to 4,096 characters, mode 0600), of senders to `POST /v1/events` and \
            to sources that name neither tokens nor certificates of their own. Several tokens hold at once, so that \
            they can be replaced one after the other. SIGHUP reads them again
            """)
        let clientNames = Setting(
            "http.client-names", type: .texts, default: [], reload: .live,
            """
            DNS names or URIs (subject alternative names) of the client certificates of such senders
            """)
        let unnamedSource = Setting(
            "http.unnamed-source", type: .flag, default: true,
            "Whether `POST /v1/events` is served, which takes native events without a source's name")
        let acceptPlainText = Setting(
            "http.accept-plain-text", type: .flag, default: false,
            """
            Lets the listener do without TLS where others than this machine reach it: for a proxy or a mesh that \
            encrypts. Tokens and events are then in clear on the way from there
            """)
        let hosts = Setting(
            "http.hosts", type: .texts, default: [],
            """
            Names by which senders call this listener, without port. Other names in `Host` get 421; IP addresses, \
            `localhost`, the machine's own name and the names of the listener's certificate are always taken
            """)
        let maxBody = Setting(
            "http.max-body", type: .bytes(1_024...CollectorLimits.maxHTTPBodyBytes), default: 64 << 20,
            """
            Largest body before and after decompression. Bodies are read piece by piece, so that a large one takes no \
            more memory than its records need. Larger ones get 413; up to 64 MiB more are read and dropped, so that the \
            answer arrives
            """)
        let bodyTimeout = Setting(
            "http.body-timeout", type: .duration(.seconds(1) ... .minutes(10)), default: .seconds(30),
            "Time for a whole body; slower ones get 408")
        let maxConnections = Setting(
            "http.max-connections", type: .count(1...100_000, of: "connections"), default: 1_000,
            "Open connections; more wait to be accepted")
        let maxConcurrentBytes = Setting(
            "http.max-concurrent-bytes", type: .bytes((1 << 20)...(1 << 40)), default: 64 << 20,
            "Memory of bodies in work at once: what is held of each, and its sums; more get 429 with Retry-After")
        let requestsPerSecond = Setting(
            "http.requests-per-second", type: .count(0...1_000_000, of: "requests"), default: 0,
            """
            Requests to `/v1/events` per second, with one second's worth of burst; more get 429. 0 is no limit
            """)
    }

    struct GRPC: SettingKeys {
        let listen = Setting(
            "grpc.listen", optional: .address, absent: "no gRPC",
            """
            Address of OTLP/gRPC, for sources of `format: otlp`; senders expect port 4317. TLS, tokens, client \
            certificates and the limits of bodies are those of `http` and of the sources; where others than this machine \
            reach it, the same is needed as of `listen`. Port 0 takes a free one, which stands in `DATA/listening.json`
            """)
        let maxConnections = Setting(
            "grpc.max-connections", type: .count(1...100_000, of: "connections"), default: 200,
            "Open connections of senders over gRPC; one more is closed at once")
    }
}

/// What of quarantined records is kept.
enum QuarantineKeep: String, CaseIterable, Sendable { case record, fields }

extension SettingType where Value == Layer {
    static var layer: Self { choice(Layer.allCases, name: { $0.name }) }
}

extension SettingType where Value == Workload {
    static var workload: Self { choice(Workload.allCases, name: { $0.name }) }
}

extension SettingType where Value == Modality {
    static var modality: Self { choice(Modality.allCases, name: { $0.name }) }
}
