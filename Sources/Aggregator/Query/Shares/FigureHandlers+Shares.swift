internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

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
            to: [ScopeQuestion(scope: scope, period: period)], knownAt: knownAt, visibility: caller.visibility)
        let figures = ShareFigures(
            table: answers.tables[0], position: answers.position, knownAt: answers.knownAt,
            zone: ZoneRules(identifier: scope.zone) ?? store.calendar)
        switch format {
        case .json: return Answer.json(figures.json).position(answers.position)
        case .csv: return Answer.csv(figures.csv).position(answers.position)
        }
    }
}

/// The shares of a period with what they are made of, ready to be written.
struct ShareFigures {
    var table: ShareTable
    var position: UInt64
    var knownAt: Timestamp
    /// The scope's.
    var zone: ZoneRules

    var json: JSONValue {
        let rows = zip(table.rows, table.percentages()).map { row, percent -> JSONValue in
            .object(
                [
                    JSONMember(table.scope.entity.rawValue, row.isGathered ? .null : .string(row.entity)),
                    JSONMember("rank", row.isGathered ? .null : .integer(Int64(row.rank))),
                    JSONMember("numerator", text(row.numerator)), JSONMember("denominator", text(table.denominator)),
                    JSONMember("share_percent", .optional(percent)),
                    JSONMember("interval", table.intervalJSON(of: row, published: percent)),
                ] + amounts(row) + bounds(row)
                    + (row.isGathered ? [JSONMember("gathered", .integer(Int64(row.gathered)))] : []))
        }
        return [
            "scope": table.scope.nameJSON, "period": table.period.json(in: zone),
            "measure": .string(table.scope.measure.rawValue), "currency": .optional(table.scope.currency),
            "aggregate": .string(table.scope.aggregate.rawValue),
            "by": .string(table.scope.entity.rawValue), "as_known_at": .string(RFC3339.text(knownAt)),
            "position": .integer(Int64(clamping: position)), "denominator": text(table.denominator),
            "reference": table.reference?.json ?? .null, "rows": .array(rows),
            "total": .object([JSONMember("numerator", text(table.total.numerator))] + amounts(table.total)),
            "gaps": .array(table.gaps.map(\.json)),
        ]
    }

    private func text(_ amount: UInt128) -> JSONValue { .string(table.text(of: amount)) }

    private func amounts(_ row: ShareTable.Row) -> [JSONMember] {
        [
            JSONMember("published", text(table.published(row.numerator))),
            JSONMember("external", text(row.external)), JSONMember("own_business", text(row.ownBusiness)),
            JSONMember("unclassified", text(row.unclassified)), JSONMember("other_kinds", text(row.otherKinds)),
            JSONMember("outside_filters", text(row.outsideFilters)),
            JSONMember("unmapped", text(row.unmapped)),
        ] + (table.scope.measure == .revenue ? origin(row) : [])
    }

    /// Where revenue comes from, and what of the tokens has none.
    private func origin(_ row: ShareTable.Row) -> [JSONMember] {
        [
            JSONMember("revenue_from", .optional(row.revenueFromText)),
            JSONMember("unpriced_tokens", .count(row.unpricedTokens)),
        ]
    }

    /// Between which percentages the share lies, given the precision of the published total.
    private func bounds(_ row: ShareTable.Row) -> [JSONMember] {
        guard let interval = table.referenceInterval(of: row) else { return [] }
        let decimals = table.scope.precision
        return [
            JSONMember("share_percent_lowest", .optional(interval.lowest.percent(decimals: decimals))),
            JSONMember("share_percent_highest", .optional(interval.highest.percent(decimals: decimals))),
        ]
    }

    var csv: CSVWriter {
        var writer = CSVWriter(
            header: [
                "scope", "scope_version", "scope_sha256", "period", "measure", table.scope.entity.rawValue, "rank",
                "numerator", "denominator",
                "share_percent", "published", "external", "own_business", "unclassified", "other_kinds",
                "outside_filters",
                "currency", "unmapped", "revenue_from", "unpriced_tokens", "share_percent_lowest",
                "share_percent_highest",
            ] + ShareTable.intervalColumns)
        let digest = table.scope.digest
        for (row, percent) in zip(table.rows, table.percentages()) {
            let interval = table.referenceInterval(of: row)
            func bound(_ share: Share?) -> CSVCell {
                share?.percent(decimals: table.scope.precision).map { .number($0) } ?? .empty
            }
            writer.append(
                [
                    .text(table.scope.id), .count(table.scope.version), .text(digest),
                    .text(table.period.description), .text(table.scope.measure.rawValue), .text(row.entity),
                    row.isGathered ? .empty : .count(row.rank), cell(row.numerator), cell(table.denominator),
                    percent.map { .number($0) } ?? .empty,
                    cell(table.published(row.numerator)), cell(row.external), cell(row.ownBusiness),
                    cell(row.unclassified), cell(row.otherKinds), cell(row.outsideFilters),
                    .text(table.scope.currency ?? ""), cell(row.unmapped), .text(row.revenueFromText ?? ""),
                    .count(row.unpricedTokens), bound(interval?.lowest), bound(interval?.highest),
                ] + table.intervalCells(of: row, published: percent))
        }
        return writer
    }

    private func cell(_ amount: UInt128) -> CSVCell { .number(table.text(of: amount)) }
}

extension ShareTable.RevenueGap {
    fileprivate var json: JSONValue {
        [
            "provider": .string(provider), "layer": .string(layer),
            "months": .array(months.map { .string($0) }),
        ]
    }
}

extension ReferenceTotal {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "period": .string(period.description),
            "scope": .optional(scope.isEmpty ? nil : scope),
            "value": .string(value), "unit": .string(unit.text), "precision": .string(precision),
            "source": .string(source), "as_of": .string("\(asOf)"),
        ]
    }
}
