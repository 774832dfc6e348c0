internal import Settings

/// The settings of a source that say where fields are in its records.
enum SourceMappingSchema {
    static let timeFormats = [
        "automatic", "rfc3339", "wall-clock", "seconds", "milliseconds", "microseconds", "nanoseconds",
    ]

    /// Fields of `mapped` and the settings that place them: `sources.NAME.fields.tenant` names a column or path,
    /// `sources.NAME.constants.tenant` is a value.
    static let fieldNames = [
        "provider", "tenant", "model", "region", "layer", "workload", "modality", "time", "requests", "input-tokens",
        "cached-input-tokens", "additional-input-tokens", "output-tokens", "reasoning-output-tokens", "id",
    ]

    /// Those that one value for all records can make sense of.
    static let constantNames = fieldNames.filter { $0 != "time" && $0 != "id" }

    static let openai: [SettingKey] = openaiPaths.map { name, what in
        SettingKey("sources.*.openai.\(name)", .texts, .optional, "dotted paths of \(what), the first present wins")
    }

    static let openaiPaths = [
        ("usage", "the usage object"), ("tenant", "the tenant"), ("model", "the model"), ("region", "the region"),
        ("provider", "the provider"), ("layer", "the layer"), ("workload", "the workload"),
        ("modality", "the modality"), ("time", "the time"), ("requests", "the number of calls"),
        ("id", "the event's id"),
    ]

    static let mapped: [SettingKey] =
        [
            SettingKey(
                "sources.*.layout", .choice(["csv", "json-lines"]), .optional, "layout of a `mapped` source's records"),
            SettingKey("sources.*.csv.delimiter", .choice([",", ";", "tab", "|"]), .byDefault(","), "field separator"),
            SettingKey("sources.*.csv.header", .flag, .byDefault("true"), "whether the first row names the columns"),
            SettingKey("sources.*.csv.skip-lines", .integer(0...1_000), .byDefault("0"), "lines before the header"),
            SettingKey(
                "sources.*.cached-input-is-additional", .flag, .byDefault("false"),
                "whether cached input comes on top of input instead of being part of it"),
            SettingKey(
                "sources.*.decimal-strings", .flag, .byDefault("false"), "whether counts may be JSON strings of digits"),
            SettingKey(
                "sources.*.time.format", .choice(timeFormats), .byDefault("automatic"), "how times are written"),
            SettingKey("sources.*.time.zone", .text, .byDefault("UTC"), "IANA zone of `wall-clock` times"),
            SettingKey(
                "sources.*.time.start", .text, .optional, "RFC 3339 moment that counted times are offsets from"),
        ]
        + fieldNames.map {
            SettingKey("sources.*.fields.\($0)", .text, .optional, "column, `#number` of a column, or path of \($0)")
        }
        + constantNames.map {
            SettingKey("sources.*.constants.\($0)", .text, .optional, "the same \($0) for every record")
        }
}
