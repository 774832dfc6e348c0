/// JSON objects that hold a model API's `usage` object: responses, or a gateway's log lines. Unknown fields are skipped
/// in place and never stored.
///
/// Where the parts of an event are is a list of dotted paths from the record's top for each; the first that is present,
/// not null and not an empty string wins. An empty list means that records never say it. The defaults fit gateways' log
/// lines and bare responses.
package struct OpenAIFormat: JSONFormat {
    package static let name = "openai"
    package static let summary = "JSON objects that hold a model API's `usage` object; other fields are skipped."
    package static let examples = [
        SourceExample(
            records: """
                {"created":1748736000,"tenant":"t","model":"m","messages":["\\"}\\n"],"usage":{"prompt_tokens":9,\
                "completion_tokens":1,"total_tokens":10}}
                {"ts":"2025-06-01T00:00:00.101Z","provider":"volcengine","tenant":"t-006777","model":"kimi-k2-128k",\
                "region":"cn-beijing","usage":{"prompt_tokens":1502,"completion_tokens":221,\
                "prompt_tokens_details":{"cached_tokens":192}}}
                {"type":"response.completed","response":{"created_at":1748736060,"model":"m","usage":\
                {"input_tokens":20,"input_tokens_details":{"cached_tokens":4},"output_tokens":6}},"tenant_id":"t"}
                """)
    ]

    /// The parts of an event beside its counts, and where they are unless a setting says otherwise.
    ///
    /// The tenant is the identity that the caller's key is bound to. The request's own `user` is left out on purpose:
    /// callers can set it to what they like. There is no default for the id: a response's own `id` often isn't unique,
    /// since a gateway logs one response several times.
    private static let defaultPaths: [(field: EventField, paths: [String])] = [
        (.tenant, ["tenant", "tenant_id", "metadata.user_api_key_team_id"]),
        (.model, ["model", "response.model"]),
        (.region, ["region"]), (.layer, ["layer"]), (.workload, ["workload"]), (.modality, ["modality"]),
        (.provider, ["provider"]),
        (.time, ["ts", "time", "timestamp", "created", "created_at", "response.created_at"]),
        (.requests, ["requests"]), (.id, []),
    ]

    package static let settings: [SourceSetting] =
        [
            SourceSetting(
                setting("usage"), .texts, presence: .byDefault(defaultUsagePaths),
                summary: "paths of the object with the counts")
        ]
        + defaultPaths.map { field, paths in
            SourceSetting(
                setting(field.name), .texts, presence: .byDefault(paths), summary: "paths of \(field.properties.noun)")
        } + [UsagePlaces.reasoningSetting] + TimeFormat.settings + RecordRules.settings

    private static let defaultUsagePaths = ["usage", "response.usage", "usageMetadata"]

    private static func setting(_ part: String) -> String { "openai.\(part)" }

    /// Where the `usage` object stands. A record in which more than one of them does is refused (`duplicate-field`).
    /// An empty path (`""`) means that the counts stand at the record's own top.
    package var usagePaths = Self.defaultUsagePaths
    /// Where the other parts stand. The provider is checked against ``EventDefaults/provider``: give it no path where
    /// the field means something else, such as the upstream of a gateway.
    package var paths = Dictionary(uniqueKeysWithValues: Self.defaultPaths.map { ($0.field, $0.paths) })
    /// How times are written.
    package var time: TimeFormat = .automatic
    /// Whether reasoning tokens are on top of the output in every record.
    package var reasoningIsAdditional = false
    /// Which records are for counting.
    package var records = RecordRuleTexts()

    package init() {}

    package init(_ options: SourceOptions) throws(SourceFormatError) {
        usagePaths = options.texts(Self.setting("usage")) ?? []
        for (field, _) in Self.defaultPaths { paths[field] = options.texts(Self.setting(field.name)) }
        time = try TimeFormat(options)
        reasoningIsAdditional = options.flag(UsagePlaces.reasoningSetting.name)
        records = RecordRules.texts(options)
    }

    func plan() throws(SourceFormatError) -> FieldPlan {
        var rules = FieldPlan.Rules()
        rules.time = time
        rules.tellsUsageShapes = true
        rules.reasoningIsAlwaysAdditional = reasoningIsAdditional
        // Variables of gateways and 64-bit numbers of protobuf's JSON are strings.
        rules.acceptsDecimalStrings = true
        var plan = FieldPlan(rules: rules)
        var tree = FieldTree()
        guard !usagePaths.isEmpty else {
            throw SourceFormatError(
                setting: Self.setting("usage"), message: "no record can be read without it; name at least one path",
                remedy: "give one, such as usage")
        }
        guard paths[.time]?.isEmpty == false else {
            throw SourceFormatError(
                setting: Self.setting(EventField.time.name),
                message: "no record can be read without it; name at least one path",
                remedy: "give one, such as ts")
        }
        for (field, _) in Self.defaultPaths {
            try plan.add(field, paths: paths[field] ?? [], to: &tree, setting: Self.setting(field.name))
        }
        try plan.addUsage(at: usagePaths, to: &tree, setting: Self.setting("usage"))
        try RecordRules.apply(records, to: &plan, &tree)
        try plan.compile(tree)
        return plan
    }
}
