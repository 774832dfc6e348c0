internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import Usage

extension FigureHandlers {
    /// `GET /v1/shares`.
    @Sendable func shares(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters(["scope", "period", "from", "to", "by", "as-known-at", "wait-for"])
        let format = try request.format([.json, .csv])
        let scope = try scope(parameters)
        let period = try Self.period(parameters)
        let entities = Scope.Entity.allCases.map(\.rawValue)
        let by = try parameters.value("by", allowed: entities, parse: Scope.Entity.init(rawValue:)) ?? scope.entity
        guard by == scope.entity else {
            throw Problem.badParameter(
                "by", "the scope \(scope.id) divides by \(scope.entity.rawValue)", allowed: [scope.entity.rawValue])
        }
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        let answers = try await store.answers(
            to: [ScopeQuestion(scope: scope, period: period)], knownAt: knownAt, sight: caller.sight)
        let figures = ShareFigures(
            table: answers.tables[0], mark: answers.mark, knownAt: answers.knownAt,
            zone: ZoneRules(identifier: scope.zone) ?? store.calendar)
        switch format {
        case .json: return Answer.json(figures.json).mark(answers.mark)
        case .csv: return Answer.csv(figures.csv).mark(answers.mark)
        }
    }
}

/// The shares of a period with what they are made of, ready to be written.
struct ShareFigures {
    var table: ShareTable
    var mark: UInt64
    var knownAt: Timestamp
    /// The scope's.
    var zone: ZoneRules

    var json: JSONValue {
        let rows = zip(table.rows, table.percentages()).map { row, percent -> JSONValue in
            .object(
                [
                    JSONMember(table.scope.entity.rawValue, row.isGathered ? .null : .string(row.entity)),
                    JSONMember("rank", row.isGathered ? .null : .integer(Int64(row.rank))),
                    JSONMember("numerator", .count(row.numerator)),
                    JSONMember("denominator", .count(table.denominator)),
                    JSONMember("share_percent", .optional(percent)),
                    JSONMember("interval", table.intervalJSON(of: row)),
                ] + amounts(row)
                    + (row.isGathered ? [JSONMember("gathered", .integer(Int64(row.gathered)))] : []))
        }
        return [
            "scope": table.scope.nameJSON, "period": table.period.json(in: zone),
            "measure": .string(table.scope.measure.rawValue), "aggregate": .string(table.scope.aggregate.rawValue),
            "by": .string(table.scope.entity.rawValue), "as_known_at": .string(RFC3339.text(knownAt)),
            "mark": .integer(Int64(clamping: mark)), "denominator": .count(table.denominator),
            "rows": .array(rows),
            "total": .object([JSONMember("numerator", .count(table.total.numerator))] + amounts(table.total)),
        ]
    }

    private func amounts(_ row: ShareTable.Row) -> [JSONMember] {
        [
            JSONMember("published", .count(table.published(row.numerator))),
            JSONMember("external", .count(row.external)), JSONMember("own_business", .count(row.ownBusiness)),
            JSONMember("unclassified", .count(row.unclassified)), JSONMember("other_kinds", .count(row.otherKinds)),
            JSONMember("outside_filters", .count(row.outsideFilters)),
        ]
    }

    var csv: CSVWriter {
        var writer = CSVWriter(
            header: [
                "scope", "scope_version", "scope_sha256", "period", "measure", table.scope.entity.rawValue, "rank",
                "numerator", "denominator",
                "share_percent", "published", "external", "own_business", "unclassified", "other_kinds",
                "outside_filters",
            ] + ShareTable.intervalColumns)
        let digest = table.scope.digest
        for (row, percent) in zip(table.rows, table.percentages()) {
            writer.append(
                [
                    .text(table.scope.id), .count(table.scope.version), .text(digest),
                    .text(table.period.description), .text(table.scope.measure.rawValue), .text(row.entity),
                    row.isGathered ? .empty : .count(row.rank), .count(row.numerator), .count(table.denominator),
                    percent.map { .number($0) } ?? .empty,
                    .count(table.published(row.numerator)), .count(row.external), .count(row.ownBusiness),
                    .count(row.unclassified), .count(row.otherKinds), .count(row.outsideFilters),
                ] + table.intervalCells(of: row))
        }
        return writer
    }
}
