internal import Foundation
package import Postgres
package import Scopes
package import Settings
package import Store
package import TextFormats
package import UsageModel

/// The aggregator's settings as values, checked against each other.
package struct AggregatorConfiguration: Sendable {
    package var connection: ConnectionOptions
    package var connections: Int
    package var migrate: Bool
    package var ingestAddress: ListenAddress
    package var ingestTLS: TLSFiles
    package var trustDomain: String
    package var revokedFile: String?
    package var ingestMaxConnections: Int
    package var batchesInFlight: Int
    package var queryAddress: ListenAddress
    /// `nil` for plain HTTP on loopback.
    package var queryTLS: TLSFiles?
    package var queryMaxConnections: Int
    package var calendar: ZoneRules
    package var scopesDirectory: String?
    package var eventsFile: String?
    /// In whole minutes; at least 1.
    package var silenceMinutes: Int64
    package var rollupEnabled: Bool
    package var rollupLimits: RollupLimits
    package var rollupPoll: Duration
    package var retention: RetentionPolicy
    package var statementRules: StatementRules
    package var listeningFile: String?
    package var logLevel: String

    /// - Throws: ``SettingsError`` with every contradiction, each with its place and remedy.
    package init(_ settings: Settings) throws(SettingsError) {
        var problems: [SettingsProblem] = []
        connection = Self.connection(settings, &problems)
        connections = Int(settings.integer("database.connections"))
        migrate = settings.flag("database.migrate")
        ingestAddress = settings.address("ingest.listen")
        ingestTLS = TLSFiles(
            certificateFile: settings.text("ingest.certificate-file"), keyFile: settings.text("ingest.key-file"),
            clientCAFile: settings.text("ingest.client-ca-file"))
        trustDomain = settings.text("ingest.trust-domain")
        revokedFile = settings.optionalText("ingest.revoked-file")
        ingestMaxConnections = Int(settings.integer("ingest.max-connections"))
        batchesInFlight = Int(settings.integer("ingest.batches-in-flight"))
        queryAddress = settings.address("query.listen")
        queryTLS = Self.queryTLS(settings, &problems)
        queryMaxConnections = Int(settings.integer("query.max-connections"))
        calendar = Self.calendar(settings, &problems)
        scopesDirectory = settings.optionalText("scopes.directory")
        eventsFile = settings.optionalText("events.file")
        silenceMinutes = settings.duration("coverage.silence").components.seconds / 60
        rollupEnabled = settings.flag("rollup.enabled")
        rollupLimits = RollupLimits(
            maxBatches: Int(settings.integer("rollup.batches")), maxPayloadBytes: settings.bytes("rollup.payload-bytes")
        )
        rollupPoll = settings.duration("rollup.poll")
        retention = RetentionPolicy(
            payloadDays: settings.optionalDuration("retention.payloads").map(Self.days),
            minuteDays: settings.optionalDuration("retention.minutes").map(Self.days),
            hourDays: settings.optionalDuration("retention.hours").map(Self.days))
        statementRules = StatementRules(
            graceSeconds: settings.duration("statements.grace").components.seconds,
            maxUnclassifiedPercent: settings.optionalInteger("statements.max-unclassified-percent").map { Int($0) })
        listeningFile = settings.optionalText("listening-file")
        logLevel = settings.text("log.level")
        guard problems.isEmpty else { throw SettingsError(problems) }
    }

    private static func connection(_ settings: Settings, _ problems: inout [SettingsProblem]) -> ConnectionOptions {
        var text = settings.optionalText("database.url") ?? ""
        let file = settings.optionalText("database.url-file")
        switch (text.isEmpty, file) {
        case (false, .some):
            problems.append(
                settings.problem(
                    at: "database.url-file", "stands beside database.url", remedy: "give one of the two"))
        case (true, .none):
            problems.append(
                settings.problem(
                    at: "database.url", "is missing",
                    remedy: "give a libpq connection string such as postgresql://steelyard@db.example/steelyard"))
        case (true, .some(let file)):
            let content = FileManager.default.contents(atPath: file).flatMap { String(data: $0, encoding: .utf8) }
            text = content?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            if text.isEmpty {
                problems.append(
                    settings.problem(
                        at: "database.url-file", "\(file) can't be read or is empty",
                        remedy: "put the connection string into it and let this user read it"))
            }
        case (false, .none): break
        }
        let timeout = settings.duration("database.statement-timeout").components.seconds
        return ConnectionOptions(
            connectionString: text, passwordFile: settings.optionalText("database.passfile"),
            applicationName: "steelyard-aggregator", statementTimeoutMilliseconds: Int(timeout) * 1_000)
    }

    private static func queryTLS(_ settings: Settings, _ problems: inout [SettingsProblem]) -> TLSFiles? {
        switch (settings.optionalText("query.certificate-file"), settings.optionalText("query.key-file")) {
        case (.some(let certificate), .some(let key)): return TLSFiles(certificateFile: certificate, keyFile: key)
        case (.none, .none):
            if !settings.address("query.listen").isLoopback {
                problems.append(
                    settings.problem(
                        at: "query.listen", "is reachable from other machines without TLS",
                        remedy: "give query.certificate-file and query.key-file, or listen on 127.0.0.1"))
            }
        case (.some, .none):
            problems.append(
                settings.problem(at: "query.key-file", "is missing beside query.certificate-file", remedy: "give both"))
        case (.none, .some):
            problems.append(
                settings.problem(
                    at: "query.certificate-file", "is missing beside query.key-file", remedy: "give both"))
        }
        return nil
    }

    private static func calendar(_ settings: Settings, _ problems: inout [SettingsProblem]) -> ZoneRules {
        let name = settings.text("calendar.zone")
        if let zone = ZoneRules(identifier: name) { return zone }
        problems.append(
            settings.problem(
                at: "calendar.zone", "\"\(name)\" is no zone that this system knows",
                remedy: "give an IANA name such as Asia/Shanghai, and install tzdata if it is missing"))
        return .utc
    }

    private static func days(_ duration: Duration) -> Int {
        Int(duration.components.seconds / CivilTime.secondsPerDay)
    }
}

extension AggregatorConfiguration {
    /// The built-in scopes and the house's own, from `scopes.directory`. A custom scope may not take a built-in's id.
    ///
    /// - Throws: `FileProblems` naming file, line and mistake.
    package func loadScopes() throws(FileProblems) -> ScopeCatalogue {
        try ScopeDirectory.catalogue(scopesDirectory)
    }

    /// The built-in events and the house's own, from `events.file`.
    ///
    /// - Throws: `FileProblems` naming file, line and mistake.
    package func loadEvents() throws(FileProblems) -> TrendEvents {
        try TrendEvents.catalogue(eventsFile)
    }
}
