internal import APIModel
internal import ArgumentParser
internal import Scopes

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
            "Scope; several, at most 60, repeated or with commas. All scopes of the server by default.",
            valueName: "ID"))
    var scope: [ScopeIDs] = []

    mutating func validate() throws {
        _ = try scope.checked()
    }

    mutating func run() async throws {
        let named = try scope.checked()
        let scopes = named.isEmpty ? nil : named.joined(separator: ",")
        try await question.ask(
            "/v1/rank", time.query + knowledge.query + [("scope", scopes)], as: RankResponse.self,
            table: RankTables.text)
    }
}

enum RankTables {
    @Sendable static func text(of answer: RankResponse, figures: Figures) -> String {
        let tables = answer.tables.map { text(of: $0, figures) + "\n" }.joined()
        let refused = answer.refused.map { refusal in
            let reason = AnswerText.reason(refusal.detail, chinese: chinese(refusal), figures)
            return (refusal.scope + figures.words(": ", "：") + reason).printable + "\n"
        }.joined()
        return tables
            + (refused.isEmpty ? "" : figures.words("Without an answer:\n", "无法计算的口径：\n") + refused + "\n")
            + AnswerText.footer(answer.period.name, position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }

    private static func chinese(_ refusal: RefusedScope) -> String? {
        switch refusal.code {
        case MissingFacts.code:
            "缺少数据：" + refusal.missing.map { ScopeFact(rawValue: $0)?.words.zh ?? $0 }.joined(separator: "、")
        case "missing-rate": "缺少汇率"
        case "needs-whole-months": "含按月保存的数据，须按整月查询"
        case "not-kept": "所需的汇总已不再保留"
        case "too-large": "数值过大"
        default: nil
        }
    }

    private static func text(of table: RankTable, _ figures: Figures) -> String {
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
            + table.scopes.map { AnswerText.overLimit($0.overLimit, under: $0.scope, figures) }.joined()
            + table.scopes.map { AnswerText.estimated($0.estimated, under: $0.scope, figures) }.joined()
            + table.scopes.map { AnswerText.negative($0.negative, under: $0.scope, figures) }.joined()
    }
}
