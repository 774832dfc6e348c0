internal import APIModel
internal import ArgumentParser

/// `steelyard peak`: the highest minutes.
struct PeakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peak", abstract: "The minutes with the most tokens, and how many users they are enough for.",
        discussion: "Example: steelyard peak --period 2025-06 --by tenant --user-rate 500")

    @OptionGroup var question: QuestionOptions
    @OptionGroup var time: PeriodOptions

    @Option(help: ArgumentHelp("provider, tenant or model (default: provider).", valueName: "WHAT"))
    var by: String?

    @Option(help: ArgumentHelp("Only these providers (comma-separated).", valueName: "LIST"))
    var provider: String?

    @Option(help: ArgumentHelp("Only these tenants; with --by tenant.", valueName: "LIST"))
    var tenant: String?

    @Option(help: ArgumentHelp("Only these models; with --by model.", valueName: "LIST"))
    var model: String?

    @Option(help: ArgumentHelp("How many peaks to show (default: 10).", valueName: "N"))
    var top: Int?

    @Option(help: ArgumentHelp("Tokens a minute that one user needs.", valueName: "TOKENS"))
    var userRate: Int?

    @Option(help: ArgumentHelp("Wait until this ledger position is counted, or `latest`.", valueName: "POSITION"))
    var waitFor: String?

    mutating func run() async throws {
        let query =
            time.query + [
                ("by", by), ("provider", provider), ("tenant", tenant), ("model", model),
                ("top", top.map(String.init)), ("user-rate", userRate.map(String.init)), ("wait-for", waitFor),
            ]
        try await question.ask("/v1/peak", query, as: PeakResponse.self, table: PeakTables.text)
    }
}

enum PeakTables {
    @Sendable static func text(of answer: PeakResponse, figures: Figures) -> String {
        let fields = PeakRow.columns
        var table = AnswerTable<PeakRow>(figures)
        table.add(fields.upTo(\.minute))
        for name in answer.names {
            table.add(.text(AnswerText.entity(name, figures))) { $0.names[name] ?? "" }
        }
        table.add([fields[\.minute]])
        table.add(fields[\.counts.totalTokens], titled: figures.words("Tokens a minute", "每分钟 Token"))
        table.add([
            fields[\.counts.requests], fields[\.counts.overLimitTokens], fields[\.counts.estimatedTokens],
            fields[\.users],
        ])
        let rate = answer.userRate.map {
            figures.words("A user needs \($0) tokens a minute.\n", "按每用户每分钟 \($0) Token 计。\n")
        }
        return table.rendered(answer.rows) + "\n" + (rate ?? "")
            + AnswerText.footer(
                "\(answer.period.name) (\(answer.period.zone))".printable, position: answer.position, asKnownAt: nil,
                figures)
    }
}
