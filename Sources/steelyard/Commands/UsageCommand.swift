internal import APIModel
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
        help: ArgumentHelp("Only the rows with the most tokens, the largest first; without --bucket.", valueName: "N"))
    var top: Int?

    @Option(
        help: ArgumentHelp("Refuse more rows than this; the server's limit by default.", valueName: "N"))
    var limit: Int?

    mutating func run() async throws {
        let query =
            time.query + knowledge.query + filters.query + [
                ("bucket", bucket), ("group-by", groupBy), ("zone", zone), ("top", top.map(String.init)),
                ("limit", limit.map(String.init)),
            ]
        let output = output
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("asking") {
                try await client.get("/v1/usage", query, accept: output.format.accept)
            }
            try output.write(response, as: UsageResponse.self) {
                UsageTable.text(of: $0, figures: output.figures)
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
    static func text(of answer: UsageResponse, figures: Figures) -> String {
        var table = AnswerTable<UsageRow>(figures)
        for name in answer.names {
            table.add(.text(figures.words(Dimension.heading(of: name)))) { $0.names[name] ?? "" }
        }
        table.add(UsageRow.columns)
        return table.rendered(answer.rows) + "\n" + footer(answer, figures)
    }

    private static func footer(_ answer: UsageResponse, _ figures: Figures) -> String {
        let span = "\(answer.period.from) – \(answer.period.to) (\(answer.period.zone))".printable
        return AnswerText.footer(span, position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }
}
