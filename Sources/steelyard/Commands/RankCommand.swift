internal import ArgumentParser

/// `steelyard rank`: who is first under which scope.
struct RankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rank", abstract: "Who is first under which scope: ranks and shares beside each other.",
        discussion: "Example: steelyard rank --period 2025-H1 --scope idc,all-traffic")

    @OptionGroup var question: QuestionOptions
    @OptionGroup var time: PeriodOptions
    @OptionGroup var knowledge: KnowledgeOptions

    @Option(
        help: ArgumentHelp(
            "Scope; several, at most 20, repeated or with commas. All scopes of the server by default.",
            valueName: "ID"))
    var scope: [ScopeIDs] = []

    mutating func validate() throws {
        _ = try scope.checked()
    }

    mutating func run() async throws {
        let named = try scope.checked()
        let scopes = named.isEmpty ? nil : named.joined(separator: ",")
        try await question.ask(
            "/v1/rank", time.query + knowledge.query + [("scope", scopes)], as: RankAnswer.self, table: RankTables.text)
    }
}

enum RankTables {
    @Sendable static func text(of answer: RankAnswer, figures: Figures) -> String {
        let tables = answer.tables.map { text(of: $0, figures) + "\n" }.joined()
        let refused = answer.refused.map { "\($0.scope): \($0.detail)".printable + "\n" }.joined()
        return tables
            + (refused.isEmpty ? "" : figures.words("Without an answer:\n", "无法计算的口径：\n") + refused + "\n")
            + AnswerText.footer(answer.period.name, mark: answer.mark, asKnownAt: answer.asKnownAt, figures)
    }

    private static func text(of table: RankAnswer.Table, _ figures: Figures) -> String {
        var text = TextTable(
            [.text(AnswerText.entity(table.by, figures))]
                + table.scopes.flatMap { column -> [TextTable.Column] in [.number("#"), .number(column.scope.id)] })
        for row in table.rows {
            text.append(
                [row.entity]
                    + row.standings.flatMap { [$0.rank.map(String.init) ?? "", figures.percent($0.sharePercent)] })
        }
        text.setTotals(
            [figures.words("First", "第一名")]
                + table.scopes.flatMap { ["", $0.leaders.isEmpty ? "–" : $0.leaders.joined(separator: ", ")] })
        return text.rendered()
    }
}
