internal import APIModel
internal import ArgumentParser

/// `steelyard bridge`: from one scope's figure to another's.
struct BridgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bridge", abstract: "From a figure under one scope to that under another, step by step.",
        discussion: "Example: steelyard bridge idc all-traffic --period 2025-H1 --entity volcengine")

    @OptionGroup var question: QuestionOptions
    @OptionGroup var time: PeriodOptions
    @OptionGroup var knowledge: KnowledgeOptions

    @Argument(help: ArgumentHelp("The scope to start from.", valueName: "FROM"))
    var from: String

    @Argument(help: ArgumentHelp("The scope to arrive at.", valueName: "TO"))
    var to: String

    @Option(
        help: ArgumentHelp("Provider, or what the scopes divide among; all together by default.", valueName: "NAME"))
    var entity: String?

    mutating func run() async throws {
        try await question.ask(
            "/v1/bridge",
            time.query + knowledge.query + [("from-scope", from), ("to-scope", to), ("entity", entity)],
            as: BridgeResponse.self, table: BridgeTables.text)
    }
}

enum BridgeTables {
    @Sendable static func text(of answer: BridgeResponse, figures: Figures) -> String {
        let fields = BridgeStep.columns
        let all: [Column<BridgeStep>] = [fields[\.overLimit], fields[\.estimated]]
        let parts = all.filter { field in answer.steps.contains { field.isPresent?($0) ?? true } }
        var table = TextTable(
            [.text(answer.entity ?? AnswerText.total(figures))]
                + ([
                    fields[\.change], fields[\.amount], fields[\.unit], fields[\.published], fields[\.sharePercent],
                ] + parts).map(figures.column))
        for step in answer.steps {
            table.append(
                [
                    title(step, answer), step.aspect == nil ? "" : AnswerText.change(step.change?.text, figures),
                    figures.count(step.amount), step.unit, figures.count(step.published),
                    figures.percent(step.sharePercent),
                ] + parts.map { figures.text($0.displayValue(step)) })
        }
        if let change = answer.change, let last = answer.steps.last {
            table.setTotals(
                [
                    answer.toScope.id, AnswerText.change(change.text, figures), figures.count(last.amount), last.unit,
                    figures.count(last.published), figures.percent(last.sharePercent),
                ] + parts.map { figures.text($0.displayValue(last)) })
        }
        return AnswerText.heading(answer.fromScope, figures) + AnswerText.heading(answer.toScope, figures) + "\n"
            + table.rendered() + "\n"
            + AnswerText.footer(answer.period.name, position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }

    /// `kinds: external-customer → all`; the first scope's id at the start.
    private static func title(_ step: BridgeStep, _ answer: BridgeResponse) -> String {
        guard let aspect = step.aspect else { return answer.fromScope.id }
        return "\(aspect): \(step.from ?? "–") → \(step.to ?? "–")"
    }
}
