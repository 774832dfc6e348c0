internal import APIModel
internal import ArgumentParser

/// `steelyard trend`: a figure step by step.
struct TrendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trend", abstract: "A figure by day, month, quarter or half, with events and inflection points.",
        discussion: "Example: steelyard trend --period 2025-H1 --scope idc --entity volcengine --entity aliyun")

    @OptionGroup var question: QuestionOptions
    @OptionGroup var time: PeriodOptions
    @OptionGroup var knowledge: KnowledgeOptions

    @Option(
        help: ArgumentHelp(
            "Scope; several, one table below the other, repeated or with commas (default: idc).", valueName: "ID"))
    var scope: [ScopeIDs] = []

    @Option(help: ArgumentHelp("Length of a step: day, month, quarter or half (default: month).", valueName: "STEP"))
    var by: String?

    @Option(
        help: ArgumentHelp(
            "Provider, or what the scope divides among; may be repeated. All of them together by default.",
            valueName: "NAME"))
    var entity: [String] = []

    mutating func validate() throws {
        _ = try scope.checked(for: question.output.format)
    }

    mutating func run() async throws {
        let entities = entity.isEmpty ? nil : entity.joined(separator: ",")
        try await question.ask(
            "/v1/trend", under: scope.checked(for: question.output.format),
            time.query + [("by", by), ("entity", entities)], knowledge: knowledge, as: TrendResponse.self,
            table: TrendTables.text)
    }
}

enum TrendTables {
    @Sendable static func text(of answer: TrendResponse, figures: Figures) -> String {
        let series = answer.series.map { text(of: $0, answer, figures) + "\n" }.joined()
        let events = answer.events.map {
            "\($0.date)  \(figures.words($0.title))".printable + "\n"
        }
        return AnswerText.heading(answer.scope, figures) + "\n" + series
            + (events.isEmpty ? "" : events.joined() + "\n")
            + AnswerText.footer(answer.figure.zone, position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }

    private static func text(of series: TrendSeries, _ answer: TrendResponse, _ figures: Figures) -> String {
        let unit = answer.figure.currency ?? answer.figure.measure
        let perDay = answer.figure.isPerDay ? figures.words(" a day", "/日") : ""
        let fields = TrendPoint.columns
        var table = AnswerTable<TrendPoint>(figures)
        table.add(.text(series.entity ?? AnswerText.total(figures))) { $0.period.label }
        table.add(fields[\.published], titled: unit + perDay)
        table.add(fields)
        table.add(figures.column(TrendInflection.columns[\.status])) { inflection($0.inflection, figures) }
        return table.rendered(series.points)
    }

    private static func inflection(_ inflection: TrendInflection?, _ figures: Figures) -> String {
        guard let inflection else { return "" }
        let doubt = inflection.status == TrendInflection.provisional ? figures.words(" (provisional)", "（待确认）") : ""
        return "× \(inflection.acceleration?.text ?? "–")\(doubt)"
    }
}
