internal import ArgumentParser

/// `steelyard growth`: one period against another.
struct GrowthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth", abstract: "How much larger the figures of one period are than those of another.",
        discussion: "Example: steelyard growth 2024 2025-H1 --scope idc")

    @OptionGroup var question: QuestionOptions
    @OptionGroup var knowledge: KnowledgeOptions

    @Argument(help: ArgumentHelp("The earlier period, such as 2024 or 2025-Q1.", valueName: "FROM"))
    var from: String

    @Argument(help: ArgumentHelp("The later period.", valueName: "TO"))
    var to: String

    @Option(
        help: ArgumentHelp(
            "Scope; several, one table below the other, repeated or with commas (default: idc).", valueName: "ID"))
    var scope: [ScopeIDs] = []

    @Option(help: ArgumentHelp("Only this entity; may be repeated.", valueName: "NAME"))
    var entity: [String] = []

    mutating func validate() throws {
        _ = try scope.checked(for: question.output.format)
    }

    mutating func run() async throws {
        let entities = entity.isEmpty ? nil : entity.joined(separator: ",")
        try await question.ask(
            "/v1/growth", under: scope.checked(for: question.output.format),
            [("from-period", from), ("to-period", to), ("entity", entities)], knowledge, as: GrowthAnswer.self,
            table: GrowthTables.text)
    }
}

enum GrowthTables {
    @Sendable static func text(of answer: GrowthAnswer, figures: Figures) -> String {
        var table = TextTable([
            .text(AnswerText.entity(answer.by, figures)), .number(answer.fromPeriod.name),
            .number(answer.toPeriod.name), .number(figures.words("Multiple", "倍数")),
            .number(figures.words("Change", "变化")), .number(figures.words("Multiple per day", "日均倍数")),
            .number(figures.words("Change per day", "日均变化")),
        ])
        for row in answer.rows {
            let cells = [
                row.entity ?? AnswerText.total(figures), figures.count(row.fromPublished),
                figures.count(row.toPublished),
                row.multiple ?? "–", figures.percent(row.percent), row.perDayMultiple ?? "–",
                figures.percent(row.perDayPercent),
            ]
            if row.entity == nil { table.setTotals(cells) } else { table.append(cells) }
        }
        let warning = answer.warning.map { figures.words("Mind: \($0.en)", "注意：\($0.zh)").printable + "\n" }
        let span = [answer.fromPeriod, answer.toPeriod].map {
            figures.words("\($0.name) (\($0.days) days)", "\($0.name)（\($0.days) 天）")
        }
        return AnswerText.heading(answer.scope, figures) + "\n" + table.rendered() + "\n" + (warning ?? "")
            + AnswerText.footer(
                span.joined(separator: " → "), position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }
}
