internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/trend`.
    @Sendable func trend(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters([
            "scope", "period", "from", "to", "by", "entity", "as-known-at", "wait-for",
        ])
        let format = try request.format([.json, .csv])
        let scope = try namedScope(parameters)
        let period = try Self.period(parameters)
        let steps = try Self.steps(parameters, of: period)
        let entities = try parameters.list("entity", limit: APILimits.maxTrendEntities)
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        // Every entity by name, so that one that leaves the largest doesn't look like nothing.
        var named = scope
        named.top = nil
        let answers = try await store.answers(
            to: steps.map { ScopeQuestion(scope: named, period: $0) }, knownAt: knownAt, visibility: caller.visibility)
        for entity in entities {
            if let problem = Problem.unknownEntity(entity, answers.tables) { throw problem }
        }
        let trends = entities.isEmpty ? [nil] : entities.map(Optional.some)
        let figures = TrendFigures(
            scope: scope, period: period, answers: answers, trends: trends.map { Trend(answers.tables, entity: $0) },
            events: events.during(period))
        switch format {
        case .json: return Answer.json(figures.json).position(answers.position)
        case .csv: return Answer.csv(figures.csv).position(answers.position)
        }
    }

    /// The steps that `by` asks for; months where it doesn't.
    private static func steps(_ parameters: QueryParameters, of period: Period) throws(Problem) -> [Period] {
        let words = Period.Step.allCases.map(\.rawValue)
        let step = try parameters.value("by", allowed: words, parse: Period.Step.init(rawValue:)) ?? .month
        guard let steps = period.divided(by: step) else {
            throw .badParameter(
                "by", "the period \(period) doesn't begin and end with a \(step.rawValue)", allowed: words)
        }
        guard steps.count <= APILimits.maxTrendSteps else {
            throw .badParameter(
                "by",
                "the period \(period) has \(steps.count) steps by \(step.rawValue); a trend has at most "
                    + "\(APILimits.maxTrendSteps)", allowed: words)
        }
        return steps
    }
}

/// A trend, ready to be written.
struct TrendFigures {
    /// As the installation has it.
    var scope: Scope
    var period: Period
    var answers: ScopeAnswers
    var trends: [Trend]
    var events: [TrendEvent]

    var json: JSONValue {
        .object(
            [JSONMember("scope", scope.nameJSON), JSONMember("period", period.datesJSON)] + scope.figureMembers + [
                JSONMember("by", .string(scope.entity.rawValue)),
                JSONMember("as_known_at", .string(RFC3339.text(answers.knownAt))),
                JSONMember("position", .integer(Int64(clamping: answers.position))),
                JSONMember("series", .array(trends.map(json(_:)))),
                JSONMember("events", .array(events.map { $0.json })),
            ])
    }

    private func json(_ trend: Trend) -> JSONValue {
        let points = zip(trend.points, answers.tables).map { point, table -> JSONValue in
            [
                "period": point.period.datesJSON, "amount": .string(table.text(of: point.amount)),
                "published": .string(table.text(of: point.published)),
                "denominator": .string(table.text(of: table.denominator)), "share_percent": .optional(point.percent),
                "change": .optional(point.change?.text(table.text(of:))),
                "change_percent": .optional(point.growth?.percent(decimals: scope.precision)),
                "multiple": .optional(point.growth?.multiple(decimals: FigureFormat.multipleDecimals)),
                "inflection": point.inflection.map { $0.json } ?? .null,
            ]
        }
        return ["entity": .optional(trend.entity), "points": .array(points)]
    }

    /// One line for each step of each series.
    var csv: CSVWriter {
        var writer = CSVWriter(
            header: Scope.nameColumns + [
                "measure", "by", "entity", "period", "from", "to", "days", "amount", "published", "denominator",
                "share_percent", "change", "change_percent", "multiple", "inflection", "acceleration", "events",
            ])
        for trend in trends {
            for (point, table) in zip(trend.points, answers.tables) {
                let happened = events.filter { point.period.contains($0.date) }
                writer.append(
                    scope.nameCells + [
                        .text(scope.measure.rawValue), .text(scope.entity.rawValue), .text(trend.entity ?? ""),
                        .text(point.period.description), .text("\(point.period.from)"), .text("\(point.period.to)"),
                        .count(point.period.dayCount), .number(table.text(of: point.amount)),
                        .number(table.text(of: point.published)), .number(table.text(of: table.denominator)),
                        CSVCell(point.percent), CSVCell(point.change?.text(table.text(of:)).unsigned),
                        CSVCell(point.growth?.percent(decimals: scope.precision)?.unsigned),
                        CSVCell(point.growth?.multiple(decimals: FigureFormat.multipleDecimals)),
                        .text(point.inflection?.word ?? ""), CSVCell(point.inflection?.acceleration),
                        .text(happened.map { "\($0.date) \($0.title.en)" }.joined(separator: "; ")),
                    ])
            }
        }
        return writer
    }
}

extension Inflection {
    fileprivate var acceleration: String? { acceleration(decimals: FigureFormat.multipleDecimals) }
    /// `provisional` where no later step says that it lasts.
    fileprivate var word: String { isProvisional ? "provisional" : "confirmed" }
    fileprivate var json: JSONValue {
        ["status": .string(word), "acceleration": .optional(acceleration)]
    }
}

extension TrendEvent {
    fileprivate var json: JSONValue {
        ["date": .string("\(date)"), "title": title.json, "citation": .string(citation)]
    }
}

extension String {
    /// The number without a plus sign: a cell of digits that every spreadsheet takes for a number.
    var unsigned: String { hasPrefix("+") ? String(dropFirst()) : self }
}
