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
        // One snapshot for both months, so that the growth compares what stands beside it.
        let answers = try await store.answers(
            to: [month, month.previous].map { ScopeQuestion(scope: scope, period: $0) }, knownAt: knownAt,
            sight: caller.sight)
        let export = MonthlyShareExport(
            table: answers.tables[0], previous: answers.tables[1], mark: answers.mark, knownAt: answers.knownAt)
        switch format {
        case .json: return Answer.json(export.json).mark(answers.mark)
        case .csv: return Answer.csv(export.csv).mark(answers.mark).file(export.fileName)
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
    var previous: ShareTable
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
        let earlier = previous.rows.isEmpty ? nil : previous
        let rows = zip(table.rows, table.percentages()).map { row, percent in
            Line(
                row: row, isTotal: false, percent: percent,
                growth: row.isGathered ? nil : table.growth(of: row.entity, since: earlier))
        }
        let whole = Share(numerator: table.denominator, denominator: table.denominator)
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
                "external": .count(line.row.external), "own_business": .count(line.row.ownBusiness),
                "unclassified": .count(line.row.unclassified), "other_kinds": .count(line.row.otherKinds),
                "numerator": .count(line.row.numerator), "denominator": .count(table.denominator),
                "share_percent": .optional(line.percent),
                "previous_numerator": .optional(line.growth?.previous.map { String($0) }),
                "month_on_month_percent": .optional(change(line.growth)),
            ]
        }
        return [
            "month": .string(table.period.description), "scope": table.scope.nameJSON,
            "zone": .string(table.scope.zone), "measure": .string(table.scope.measure.rawValue),
            "as_known_at": .string(RFC3339.text(knownAt)), "mark": .integer(Int64(clamping: mark)),
            "rows": .array(rows),
        ]
    }

    var csv: CSVWriter {
        var writer = CSVWriter(header: [
            "row", "month", "scope", "scope_version", "scope_sha256", "measure", entity, "rank", "external",
            "own_business",
            "unclassified", "other_kinds", "numerator", "denominator", "share_percent", "previous_numerator",
            "month_on_month_percent",
        ])
        let digest = table.scope.digest
        for line in lines {
            writer.append([
                .text(kind(of: line)), .text(table.period.description), .text(table.scope.id),
                .count(table.scope.version), .text(digest), .text(table.scope.measure.rawValue),
                line.isNamed ? .text(line.row.entity) : .empty, line.isNamed ? .count(line.row.rank) : .empty,
                .count(line.row.external), .count(line.row.ownBusiness), .count(line.row.unclassified),
                .count(line.row.otherKinds), .count(line.row.numerator), .count(table.denominator),
                line.percent.map { .number($0) } ?? .empty, line.growth?.previous.map { .count($0) } ?? .empty,
                change(line.growth).map { .number($0) } ?? .empty,
            ])
        }
        return writer
    }
}
