internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/rank`.
    @Sendable func rank(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters(["scope", "period", "from", "to", "as-known-at", "wait-for"])
        let format = try request.format([.json, .csv])
        let scopes = try namedScopes(parameters, limit: APILimits.maxRankScopes)
        let period = try Self.period(parameters)
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        let partial = try await store.partialAnswers(
            to: scopes.map { ScopeQuestion(scope: $0, period: period) }, knownAt: knownAt, visibility: caller.visibility
        )
        let figures = RankFigures(
            period: period, groups: try ScopeRanks.grouped(partial.answers.tables), answers: partial.answers,
            refused: partial.refused)
        switch format {
        case .json: return Answer.json(figures.json).position(partial.answers.position)
        case .csv: return Answer.csv(figures.csv).position(partial.answers.position)
        }
    }
}

/// Entities by scopes, ready to be written: one table for each thing that scopes divide among.
struct RankFigures {
    var period: Period
    var groups: [ScopeRanks]
    var answers: ScopeAnswers
    var refused: [ScopeRefusal]

    /// The tables of a group, in the order of its scopes.
    private func tables(_ group: ScopeRanks) -> [ShareTable] {
        answers.tables.filter { table in group.scopes.contains { $0.id == table.scope.id } }
    }

    var json: JSONValue {
        [
            "period": period.datesJSON, "as_known_at": .string(RFC3339.text(answers.knownAt)),
            "position": .integer(Int64(clamping: answers.position)), "tables": .array(groups.map(json(_:))),
            "refused": .array(
                refused.map { refusal in
                    [
                        "scope": .string(refusal.scope), "code": .string(refusal.code),
                        "detail": .string(refusal.message),
                        "missing": .array(refusal.missing.map { .string($0.rawValue) }),
                    ]
                }),
        ]
    }

    private func json(_ group: ScopeRanks) -> JSONValue {
        let tables = tables(group)
        let scopes = tables.enumerated().map { place, table -> JSONValue in
            .object(
                [JSONMember("scope", table.scope.nameJSON)] + table.scope.figureMembers + [
                    JSONMember("denominator", .string(table.text(of: table.denominator))),
                    JSONMember("leaders", .array(group.leaders(under: place).map { .string($0) })),
                ])
        }
        let rows = group.rows.map { row -> JSONValue in
            let standings = zip(row.standings, tables).map { standing, table -> JSONValue in
                [
                    "scope": .string(table.scope.id), "rank": .optional(standing?.rank),
                    "numerator": .optional(standing.map { table.text(of: $0.share.numerator) }),
                    "share_percent": .optional(standing?.percent),
                ]
            }
            return ["entity": .string(row.entity), "standings": .array(standings)]
        }
        return [
            "by": .string(tables.first?.scope.entity.rawValue ?? ""), "scopes": .array(scopes), "rows": .array(rows),
        ]
    }

    /// One line for each entity and scope, and one for each scope that is refused.
    var csv: CSVWriter {
        var writer = CSVWriter(
            header: Scope.nameColumns + [
                "period", "measure", "by", "entity", "rank", "numerator", "denominator", "share_percent", "refused",
            ])
        for group in groups {
            for (place, table) in tables(group).enumerated() {
                let name = table.scope.nameCells
                for row in group.rows {
                    guard let standing = row.standings[place] else { continue }
                    writer.append(
                        name + [
                            .text(period.description), .text(table.scope.measure.rawValue),
                            .text(table.scope.entity.rawValue), .text(row.entity), .count(standing.rank),
                            .number(table.text(of: standing.share.numerator)),
                            .number(table.text(of: table.denominator)), CSVCell(standing.percent), .empty,
                        ])
                }
            }
        }
        for refusal in refused {
            let empty = [CSVCell](repeating: .empty, count: 7)
            writer.append(
                [.text(refusal.scope), .empty, .empty, .text(period.description)] + empty + [.text(refusal.code)])
        }
        return writer
    }
}
