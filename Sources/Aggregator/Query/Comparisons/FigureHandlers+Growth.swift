internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/growth`.
    @Sendable func growth(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters([
            "scope", "from-period", "to-period", "entity", "as-known-at", "wait-for",
        ])
        let format = try request.format([.json, .csv])
        let scope = try namedScope(parameters)
        let periods = [
            try Self.period(parameters, named: "from-period"), try Self.period(parameters, named: "to-period"),
        ]
        let entities = try parameters.list("entity")
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        var named = scope
        named.top = nil
        let answers = try await store.answers(
            to: periods.map { ScopeQuestion(scope: named, period: $0) }, knownAt: knownAt, visibility: caller.visibility
        )
        for entity in entities {
            if let problem = Problem.unknownEntity(entity, answers.tables) { throw problem }
        }
        let figures = GrowthFigures(scope: scope, answers: answers, entities: entities)
        switch format {
        case .json: return Answer.json(figures.json).position(answers.position)
        case .csv: return Answer.csv(figures.csv).position(answers.position)
        }
    }
}

/// The growth from one period to another, ready to be written.
struct GrowthFigures {
    /// As the installation has it.
    var scope: Scope
    /// Two tables: of the earlier period and of the later.
    var answers: ScopeAnswers
    /// Empty for all of them.
    var entities: [String]

    private var earlier: ShareTable { answers.tables[0] }
    private var later: ShareTable { answers.tables[1] }

    private struct Line {
        /// `nil` for all entities together.
        var entity: String?
        var growth: PeriodGrowth
        /// The same of the averages per day.
        var perDay: PeriodGrowth
    }

    /// The entities by their later figures, those that are gone at the end, and all of them together.
    private var lines: [Line] {
        let names = later.rows.map(\.entity) + earlier.rows.map(\.entity).filter { later[$0] == nil }
        let shown = entities.isEmpty ? names : entities
        return shown.map { line($0, later.periodGrowth(of: $0, since: earlier)) }
            + [line(nil, later.totalPeriodGrowth(since: earlier))]
    }

    private func line(_ entity: String?, _ growth: PeriodGrowth) -> Line {
        Line(
            entity: entity, growth: growth,
            perDay: PeriodGrowth(from: growth.from, to: growth.to, aggregate: .dailyAverage, growth: growth.growth))
    }

    private func multiple(_ growth: PeriodGrowth) -> String? {
        growth.multiple(decimals: FigureFormat.multipleDecimals)
    }

    private func percent(_ growth: PeriodGrowth) -> String? { growth.percent(decimals: scope.precision) }

    var json: JSONValue {
        let rows = lines.map { line -> JSONValue in
            let (before, after) = (line.growth.growth.previous ?? 0, line.growth.growth.current)
            return [
                "entity": .optional(line.entity), "from_amount": .string(earlier.text(of: before)),
                "to_amount": .string(later.text(of: after)),
                "from_published": .string(earlier.text(of: earlier.published(before))),
                "to_published": .string(later.text(of: later.published(after))),
                "multiple": .optional(multiple(line.growth)), "percent": .optional(percent(line.growth)),
                "per_day_multiple": .optional(multiple(line.perDay)),
                "per_day_percent": .optional(percent(line.perDay)),
            ]
        }
        let total = later.totalPeriodGrowth(since: earlier)
        return .object(
            [JSONMember("scope", scope.nameJSON)] + scope.figureMembers + [
                JSONMember("by", .string(scope.entity.rawValue)), JSONMember("from_period", earlier.period.datesJSON),
                JSONMember("to_period", later.period.datesJSON),
                JSONMember("as_known_at", .string(RFC3339.text(answers.knownAt))),
                JSONMember("position", .integer(Int64(clamping: answers.position))),
                JSONMember("warning", total.warning.map { $0.json } ?? .null), JSONMember("rows", .array(rows)),
            ])
    }

    var csv: CSVWriter {
        var writer = CSVWriter(
            header: Scope.nameColumns + [
                "measure", "by", "entity", "from_period", "to_period", "from_days", "to_days", "from_amount",
                "to_amount",
                "multiple", "percent", "per_day_multiple", "per_day_percent", "lengths_differ",
            ])
        for line in lines {
            writer.append(
                scope.nameCells + [
                    .text(scope.measure.rawValue), .text(scope.entity.rawValue), .text(line.entity ?? ""),
                    .text(earlier.period.description), .text(later.period.description),
                    .count(earlier.period.dayCount), .count(later.period.dayCount),
                    .number(earlier.text(of: line.growth.growth.previous ?? 0)),
                    .number(later.text(of: line.growth.growth.current)), CSVCell(multiple(line.growth)),
                    CSVCell(percent(line.growth)?.unsigned), CSVCell(multiple(line.perDay)),
                    CSVCell(percent(line.perDay)?.unsigned),
                    .text(line.growth.comparesUnequalLengths ? "true" : "false"),
                ])
        }
        return writer
    }
}
