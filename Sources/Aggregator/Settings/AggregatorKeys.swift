internal import Reporting
internal import Settings
internal import Store
internal import Telemetry
internal import UsageModel

/// Every setting of `steelyard-aggregator`. The tables in `docs/operating/aggregator.md` are made of these.
struct AggregatorKeys: SettingKeys {
    static let schema = SettingsSchema(AggregatorKeys(), environmentPrefix: "STEELYARD_AGGREGATOR")

    let database = Database()
    let ingest = Ingest()
    let names = Names()
    let query = Query()
    let reporting = Reporting()
    let rollup = Rollup()
    let retention = Retention()
    let process = Process()

    private static let hostsMeaning: String =
        """
        Names without port by which the listener may be called, such as a load balancer's, beside its address, \
        `localhost` and the names of its certificate. A request whose Host is another one gets 421
        """

    struct Database: SettingKeys {
        let url = Setting(
            "database.url", optional: .text,
            """
            libpq connection string or `postgresql://` URI without a password; several hosts allowed, \
            `target_session_attrs=read-write` is added unless it is given. This or `database.url-file` is needed
            """)
        let urlFile = Setting("database.url-file", optional: .path, "File that holds the connection string instead")
        let passfile = Setting(
            "database.passfile", optional: .path, absent: "libpq's own", "libpq password file, mode 0600")
        let connections = Setting(
            "database.connections", type: .count(2...200, of: "connections"), default: 8,
            """
            Connections of the owner's login that this instance opens at most for batches, rollups and maintenance, which \
            no question takes; \(AggregatorDaemon.administrationConnections) more are for tokens, imports and closing. \
            When all are in use, requests wait 10 s and then get 503
            """)
        let readerURL = Setting(
            "database.reader-url", optional: .text,
            """
            The same database with the login `steelyard_reader` or a member of it, which sees the rows of one provider at \
            a time: questions run on it. `steelyard-aggregator reader-sql` prints what makes it. This or \
            `database.reader-url-file` is needed
            """)
        let readerURLFile = Setting(
            "database.reader-url-file", optional: .path, "File that holds the reader's connection string instead")
        let readerConnections = Setting(
            "database.reader-connections", type: .count(2...200, of: "connections"), default: 8,
            "Connections that questions have")
        let acceptWithoutReader = Setting(
            "database.accept-visibility-without-row-security", type: .flag, default: false,
            """
            Start without a reader's login: the application alone then keeps providers' figures apart, and one mistake in \
            it shows them to others
            """)
        let statementTimeout = Setting(
            "database.statement-timeout", type: .duration(.seconds(1) ... .hours(1)), default: .seconds(60),
            """
            How long one statement may run, and how long a question of several may begin further ones; one that takes \
            longer gets 503 `too-slow`. COMMIT is exempt
            """)
        let migrate = Setting(
            "database.migrate", type: .flag, default: false,
            "Whether to migrate at start instead of refusing a schema that is not current")
    }

    struct Ingest: SettingKeys {
        let listen = Setting(
            "ingest.listen", type: .address, default: ListenAddress(host: "127.0.0.1", port: 4_681),
            "Address for collectors; port 0 takes any free one")
        let certificateFile = Setting(
            "ingest.certificate-file", required: .path, reload: .fileContents,
            "PEM certificate of the ingest listener, with its chain")
        let keyFile = Setting(
            "ingest.key-file", required: .path, reload: .fileContents,
            "PEM private key of the ingest listener. Refused where every user of the machine can read it")
        let clientCAFile = Setting(
            "ingest.client-ca-file", required: .path, reload: .fileContents,
            "PEM authorities whose collectors are let in")
        let trustDomain = Setting(
            "ingest.trust-domain", type: .text, default: "steelyard.local",
            "Trust domain of the collectors' identities; those of another one get 403")
        let revokedFile = Setting(
            "ingest.revoked-file", optional: .path, reload: .fileContents,
            "Revoked certificates and identities, one a line: see below")
        let maxConnections = Setting(
            "ingest.max-connections", type: .count(1...100_000, of: "connections"),
            default: APILimits.defaultMaxConnections,
            "Open connections; more wait in the kernel's queue")
        let hosts = Setting(
            "ingest.hosts", type: .texts, default: [], hostsMeaning)
        let batchesInFlight = Setting(
            "ingest.batches-in-flight", type: .count(1...1_000, of: "batches"),
            default: APILimits.defaultMaxBatchesInFlight,
            """
            Batches being received, decoded or committed; more get 503 with Retry-After. One collector may have \
            \(APILimits.maxBatchesInFlightPerCollector); more get 429
            """)
        let maxAge = Setting(
            "ingest.max-age", type: .duration(.minutes(1) ... .days(36_501)),
            default: .seconds(AdmissionRules.defaultBackSeconds),
            """
            How far back the usage of a batch may lie. Keep it a day above the collectors' `window.back`. A batch with \
            older usage waits at its collector, which is told so
            """)
        let maxAhead = Setting(
            "ingest.max-ahead", type: .duration(.minutes(1) ... .days(30)),
            default: .seconds(AdmissionRules.defaultAheadSeconds),
            "How far ahead of this machine's clock the usage of a batch may lie; the same otherwise")
        let maxRows = Setting(
            "ingest.max-rows", type: .count(1_000...Limits.maxRowsPerBatch, of: "rows"),
            default: AdmissionRules.defaultMaxRows,
            "Rows that a batch may have: above the collectors' `seal.rows`. One with more waits at its collector")
        let quarantineBatches = Setting(
            "ingest.quarantine-batches", type: .count(1...1_000_000, of: "batches"),
            default: QuarantineLimits().batches,
            """
            Batches of one collector that may not be counted (`fork`, `spool-sequence-reused`) and whose bytes are kept; the \
            first ones are, more are refused and dropped
            """)
        let quarantineBytes = Setting(
            "ingest.quarantine-bytes", type: .bytes((1 << 20)...(1 << 40)), default: QuarantineLimits().bytes,
            "Sealed bytes of them, by collector")
        let imports = Setting(
            "ingest.imports", type: .declaredImports, default: [],
            "Collectors that bring old usage, each with its first day (UTC)")
    }

    struct Names: SettingKeys {
        let tenants = Setting(
            "names.tenants-per-day", type: .count(1...100_000_000, of: "names"), default: 1_000_000,
            """
            Tenants that nobody had named before and that one provider may bring on a day (UTC). The usage of more counts \
            under the tenant `(over-limit)`; a [rebuild](../operating/failures.md) gives it its names
            """)
        let models = Setting(
            "names.models-per-day", type: .count(1...1_000_000, of: "names"), default: 10_000, "The same for models")
        let regions = Setting(
            "names.regions-per-day", type: .count(1...1_000_000, of: "names"), default: 1_000, "The same for regions")
        let collectorPercent = Setting(
            "names.collector-percent", type: .count(1...100, of: "percent"), default: 10,
            "What one collector may use of each of these budgets of its provider")
    }

    struct Query: SettingKeys {
        let listen = Setting(
            "query.listen", type: .address, default: ListenAddress(host: "127.0.0.1", port: 4_682),
            "Address for people and programs")
        let certificateFile = Setting(
            "query.certificate-file", optional: .path, reload: .fileContents,
            """
            PEM certificate of the query listener, with its chain. Without it and `query.key-file` the listener speaks \
            plain HTTP/1.1, which is allowed on loopback only
            """)
        let keyFile = Setting(
            "query.key-file", optional: .path, reload: .fileContents, "PEM private key of the query listener")
        let maxConnections = Setting(
            "query.max-connections", type: .count(1...100_000, of: "connections"),
            default: APILimits.defaultMaxConnections,
            "Open connections; more wait in the kernel's queue")
        let hosts = Setting(
            "query.hosts", type: .texts, default: [], hostsMeaning)
        let metricsListen = Setting(
            "metrics.listen", optional: .address,
            """
            Address of a listener of its own for `/metrics`, `/livez` and `/readyz`, plain HTTP/1.1 and without tokens: \
            bind it to an address that only monitoring reaches. With or without it the query listener serves `/metrics` \
            for a token that may see them
            """)
        let questions = Setting(
            "query.questions", type: .count(1...1_000, of: "questions"), default: APILimits.defaultQuestions,
            "Questions that are being answered; more get 503 `busy`")
        let questionsPerToken = Setting(
            "query.questions-per-token", type: .count(1...1_000, of: "questions"),
            default: APILimits.defaultQuestionsPerToken,
            "The same for one token; more get 429. Keep it below `database.reader-connections`")
        let rows = Setting(
            "query.rows", type: .count(10_000...1_000_000_000, of: "rows"), default: APILimits.defaultKeptRows,
            """
            Rows of sums and facts that questions about scopes keep in memory while they are evaluated, about 250 bytes \
            each; a question for which there is no room gets 503 `busy`. Lists such as `/v1/usage` keep none
            """)
        let rowsPerToken = Setting(
            "query.rows-per-token", type: .count(10_000...1_000_000_000, of: "rows"),
            default: APILimits.defaultKeptRowsPerToken,
            "The same for one token; a question that needs more by itself gets 422 `too-many-rows`, others 429")
        let answersDirectory = Setting(
            "query.answers-directory", optional: .path, absent: "`TMPDIR`, or `/var/tmp`",
            """
            Directory on a disk for answers of more than 64 KiB while they are read, in files without names that are gone \
            with the process. Keep it off file systems in memory
            """)
        let unreadBytes = Setting(
            "query.unread-bytes", type: .bytes((64 << 20)...(1 << 40)), default: APILimits.defaultUnreadBytes,
            "Bytes there at once; a question whose answer has no room gets 503 `busy`")
        let unreadBytesPerToken = Setting(
            "query.unread-bytes-per-token", type: .bytes((64 << 20)...(1 << 40)),
            default: APILimits.defaultUnreadBytesPerToken,
            "The same for one token; its next answer gets 429 until the others are read")
    }

    struct Reporting: SettingKeys {
        let zone = Setting(
            "calendar.zone", type: .zone, default: "Asia/Shanghai",
            """
            Zone of the days and months of sums and of the registry. Fixed with the first start on a database
            """)
        let scopesDirectory = Setting(
            "scopes.directory", optional: .path,
            """
            Directory of [custom scopes](../scopes.md) (`*.yaml`, `*.yml`) beside the built-in ones; an id may exist once
            """)
        let eventsFile = Setting(
            "events.file", optional: .path,
            "File of [house events](../querying.md#trend) (YAML) beside the built-in ones, shown with trends")
        let silence = Setting(
            "coverage.silence", type: .duration(.minutes(1) ... .minutes(APILimits.maxSilenceMinutes)),
            default: .minutes(APILimits.defaultSilenceMinutes),
            """
            How long a collector or provider may bring nothing before [coverage](../querying.md#coverage) calls it silent
            """)
        let grace = Setting(
            "statements.grace", type: .duration(.zero ... .days(366)),
            default: .seconds(StatementRules.defaultGraceSeconds),
            "How long after a month's end its usage is waited for before it is [closed](../closing.md)")
        let maxUnclassifiedPercent = Setting(
            "statements.max-unclassified-percent", optional: .count(0...100, of: "percent"),
            """
            Unclassified usage beyond which a month isn't closed without a reason; without it, any is a warning
            """)
    }

    struct Rollup: SettingKeys {
        let enabled = Setting(
            "rollup.enabled", type: .flag, default: true,
            "Whether this instance rolls up. One instance does so at a time; the others stand by")
        let batches = Setting(
            "rollup.batches", type: .count(1...100_000, of: "batches"), default: 2_000,
            "Batches that one rollup takes at most")
        let payloadBytes = Setting(
            "rollup.payload-bytes", type: .bytes((1 << 20)...(1 << 30)), default: 64 << 20,
            """
            Sealed bytes that one rollup takes at most. More at once costs memory and touches fewer sums
            """)
        let contestedRows = Setting(
            "rollup.contested-rows", type: .count(1_000...10_000_000, of: "rows"), default: 131_072,
            "Rows that one rollup takes at most where several providers wait: they wait for each other's")
        let lightRows = Setting(
            "rollup.light-rows", type: .count(100...10_000_000, of: "rows"), default: 20_000,
            """
            A provider with more rows waiting is rolled up in a lane of its own, so that the others don't wait for it
            """)
        let poll = Setting(
            "rollup.poll", type: .duration(.milliseconds(10) ... .seconds(60)), default: .milliseconds(250),
            "How often to look for what other instances committed; own commits are rolled up once the interval is over")
        let interval = Setting(
            "rollup.interval", type: .duration(.milliseconds(10) ... .seconds(60)), default: .seconds(1),
            """
            The time from the beginning of one rollup that takes all that waits to the next. Shorter, figures follow sooner;
            longer, a rollup's own cost is paid less often
            """)
    }

    struct Retention: SettingKeys {
        let payloads = Setting(
            "retention.payloads", optional: .duration(.days(1) ... .days(36_500)), absent: "for ever",
            """
            How long sealed batches are kept, in whole days; without them their days can't be rebuilt
            """)
        let minutes = Setting(
            "retention.minutes", optional: .duration(.days(1) ... .days(36_500)), absent: "for ever",
            "How long per-minute sums are kept, in whole days")
        let hours = Setting(
            "retention.hours", optional: .duration(.days(1) ... .days(36_500)), absent: "for ever",
            """
            How long hour sums are kept, in whole days; of other zones than the calendar's, what cubes don't answer \
            can't be answered without them
            """)
    }

    struct Process: SettingKeys {
        let listeningFile = Setting(
            "listening-file", optional: .path,
            #"""
            JSON file that gets `{"ingest": "HOST:PORT", "query": "HOST:PORT"}`, and `metrics` where it is set, once all \#
            listeners are bound
            """#)
        let logLevel = Setting(
            "log.level", type: .choice(LogOutput.levelNames), default: "info", reload: .live,
            "Least level that is logged. Lines go to standard error")
    }
}

extension SettingType where Value == [AdmissionRules.DeclaredImport] {
    /// Collectors with the first day of what they bring.
    fileprivate static var declaredImports: Self {
        .list(
            of: "`PROVIDER/COLLECTOR since YYYY-MM-DD`",
            write: { "\($0.collector.provider)/\($0.collector.collector) since \($0.since)" }
        ) { text throws(InvalidValue) in
            let words = text.split(separator: " ")
            let names = words.first?.split(separator: "/", omittingEmptySubsequences: false).map(String.init) ?? []
            guard words.count == 3, words[1] == "since", let since = CalendarDate(String(words[2])), names.count == 2,
                NameRule.isIdentifier(names[0], maxBytes: Limits.maxProviderNameBytes),
                NameRule.isIdentifier(names[1], maxBytes: Limits.maxCollectorNameBytes)
            else {
                throw InvalidValue(
                    "\"\(text)\" declares no import", remedy: "write it as PROVIDER/COLLECTOR since 2023-01-01")
            }
            return .init(collector: CollectorKey(provider: names[0], collector: names[1]), since: since)
        }
    }
}
