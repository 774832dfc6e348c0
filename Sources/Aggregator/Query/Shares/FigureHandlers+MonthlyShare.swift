internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/exports/monthly-share`.
    @Sendable func monthlyShare(
        _ request: Request, _ context: QueryContext, _ caller: TokenRecord
    ) async throws -> Answer {
        let parameters = try request.parameters(["month", "scope", "as-known-at", "wait-for", "restated"])
        let format = try request.format([.csv, .json])
        let scope = try scope(parameters)
        let month = try Self.month(try parameters.required("month", "a calendar month such as 2025-06"))
        let knownAt = try Self.knownAt(parameters)
        let isRestated = try parameters.flag("restated")
        try await waitIfAsked(parameters)
        let export: MonthlyShareExport
        if let closed = try await closedExport(month, scope, isAskedFor: knownAt == nil && !isRestated) {
            export = closed
        } else {
            export = try await evaluatedExport(month, scope, knownAt: knownAt, visibility: caller.visibility)
        }
        switch format {
        case .json: return Answer.json(export.json).position(export.position)
        case .csv: return Answer.csv(export.csv).position(export.position).file(export.fileName)
        }
    }

    /// The figures of a closed month: those of its statement, whatever came in or was reclassified since. They are the
    /// whole market's, which the route's permission asks for.
    private func closedExport(_ month: Period, _ scope: Scope, isAskedFor: Bool) async throws -> MonthlyShareExport? {
        guard isAskedFor, let closed = try await store.closedMonth(month, scope: scope.id) else { return nil }
        return MonthlyShareExport(
            table: closed.table, previous: closed.previous, position: closed.statement.position,
            knownAt: closed.statement.knownAt, statement: closed.statement)
    }

    /// One snapshot for both months, so that the growth compares what stands beside it. A month before which facts don't
    /// reach back to is left out: there is nothing to compare with.
    private func evaluatedExport(
        _ month: Period, _ scope: Scope, knownAt: Timestamp?, visibility: Visibility
    ) async throws -> MonthlyShareExport {
        func export(_ months: [Period]) async throws -> MonthlyShareExport {
            let answers = try await store.answers(
                to: months.map { ScopeQuestion(scope: scope, period: $0) }, knownAt: knownAt, visibility: visibility)
            return MonthlyShareExport(
                table: answers.tables[0], previous: answers.tables.dropFirst().first, position: answers.position,
                knownAt: answers.knownAt)
        }
        do {
            return try await export([month, month.previous])
        } catch let error where error is MissingFacts || error is UnanswerableScope {
            return try await export([month])
        }
    }

    /// A calendar month in its one spelling.
    static func month(_ text: String) throws(Problem) -> Period {
        let period: Period
        do { period = try Period(text) } catch { throw .badParameter("month", error.description) }
        guard period.granularity == .month, text == period.description else {
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
    var position: UInt64
    var knownAt: Timestamp
    /// Where the figures come from, for a month that is closed.
    var statement: StatementHeader?

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
                "unmapped": text(line.row.unmapped), "revenue_from": .optional(line.row.revenueFromText),
                "unpriced_tokens": .count(line.row.unpricedTokens),
            ]
        }
        return [
            "month": .string(table.period.description), "scope": table.scope.nameJSON,
            "zone": .string(table.scope.zone), "measure": .string(table.scope.measure.rawValue),
            "currency": .optional(table.scope.currency),
            "as_known_at": .string(RFC3339.text(knownAt)), "position": .integer(Int64(clamping: position)),
            "statement": statement?.beside ?? .null, "rows": .array(rows),
        ]
    }

    /// The same in every line; empty where the month isn't closed.
    private var statementCells: [CSVCell] {
        guard let statement, let decision = statement.decision else { return [.empty, .empty, .empty, .empty] }
        return [
            .count(statement.id), .text(statement.digest), .text(RFC3339.text(decision.at)),
            .text(decision.person.holder),
        ]
    }

    private func text(_ amount: UInt128) -> JSONValue { .string(table.text(of: amount)) }

    private func cell(_ amount: UInt128) -> CSVCell { .number(table.text(of: amount)) }

    var csv: CSVWriter {
        var writer = CSVWriter(header: [
            "row", "month", "scope", "scope_version", "scope_sha256", "measure", entity, "rank", "external",
            "own_business",
            "unclassified", "other_kinds", "numerator", "denominator", "share_percent", "previous_numerator",
            "month_on_month_percent", "currency", "unmapped", "revenue_from", "unpriced_tokens",
            "statement", "statement_sha256", "approved_at", "approved_by",
        ])
        let digest = table.scope.digest
        for line in lines {
            writer.append(
                [
                    .text(kind(of: line)), .text(table.period.description), .text(table.scope.id),
                    .count(table.scope.version), .text(digest), .text(table.scope.measure.rawValue),
                    line.isNamed ? .text(line.row.entity) : .empty, line.isNamed ? .count(line.row.rank) : .empty,
                    cell(line.row.external), cell(line.row.ownBusiness), cell(line.row.unclassified),
                    cell(line.row.otherKinds), cell(line.row.numerator), cell(table.denominator),
                    line.percent.map { .number($0) } ?? .empty, line.growth?.previous.map(cell) ?? .empty,
                    change(line.growth).map { .number($0) } ?? .empty, .text(table.scope.currency ?? ""),
                    cell(line.row.unmapped), .text(line.row.revenueFromText ?? ""), .count(line.row.unpricedTokens),
                ] + statementCells)
        }
        return writer
    }
}
