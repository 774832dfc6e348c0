package import Settings
internal import Telemetry
internal import UsageModel

/// The aggregator's settings: names, kinds, ranges and defaults. `docs/operating/aggregator.md` tells them to people.
package enum AggregatorSettings {
    package static let schema = SettingsSchema(
        environmentPrefix: "STEELYARD_AGGREGATOR",
        keys: database + ingest + query + work)

    private static let database = [
        SettingKey(
            "database.url", .text, .optional,
            "libpq connection string or postgresql:// URI, several hosts allowed, without a password"),
        SettingKey("database.url-file", .path, .optional, "file that holds the connection string instead"),
        SettingKey("database.passfile", .path, .optional, "libpq password file, mode 0600"),
        SettingKey(
            "database.connections", .integer(2...200), .byDefault("8"), "connections that the pool may open"),
        SettingKey(
            "database.statement-timeout", .duration(.seconds(1) ... .seconds(3_600)), .byDefault("60s"),
            "how long a statement may run"),
        SettingKey(
            "database.migrate", .flag, .byDefault("false"),
            "migrate at start instead of refusing a schema that is not current"),
    ]

    private static let ingest = [
        SettingKey("ingest.listen", .address, .byDefault("127.0.0.1:4681"), "address for collectors"),
        SettingKey("ingest.certificate-file", .path, .required, "PEM certificate (chain) of the ingest listener"),
        SettingKey("ingest.key-file", .path, .required, "PEM private key of the ingest listener"),
        SettingKey("ingest.client-ca-file", .path, .required, "PEM authorities whose collectors are let in"),
        SettingKey(
            "ingest.trust-domain", .text, .byDefault("steelyard.local"), "trust domain of the collectors' identities"),
        SettingKey(
            "ingest.revoked-file", .path, .optional,
            "certificates and identities that are let in no more, one a line"),
        SettingKey(
            "ingest.max-connections", .integer(1...100_000),
            .byDefault(String(APILimits.defaultMaxConnections)), "open connections at once"),
        SettingKey(
            "ingest.batches-in-flight", .integer(1...1_000),
            .byDefault(String(APILimits.defaultMaxBatchesInFlight)), "batches under way at once; more get 503"),
    ]

    private static let query = [
        SettingKey("query.listen", .address, .byDefault("127.0.0.1:4682"), "address for people and programs"),
        SettingKey("query.certificate-file", .path, .optional, "PEM certificate (chain) of the query listener"),
        SettingKey("query.key-file", .path, .optional, "PEM private key of the query listener"),
        SettingKey(
            "query.max-connections", .integer(1...100_000),
            .byDefault(String(APILimits.defaultMaxConnections)), "open connections at once"),
    ]

    private static let work = [
        SettingKey("calendar.zone", .text, .byDefault("Asia/Shanghai"), "IANA zone of reporting days and months"),
        SettingKey(
            "scopes.directory", .path, .optional, "directory of custom scopes (*.yaml) beside the built-in ones"),
        SettingKey("events.file", .path, .optional, "file of house events (YAML) beside the built-in ones, for trends"),
        SettingKey(
            "coverage.silence", .duration(.seconds(60) ... .seconds(APILimits.maxSilenceMinutes * 60)),
            .byDefault("\(APILimits.defaultSilenceMinutes)m"),
            "how long a collector or provider may bring nothing before it counts as silent"),
        SettingKey("rollup.enabled", .flag, .byDefault("true"), "whether this instance rollups"),
        SettingKey(
            "rollup.batches", .integer(1...100_000), .byDefault("2000"), "batches that one rollup takes at most"),
        SettingKey(
            "rollup.payload-bytes", .bytes((1 << 20)...(1 << 30)), .byDefault("64MiB"),
            "sealed bytes that one rollup takes at most"),
        SettingKey(
            "rollup.poll", .duration(.milliseconds(10) ... .seconds(60)), .byDefault("250ms"),
            "how often to look for work that nobody announced"),
        SettingKey(
            "retention.payloads", .duration(.seconds(86_400) ... .seconds(36_500 * 86_400)), .optional,
            "how long sealed bytes are kept; for ever without it"),
        SettingKey(
            "retention.minutes", .duration(.seconds(86_400) ... .seconds(36_500 * 86_400)), .optional,
            "how long per-minute sums are kept; for ever without it"),
        SettingKey(
            "retention.hours", .duration(.seconds(86_400) ... .seconds(36_500 * 86_400)), .optional,
            "how long hour sums are kept; for ever without it"),
        SettingKey(
            "statements.grace", .duration(.seconds(0) ... .seconds(366 * 86_400)), .byDefault("24h"),
            "how long after a month's end its usage is waited for before it is closed"),
        SettingKey(
            "statements.max-unclassified-percent", .integer(0...100), .optional,
            "unclassified usage beyond which a month isn't closed without a reason; a warning only without it"),
        SettingKey("listening-file", .path, .optional, "JSON file that the bound addresses are written to"),
        SettingKey("log.level", .choice(LogOutput.levelNames), .byDefault("info"), "least level that is logged"),
    ]
}
