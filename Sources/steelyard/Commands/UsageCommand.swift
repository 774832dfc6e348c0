internal import ArgumentParser

/// `steelyard usage`: sums of usage, grouped and filtered.
struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Sums of usage, grouped and filtered.",
        discussion: "Example: steelyard usage --period 2025-06 --group-by provider,kind --bucket day")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var time: PeriodOptions
    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var filters: FilterOptions

    @Option(help: ArgumentHelp("Split the period: minute, hour, day or month.", valueName: "GRANULARITY"))
    var bucket: String?

    @Option(
        help: ArgumentHelp(
            "Comma-separated: provider, tenant, model, region, layer, workload, modality, kind.",
            valueName: "DIMENSIONS"))
    var groupBy: String?

    @Option(help: ArgumentHelp("IANA zone that days and months are read in.", valueName: "ZONE"))
    var zone: String?

    @Option(
        help: ArgumentHelp("Refuse more rows than this; the server's limit by default.", valueName: "N"))
    var limit: Int?

    mutating func run() async throws {
        let query =
            time.query + knowledge.query + filters.query + [
                ("bucket", bucket), ("group-by", groupBy), ("zone", zone), ("limit", limit.map(String.init)),
            ]
        let output = output
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("asking") {
                try await client.get("/v1/usage", query, accept: output.format.accept)
            }
            try output.write(response) {
                try UsageTable.text(of: $0.decoded(UsageAnswer.self), figures: output.figures)
            }
        }
    }
}

/// What to count only.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only these providers (comma-separated; so are the others).", valueName: "LIST"))
    var provider: String?
    @Option(help: ArgumentHelp("Only these tenants.", valueName: "LIST"))
    var tenant: String?
    @Option(help: ArgumentHelp("Only these models.", valueName: "LIST"))
    var model: String?
    @Option(help: ArgumentHelp("Only these regions.", valueName: "LIST"))
    var region: String?
    @Option(help: ArgumentHelp("Only these layers: maas, paas, iaas, on-premises.", valueName: "LIST"))
    var layer: String?
    @Option(help: ArgumentHelp("Only these workloads: online, batch.", valueName: "LIST"))
    var workload: String?
    @Option(help: ArgumentHelp("Only these modalities: text, image, audio, video, embedding.", valueName: "LIST"))
    var modality: String?
    @Option(help: ArgumentHelp("Only tenants of these kinds.", valueName: "LIST"))
    var kind: String?

    var query: [(String, String?)] {
        [
            ("provider", provider), ("tenant", tenant), ("model", model), ("region", region), ("layer", layer),
            ("workload", workload), ("modality", modality), ("kind", kind),
        ]
    }
}

enum UsageTable {
    /// The answer as a table, with a line on what it counts.
    static func text(of answer: UsageAnswer, figures: Figures) -> String {
        let names = (answer.bucket == nil ? [] : ["bucket"]) + answer.groupBy
        let counts = [
            ("requests", "Requests", "请求数"), ("input_tokens", "Input tokens", "输入 Token"),
            ("cached_input_tokens", "of which cached", "其中缓存"), ("output_tokens", "Output tokens", "输出 Token"),
            ("reasoning_output_tokens", "of which reasoning", "其中推理"), ("total_tokens", "Total tokens", "合计 Token"),
        ]
        var table = TextTable(
            names.map { .text(title($0, figures)) } + counts.map { .number(figures.words($0.1, $0.2)) })
        for row in answer.rows {
            table.append(names.map { row[$0] ?? "" } + counts.map { figures.count(row[$0.0]) })
        }
        return table.rendered() + "\n" + footer(answer, figures)
    }

    private static func footer(_ answer: UsageAnswer, _ figures: Figures) -> String {
        let span = "\(answer.period.from) – \(answer.period.to) (\(answer.period.zone))".printable
        return AnswerText.footer(span, position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }

    static func title(_ dimension: String, _ figures: Figures) -> String {
        let chinese = [
            "bucket": "时段", "provider": "云厂商", "tenant": "租户", "model": "模型", "region": "地域", "layer": "服务层",
            "workload": "负载", "modality": "模态", "kind": "租户类型",
        ]
        let english = dimension == "bucket" ? "From" : dimension.prefix(1).uppercased() + dimension.dropFirst()
        return figures.words(english, chinese[dimension] ?? dimension)
    }
}
