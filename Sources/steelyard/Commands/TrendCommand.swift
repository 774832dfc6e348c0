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
            time.query + [("by", by), ("entity", entities)], knowledge, as: TrendAnswer.self, table: TrendTables.text)
    }
}

enum TrendTables {
    @Sendable static func text(of answer: TrendAnswer, figures: Figures) -> String {
        let series = answer.series.map { text(of: $0, answer, figures) + "\n" }.joined()
        let events = answer.events.map {
            "\($0.date)  \(figures.words($0.title.en, $0.title.zh))".printable + "\n"
        }
        return AnswerText.heading(answer.scope, figures) + "\n" + series
            + (events.isEmpty ? "" : events.joined() + "\n")
            + AnswerText.footer(answer.zone, position: answer.position, asKnownAt: answer.asKnownAt, figures)
    }

    private static func text(of series: TrendAnswer.Series, _ answer: TrendAnswer, _ figures: Figures) -> String {
        let unit = answer.currency ?? answer.measure
        let perDay = answer.aggregate == "daily-average" ? figures.words(" a day", "/日") : ""
        var table = TextTable([
            .text(series.entity ?? AnswerText.total(figures)), .number(unit + perDay),
            .number(figures.words("Share", "份额")), .number(figures.words("Change", "变化")),
            .number(figures.words("Multiple", "倍数")), .text(figures.words("Inflection", "拐点")),
        ])
        for point in series.points {
            table.append([
                point.period.label, figures.count(point.published), figures.percent(point.sharePercent),
                figures.percent(point.changePercent), point.multiple ?? "–", position(point.inflection, figures),
            ])
        }
        return table.rendered()
    }

    private static func position(_ inflection: TrendAnswer.Point.Inflection?, _ figures: Figures) -> String {
        guard let inflection else { return "" }
        let doubt = inflection.status == "provisional" ? figures.words(" (provisional)", "（待确认）") : ""
        return "× \(inflection.acceleration ?? "–")\(doubt)"
    }
}
