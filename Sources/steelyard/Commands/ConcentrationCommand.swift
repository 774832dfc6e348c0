internal import APIModel
internal import ArgumentParser

/// `steelyard concentration`: how much the largest hold.
struct ConcentrationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "concentration", abstract: "CR1, CR3 and the Herfindahl–Hirschman index under a scope.",
        discussion: "Example: steelyard concentration --period 2025-H1")

    @OptionGroup var question: QuestionOptions
    @OptionGroup var time: PeriodOptions
    @OptionGroup var knowledge: KnowledgeOptions

    @Option(
        help: ArgumentHelp(
            "Scope; several, one table below the other, repeated or with commas (default: idc).", valueName: "ID"))
    var scope: [ScopeIDs] = []

    mutating func validate() throws {
        _ = try scope.checked(for: question.output.format)
    }

    mutating func run() async throws {
        try await question.ask(
            "/v1/concentration", under: scope.checked(for: question.output.format), time.query, knowledge: knowledge,
            as: ConcentrationResponse.self, table: ConcentrationTables.text)
    }
}

enum ConcentrationTables {
    @Sendable static func text(of answer: ConcentrationResponse, figures: Figures) -> String {
        var table = AnswerTable<ConcentrationResponse>(figures)
        table.add(.number(AnswerText.entities(answer.by, figures))) { String($0.entities) }
        table.add(ConcentrationResponse.columns)
        return AnswerText.heading(answer.scope, figures) + "\n" + table.rendered([answer]) + "\n"
            + AnswerText.footer(answer.period.name, position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }
}
