internal import APIModel
internal import ArgumentParser
internal import Scopes

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

    @Flag(help: "Evaluate closed months as of now, in place of their statements' figures.")
    var restated = false

    mutating func validate() throws {
        _ = try scope.checked(for: question.output.format)
    }

    mutating func run() async throws {
        let entities = entity.isEmpty ? nil : entity.joined(separator: ",")
        try await question.ask(
            "/v1/growth", under: scope.checked(for: question.output.format),
            [("from-period", from), ("to-period", to), ("entity", entities), ("restated", restated ? "true" : nil)],
            knowledge: knowledge,
            as: GrowthResponse.self,
            table: GrowthTables.text)
    }
}

enum GrowthTables {
    @Sendable static func text(of answer: GrowthResponse, figures: Figures) -> String {
        let fields = GrowthRow.columns
        var table = AnswerTable<GrowthRow>(figures)
        table.add(.text(AnswerText.entity(answer.by, figures))) { $0.entity ?? AnswerText.total(figures) }
        table.add(fields[\.fromPublished], titled: answer.fromPeriod.name)
        table.add(fields[\.toPublished], titled: answer.toPeriod.name)
        table.add(fields)
        table.add(fields[\.fromRestated], titled: restated(answer.fromPeriod, figures))
        table.add(fields[\.toRestated], titled: restated(answer.toPeriod, figures))
        let total = answer.rows.first { $0.entity == nil }
        let warning = answer.warning.map { figures.words("Mind: \($0.en)", "注意：\($0.zh)").printable + "\n" }
        let span = [answer.fromPeriod, answer.toPeriod].map {
            figures.words("\($0.name) (\($0.days) days)", "\($0.name)（\($0.days) 天）")
        }
        return AnswerText.heading(answer.scope, figures) + "\n"
            + table.rendered(answer.rows.filter { $0.entity != nil }, total: total) + "\n" + closed(answer, figures)
            + (warning ?? "")
            + AnswerText.footer(
                span.joined(separator: " → "), position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }

    private static func restated(_ period: DateSpan, _ figures: Figures) -> String {
        figures.words("\(period.name) restated", "\(period.name) 重述")
    }

    /// Which of the months are closed.
    private static func closed(_ answer: GrowthResponse, _ figures: Figures) -> String {
        [(answer.fromPeriod, answer.fromStatement), (answer.toPeriod, answer.toStatement)].map { period, statement in
            guard let statement else { return "" }
            return figures.words(
                "\(period.name) is closed: its figures are those of statement \(statement.id)\n",
                "\(period.name) 已关账，数据取自报表 \(statement.id)\n")
        }.joined()
    }
}
