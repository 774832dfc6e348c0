package import Scopes

/// What usage can be grouped by and shares be divided among, with the headings of their columns.
package enum Dimension {
    /// The name of the column of buckets, which stands before those of the dimensions.
    package static let bucket = "bucket"

    /// What sums of usage can be grouped by.
    package static let ofUsage = [
        "provider", "tenant", "model", "region", "layer", "workload", "modality", "kind",
    ]

    /// The heading of a dimension's column; the name itself where it has none.
    package static func heading(of name: String) -> LocalizedText {
        switch name {
        case bucket: LocalizedText(en: "From", zh: "时段")
        case "provider": LocalizedText(en: "Provider", zh: "云厂商")
        case "tenant": LocalizedText(en: "Tenant", zh: "租户")
        case "model": LocalizedText(en: "Model", zh: "模型")
        case "family": LocalizedText(en: "Family", zh: "模型系列")
        case "developer": LocalizedText(en: "Developer", zh: "模型开发方")
        case "region": LocalizedText(en: "Region", zh: "地域")
        case "layer": LocalizedText(en: "Layer", zh: "服务层")
        case "workload": LocalizedText(en: "Workload", zh: "负载")
        case "modality": LocalizedText(en: "Modality", zh: "模态")
        case "kind": LocalizedText(en: "Kind", zh: "租户类型")
        default: LocalizedText(en: name, zh: name)
        }
    }
}

/// `GET /v1/usage`: sums of usage, grouped and filtered.
package struct UsageResponse: RowTable {
    package typealias Row = UsageRow

    package var period = TimeSpan()
    package var bucket: String?
    package var groupBy: [String] = []
    package var asKnownAt: Moment?
    package var position: Int?
    package var rows: [UsageRow] = []

    package init() {}

    package static let fields: [Field<UsageResponse>] = [
        Field("period", \.period),
        Field("bucket", \.bucket, means: "What the period is split into; null for one sum."),
        Field("group_by", \.groupBy, values: Dimension.ofUsage),
        Field(
            "as_known_at", \.asKnownAt,
            means:
                "The moment of the latest record that was taken into account, where tenants' kinds were; else null."
        ),
        .position(\.position),
        Field("rows", \.rows),
    ]

    /// The columns that the question asks for, in order.
    package var names: [String] { (bucket == nil ? [] : [Dimension.bucket]) + groupBy }

    package static let layout: CSVLayout<UsageResponse, UsageRow> = [
        .row(UsageRow.columns),
        .answer([columns[\.position].called("position"), columns[\.asKnownAt].called("known_at")]),
    ]

    package var rowsOfTable: [UsageRow] { rows }
}

/// One sum.
package struct UsageRow: APIObject {
    /// The bucket and the dimensions that were asked for.
    package var names: [NamedText] = []
    package var counts = UsageCounts()

    package init() {}

    package static let meaning: String? =
        "The counts, with `bucket` where there are buckets and a member for each dimension of group-by."

    package static let fields: [Field<UsageRow>] = [
        .named(\.names, among: [Dimension.bucket] + Dimension.ofUsage, isNullable: false),
        .group(\.counts),
    ]
}

/// What was used. A part is never added to its whole.
package struct UsageCounts: APIObject {
    package var requests = Count()
    package var inputTokens = Count()
    package var cachedInputTokens = Count()
    package var outputTokens = Count()
    package var reasoningOutputTokens = Count()
    package var totalTokens = Count()
    package var overLimitTokens = Count()
    package var estimatedTokens = Count()

    package init() {}

    package static let fields: [Field<UsageCounts>] = [
        Field("requests", \.requests, en: "Requests", zh: "请求数"),
        Field("input_tokens", \.inputTokens, en: "Input tokens", zh: "输入 Token"),
        Field(
            "cached_input_tokens", \.cachedInputTokens, en: "of which cached", zh: "其中缓存",
            means: "Part of input_tokens."),
        Field("output_tokens", \.outputTokens, en: "Output tokens", zh: "输出 Token"),
        Field(
            "reasoning_output_tokens", \.reasoningOutputTokens, en: "of which reasoning", zh: "其中推理",
            means: "Part of output_tokens."),
        Field(
            "total_tokens", \.totalTokens, en: "Total tokens", zh: "合计 Token", means: "Input and output."),
        Field(
            "over_limit_tokens", \.overLimitTokens, en: "of which over limit", zh: "其中超限名称",
            means:
                "Part of total_tokens: counted under `(over-limit)`, the name of all tenants, models and regions beyond a "
                + "day's budget of new names. Minutes know it of tenants and of models alone.",
            hidesZeros: true, ifAbsent: Count(0)),
        Field(
            "estimated_tokens", \.estimatedTokens, en: "of which estimated", zh: "其中估算",
            means:
                "Part of total_tokens: somebody's estimate, because the engine that served the calls didn't say what they "
                + "used.",
            hidesZeros: true, ifAbsent: Count(0)),
    ]
}
