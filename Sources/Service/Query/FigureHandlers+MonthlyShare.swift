internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import Usage

extension FigureHandlers {
    /// `GET /v1/exports/monthly-share`.
    @Sendable func monthlyShare(
        _ request: Request, _ context: QueryContext, _ caller: TokenRecord
    ) async throws -> Answer {
        let parameters = try request.parameters(["month", "scope", "as-known-at", "wait-for"])
        let format = try request.format([.csv, .json])
        let scope = try scope(parameters)
        let month = try Self.month(parameters)
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        let answers = try await months([month, month.previous], scope, knownAt, caller)
        let export = MonthlyShareExport(
            table: answers.tables[0], previous: answers.tables.dropFirst().first, mark: answers.mark,
            knownAt: answers.knownAt)
        switch format {
        case .json: return Answer.json(export.json).mark(answers.mark)
        case .csv: return Answer.csv(export.csv).mark(answers.mark).file(export.fileName)
        }
    }

    /// One snapshot for both months, so that the growth compares what stands beside it. A month before which facts don't
    /// reach back to is left out: there is nothing to compare with.
    private func months(
        _ months: [Period], _ scope: Scope, _ knownAt: Timestamp?, _ caller: TokenRecord
    ) async throws -> ScopeAnswers {
        func answers(_ months: ArraySlice<Period>) async throws -> ScopeAnswers {
            try await store.answers(
                to: months.map { ScopeQuestion(scope: scope, period: $0) }, knownAt: knownAt, sight: caller.sight)
        }
        do {
            return try await answers(months[...])
        } catch let error where error is MissingFacts || error is UnanswerableScope {
            return try await answers(months.prefix(1))
        }
    }

    private static func month(_ parameters: QueryParameters) throws(Problem) -> Period {
        let text = try parameters.required("month", "a calendar month such as 2025-06")
        let period: Period
        do { period = try Period(text) } catch { throw .badParameter("month", error.description) }
        guard period.grain == .month, text == period.description else {
            throw .badParameter("month", "must be a calendar month such as 2025-06")
        }
        return period
    }
}

/// The monthly figures for finance: one row per provider (or what the scope divides among), where the scope names only
/// the largest one of the others, and one of totals.
struct MonthlyShareExport {
    var table: ShareTable
    /// `nil` where facts don't reach back to it.
    var previous: ShareTable?
    var mark: UInt64
    var knownAt: Timestamp

    var fileName: String {
        "steelyard-monthly-share-\(table.period)-\(table.scope.id)-v\(table.scope.version).csv"
    }

    private var entity: String { table.scope.entity.rawValue }

    /// What kind of row a line is: the entity's word, `other` or `total`.
    private func kind(of line: Line) -> String {
        line.isTotal ? "total" : line.row.isGathered ? "other" : entity
    }

    private struct Line {
        var row: ShareTable.Row
        var isTotal: Bool
        var percent: String?
        /// `nil` for the others together, who aren't the same ones each month.
        var growth: Growth?

        var isNamed: Bool { !isTotal && !row.isGathered }
    }

    private var lines: [Line] {
        let earlier = previous.flatMap { $0.rows.isEmpty ? nil : $0 }
        let rows = zip(table.rows, table.percentages()).map { row, percent in
            Line(
                row: row, isTotal: false, percent: percent,
                growth: row.isGathered ? nil : table.growth(of: row.entity, since: earlier))
        }
        let whole = Share(numerator: table.total.numerator, denominator: table.denominator)
        let total = Line(
            row: table.total, isTotal: true, percent: whole.percent(decimals: table.scope.precision),
            growth: table.totalGrowth(since: earlier))
        return rows + [total]
    }

    /// The change in percent without a plus sign: a cell of digits that every spreadsheet takes for a number.
    private func change(_ growth: Growth?) -> String? {
        growth?.percent(decimals: table.scope.precision).map { $0.hasPrefix("+") ? String($0.dropFirst()) : $0 }
    }

    var json: JSONValue {
        let rows = lines.map { line -> JSONValue in
            [
                "row": .string(kind(of: line)), entity: line.isNamed ? .string(line.row.entity) : .null,
                "rank": line.isNamed ? .integer(Int64(line.row.rank)) : .null,
                "external": text(line.row.external), "own_business": text(line.row.ownBusiness),
                "unclassified": text(line.row.unclassified), "other_kinds": text(line.row.otherKinds),
                "numerator": text(line.row.numerator), "denominator": text(table.denominator),
                "share_percent": .optional(line.percent),
                "previous_numerator": .optional(line.growth?.previous.map { table.text(of: $0) }),
                "month_on_month_percent": .optional(change(line.growth)),
                "uncatalogued": text(line.row.uncatalogued), "revenue_from": .optional(line.row.revenueFromText),
                "unpriced_tokens": .count(line.row.unpricedTokens),
            ]
        }
        return [
            "month": .string(table.period.description), "scope": table.scope.nameJSON,
            "zone": .string(table.scope.zone), "measure": .string(table.scope.measure.rawValue),
            "currency": .optional(table.scope.currency),
            "as_known_at": .string(RFC3339.text(knownAt)), "mark": .integer(Int64(clamping: mark)),
            "rows": .array(rows),
        ]
    }

    private func text(_ amount: UInt128) -> JSONValue { .string(table.text(of: amount)) }

    private func cell(_ amount: UInt128) -> CSVCell { .number(table.text(of: amount)) }

    var csv: CSVWriter {
        var writer = CSVWriter(header: [
            "row", "month", "scope", "scope_version", "scope_sha256", "measure", entity, "rank", "external",
            "own_business",
            "unclassified", "other_kinds", "numerator", "denominator", "share_percent", "previous_numerator",
            "month_on_month_percent", "currency", "uncatalogued", "revenue_from", "unpriced_tokens",
        ])
        let digest = table.scope.digest
        for line in lines {
            writer.append([
                .text(kind(of: line)), .text(table.period.description), .text(table.scope.id),
                .count(table.scope.version), .text(digest), .text(table.scope.measure.rawValue),
                line.isNamed ? .text(line.row.entity) : .empty, line.isNamed ? .count(line.row.rank) : .empty,
                cell(line.row.external), cell(line.row.ownBusiness), cell(line.row.unclassified),
                cell(line.row.otherKinds), cell(line.row.numerator), cell(table.denominator),
                line.percent.map { .number($0) } ?? .empty, line.growth?.previous.map(cell) ?? .empty,
                change(line.growth).map { .number($0) } ?? .empty, .text(table.scope.currency ?? ""),
                cell(line.row.uncatalogued), .text(line.row.revenueFromText ?? ""), .count(line.row.unpricedTokens),
            ])
        }
        return writer
    }
}
