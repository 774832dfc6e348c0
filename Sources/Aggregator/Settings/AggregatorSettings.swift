internal import DaemonSupport
internal import Foundation
package import HTTPSupport
internal import Identity
package import Postgres
package import Reporting
package import Scopes
package import Settings
package import Store
package import TextFormats
package import UsageModel

/// The aggregator's settings as values, checked against each other.
package struct AggregatorSettings: DaemonSettings {
    package static var configurationVariable: String { AggregatorKeys.schema.configurationVariable }

    package var connection: ConnectionOptions
    package var connections: Int
    /// Of the login that questions run as; `nil` where it was accepted that there is none.
    package var readerConnection: ConnectionOptions?
    package var readerConnections: Int
    package var migrate: Bool
    package var ingestAddress: ListenAddress
    package var ingestTLS: TLSFiles
    package var trustDomain: String
    package var revokedFile: String?
    package var ingestMaxConnections: Int
    /// Names by which the listener may be called, beside its address and its certificate's.
    package var ingestHosts: [String]
    package var batchesInFlight: Int
    package var admission: AdmissionRules
    package var quarantine = QuarantineLimits()
    package var queryAddress: ListenAddress
    /// `nil` for plain HTTP on loopback.
    package var queryTLS: TLSFiles?
    package var queryMaxConnections: Int
    package var queryHosts: [String]
    /// Where metrics and health are served without a token; `nil` for only with one.
    package var metricsAddress: ListenAddress?
    package var questionLimits: QuestionBudget.Limits
    /// Where answers wait for their readers; `nil` for the system's directory.
    package var answersDirectory: String?
    package var calendar: ZoneRules
    package var scopesDirectory: String?
    package var eventsFile: String?
    /// In whole minutes; at least 1.
    package var silenceMinutes: Int64
    package var rollupEnabled: Bool
    package var rollupLimits: RollupLimits
    package var rollupPoll: Duration
    package var rollupInterval: Duration
    package var retention: RetentionPolicy
    package var statementRules: StatementRules
    package var listeningFile: String?
    package var logLevel: String
    /// As they were written, for the report of what a changed configuration needs.
    let resolved: ResolvedSettings<AggregatorKeys>

    /// Loads and checks everything, cross-checks included.
    package static func load(
        file: String?, overrides: [String], environment: [String: String]
    ) throws(SettingsError) -> AggregatorSettings {
        let resolved = try AggregatorKeys.schema.load(file: file, overrides: overrides, environment: environment)
        for name in Self.secretVariables where environment[name]?.isEmpty == false {
            throw SettingsError([
                SettingsProblem(
                    origin: .environment(variable: name), key: "",
                    message: "holds a password, which whatever this process starts inherits",
                    remedy:
                        "take it out, and put the password into a libpq password file (database.passfile), mode 0600")
            ])
        }
        return try AggregatorSettings(resolved)
    }

    /// Variables by which libpq would take a secret.
    private static let secretVariables = ["PGPASSWORD", "PGSSLPASSWORD"]

    /// - Throws: ``SettingsError`` with every contradiction, each with its place and remedy.
    init(_ settings: ResolvedSettings<AggregatorKeys>) throws(SettingsError) {
        var problems: [SettingsProblem] = []
        resolved = settings
        connection = Self.connection(settings, &problems)
        connections = settings[\.database.connections]
        readerConnection = Self.readerConnection(settings, &problems)
        // libpq itself passes over a password file that others may open, and then has no password.
        if let file = settings[\.database.passfile] {
            Self.checkSecret(in: file, settings, at: settings.keys.database.passfile, &problems)
        }
        readerConnections = settings[\.database.readerConnections]
        migrate = settings[\.database.migrate]
        ingestAddress = settings[\.ingest.listen]
        ingestTLS = TLSFiles(
            certificateFile: settings[\.ingest.certificateFile], keyFile: settings[\.ingest.keyFile],
            clientCAFile: settings[\.ingest.clientCAFile])
        trustDomain = settings[\.ingest.trustDomain]
        revokedFile = settings[\.ingest.revokedFile]
        ingestMaxConnections = settings[\.ingest.maxConnections]
        ingestHosts = Self.hosts(settings, at: \.ingest.hosts, &problems)
        batchesInFlight = settings[\.ingest.batchesInFlight]
        admission = AdmissionRules(
            backSeconds: settings[\.ingest.maxAge].components.seconds,
            aheadSeconds: settings[\.ingest.maxAhead].components.seconds, maxRows: settings[\.ingest.maxRows],
            imports: settings[\.ingest.imports])
        quarantine.batches = settings[\.ingest.quarantineBatches]
        quarantine.bytes = settings[\.ingest.quarantineBytes]
        queryAddress = settings[\.query.listen]
        queryTLS = Self.queryTLS(settings, &problems)
        queryMaxConnections = settings[\.query.maxConnections]
        queryHosts = Self.hosts(settings, at: \.query.hosts, &problems)
        metricsAddress = settings[\.query.metricsListen]
        questionLimits = QuestionBudget.Limits()
        questionLimits.questions = .init(
            all: settings[\.query.questions], perToken: settings[\.query.questionsPerToken])
        questionLimits.rows = .init(all: settings[\.query.rows], perToken: settings[\.query.rowsPerToken])
        questionLimits.bytes = .init(
            all: settings[\.query.unreadBytes], perToken: settings[\.query.unreadBytesPerToken])
        answersDirectory = settings[\.query.answersDirectory]
        calendar = ZoneRules(identifier: settings[\.reporting.zone]) ?? .utc
        scopesDirectory = settings[\.reporting.scopesDirectory]
        eventsFile = settings[\.reporting.eventsFile]
        silenceMinutes = settings[\.reporting.silence].components.seconds / 60
        rollupEnabled = settings[\.rollup.enabled]
        rollupLimits = RollupLimits(
            maxBatches: settings[\.rollup.batches], maxPayloadBytes: settings[\.rollup.payloadBytes])
        rollupLimits.contestedRows = settings[\.rollup.contestedRows]
        rollupLimits.lightRows = settings[\.rollup.lightRows]
        rollupLimits.newNames = NewNameLimits(
            tenants: settings[\.names.tenants], models: settings[\.names.models], regions: settings[\.names.regions],
            collectorPercent: settings[\.names.collectorPercent])
        rollupPoll = settings[\.rollup.poll]
        rollupInterval = settings[\.rollup.interval]
        retention = RetentionPolicy(
            payloadDays: settings[\.retention.payloads].map(Self.days),
            minuteDays: settings[\.retention.minutes].map(Self.days),
            hourDays: settings[\.retention.hours].map(Self.days))
        statementRules = StatementRules(
            graceSeconds: settings[\.reporting.grace].components.seconds,
            maxUnclassifiedPercent: settings[\.reporting.maxUnclassifiedPercent])
        listeningFile = settings[\.process.listeningFile]
        logLevel = settings[\.process.logLevel]
        guard problems.isEmpty else { throw SettingsError(problems) }
    }

    private static func hosts(
        _ settings: ResolvedSettings<AggregatorKeys>, at key: KeyPath<AggregatorKeys, Setting<[String]>>,
        _ problems: inout [SettingsProblem]
    ) -> [String] {
        let hosts = settings[settings.keys[keyPath: key]]
        for host in hosts
        where host.contains("*") || host.contains(":") && !host.hasSuffix("]") || HostField.host(of: host) == nil {
            problems.append(
                settings.problem(
                    at: settings.keys[keyPath: key], "\"\(host)\" is not a host",
                    remedy: "give a name or an IP address (IPv6 in brackets), without scheme, port or wildcard"))
        }
        return hosts.compactMap { HostField.host(of: $0) }
    }

    private static func connection(
        _ settings: ResolvedSettings<AggregatorKeys>, _ problems: inout [SettingsProblem]
    ) -> ConnectionOptions {
        let keys = settings.keys.database
        let text = connectionString(settings, under: keys.url, orIn: keys.urlFile, &problems)
        if text == nil {
            problems.append(
                settings.problem(
                    at: keys.url, "is missing",
                    remedy: "give a libpq connection string such as postgresql://steelyard@db.example/steelyard"))
        }
        let timeout = settings[keys.statementTimeout].components.seconds
        return ConnectionOptions(
            connectionString: text ?? "", passwordFile: settings[keys.passfile],
            applicationName: "steelyard-aggregator", statementTimeoutMilliseconds: Int(timeout) * 1_000)
    }

    /// - Returns: `nil` where it was said that there is no reader's login.
    private static func readerConnection(
        _ settings: ResolvedSettings<AggregatorKeys>, _ problems: inout [SettingsProblem]
    ) -> ConnectionOptions? {
        let keys = settings.keys.database
        let text = connectionString(settings, under: keys.readerURL, orIn: keys.readerURLFile, &problems)
        if settings[keys.acceptWithoutReader] {
            if text != nil {
                problems.append(
                    settings.problem(
                        at: keys.acceptWithoutReader, "stands beside a reader's login", remedy: "give one of the two"))
            }
            return nil
        }
        guard let text else {
            problems.append(
                settings.problem(
                    at: keys.readerURL, "is missing",
                    remedy: "give the connection string of the login that questions run as, such as "
                        + "postgresql://steelyard_reader@db.example/steelyard; steelyard-aggregator reader-sql prints "
                        + "what makes it"))
            return nil
        }
        let timeout = settings[keys.statementTimeout].components.seconds
        return .questions(
            connectionString: text, passwordFile: settings[keys.passfile],
            applicationName: "steelyard-aggregator questions", statementTimeoutMilliseconds: Int(timeout) * 1_000)
    }

    /// What is given under one key, or in the file that the other names; `nil` where neither is given.
    private static func connectionString(
        _ settings: ResolvedSettings<AggregatorKeys>, under url: Setting<String?>, orIn urlFile: Setting<String?>,
        _ problems: inout [SettingsProblem]
    ) -> String? {
        guard let file = settings[urlFile] else {
            if let text = settings[url], ConnectionSecret.isIn(text) {
                problems.append(
                    settings.problem(
                        at: url,
                        "holds a password, which everybody sees who sees the configuration or the command line",
                        remedy: "take it out, and put it into a libpq password file or the whole string into "
                            + "\(urlFile.path), mode 0600"))
            }
            return settings[url]
        }
        if settings[url] != nil {
            problems.append(settings.problem(at: urlFile, "stands beside \(url.path)", remedy: "give one of the two"))
            return settings[url]
        }
        let content = FileManager.default.contents(atPath: file).flatMap { String(data: $0, encoding: .utf8) }
        let text = content?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        if text.isEmpty {
            problems.append(
                settings.problem(
                    at: urlFile, "\(file) can't be read or is empty",
                    remedy: "put the connection string into it and let this user read it"))
        } else if ConnectionSecret.isIn(text) {
            checkSecret(in: file, settings, at: urlFile, &problems)
        }
        return text
    }

    /// Refuses a file with a password that others may open.
    private static func checkSecret(
        in file: String, _ settings: ResolvedSettings<AggregatorKeys>, at key: Setting<String?>,
        _ problems: inout [SettingsProblem]
    ) {
        do throws(CertificateFault) {
            try SecretFile.check(file, kind: "password")
        } catch {
            problems.append(settings.problem(at: key, "\(file) \(error.message)", remedy: error.remedy))
        }
    }

    private static func queryTLS(
        _ settings: ResolvedSettings<AggregatorKeys>, _ problems: inout [SettingsProblem]
    ) -> TLSFiles? {
        let keys = settings.keys.query
        let (certificate, key) = (keys.certificateFile, keys.keyFile)
        switch (settings[certificate], settings[key]) {
        case (.some(let certificateFile), .some(let keyFile)):
            return TLSFiles(certificateFile: certificateFile, keyFile: keyFile)
        case (.none, .none):
            if !settings[keys.listen].isLoopback {
                problems.append(
                    settings.problem(
                        at: keys.listen, "is reachable from other machines without TLS",
                        remedy: "give \(certificate.path) and \(key.path), or listen on 127.0.0.1"))
            }
        case (.some, .none):
            problems.append(
                settings.problem(at: key, "is missing beside \(certificate.path)", remedy: "give both"))
        case (.none, .some):
            problems.append(
                settings.problem(at: certificate, "is missing beside \(key.path)", remedy: "give both"))
        }
        return nil
    }

    private static func days(_ duration: Duration) -> Int {
        Int(duration.components.seconds / CivilTime.secondsPerDay)
    }
}

extension AggregatorSettings {
    package var passedOverVariables: [String] { resolved.passedOverVariables }

    package func changesThatNeedRestart(_ new: AggregatorSettings) -> [String] {
        resolved.changesThatNeedRestart(new.resolved)
    }

    /// The built-in scopes and the house's own, from `scopes.directory`. A custom scope may not take a built-in's id.
    ///
    /// - Throws: `FileProblems` naming file, line and mistake.
    package func loadScopes() throws(FileProblems) -> ScopeCatalogue {
        let builtIn = try ScopeCatalogue.builtIn()
        guard let scopesDirectory else { return builtIn }
        return try builtIn.adding(try TextFile.yamlFiles(in: scopesDirectory))
    }

    /// The built-in events and the house's own, from `events.file`.
    ///
    /// - Throws: `FileProblems` naming file, line and mistake.
    package func loadEvents() throws(FileProblems) -> TrendEvents {
        guard let eventsFile else { return try TrendEvents.catalogue(custom: nil) }
        return try TrendEvents.catalogue(custom: try TextFile(path: eventsFile))
    }
}
