internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/concentration`.
    @Sendable func concentration(
        _ request: Request, _ context: QueryContext, _ caller: TokenRecord
    ) async throws -> Answer {
        let parameters = try request.parameters(["scope", "period", "from", "to", "as-known-at", "wait-for"])
        let format = try request.format([.json, .csv])
        let scope = try namedScope(parameters)
        let period = try Self.period(parameters)
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        // The squares of all entities are needed, those that the scope doesn't name too.
        var named = scope
        named.top = nil
        let answers = try await store.answers(
            to: [ScopeQuestion(scope: named, period: period)], knownAt: knownAt, visibility: caller.visibility)
        let figures = ConcentrationFigures(scope: scope, table: answers.tables[0], answers: answers)
        switch format {
        case .json: return Answer.json(figures.json).position(answers.position)
        case .csv: return Answer.csv(figures.csv).position(answers.position)
        }
    }
}

/// How concentrated a market is, ready to be written.
struct ConcentrationFigures {
    /// As the installation has it.
    var scope: Scope
    var table: ShareTable
    var answers: ScopeAnswers

    /// Entities of which anything counts.
    private var entities: Int { table.rows.count { $0.numerator > 0 } }

    private var ratios: [(name: String, share: Share?)] {
        let concentration = table.concentration
        return [("cr1", concentration?.cr1), ("cr3", concentration?.cr3)]
    }

    private var index: String? { table.concentration?.hhi(decimals: FigureFormat.indexDecimals) }

    private func percent(_ share: Share?) -> String? { share?.percent(decimals: scope.precision) }

    var json: JSONValue {
        .object(
            [JSONMember("scope", scope.nameJSON), JSONMember("period", table.period.datesJSON)] + scope.figureMembers
                + [
                    JSONMember("by", .string(scope.entity.rawValue)),
                    JSONMember("as_known_at", .string(RFC3339.text(answers.knownAt))),
                    JSONMember("position", .integer(Int64(clamping: answers.position))),
                    JSONMember("entities", .integer(Int64(entities))),
                    JSONMember("denominator", .string(table.text(of: table.denominator))),
                ]
                + ratios.flatMap { name, share in
                    [
                        JSONMember("\(name)_numerator", .optional(share.map { table.text(of: $0.numerator) })),
                        JSONMember("\(name)_percent", .optional(percent(share))),
                    ]
                } + [JSONMember("hhi", .optional(index))])
    }

    var csv: CSVWriter {
        var writer = CSVWriter(
            header: Scope.nameColumns + [
                "period", "measure", "by", "entities", "denominator", "cr1_numerator", "cr1_percent", "cr3_numerator",
                "cr3_percent", "hhi",
            ])
        writer.append(
            scope.nameCells + [
                .text(table.period.description), .text(scope.measure.rawValue), .text(scope.entity.rawValue),
                .count(entities), .number(table.text(of: table.denominator)),
            ]
                + ratios.flatMap { _, share in
                    [CSVCell(share.map { table.text(of: $0.numerator) }), CSVCell(percent(share))]
                } + [CSVCell(index)])
        return writer
    }
}
