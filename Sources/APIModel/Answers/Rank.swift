package import Scopes
package import TextFormats

/// `GET /v1/rank`: who is first under which scope.
package struct RankResponse: APITable {
    package var period = DateSpan()
    package var asKnownAt = Moment()
    package var position = 0
    package var tables: [RankTable] = []
    package var refused: [RefusedScope] = []

    package init() {}

    package static let fields: [Field<RankResponse>] = [
        Field("period", \.period),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field("tables", \.tables, means: "One for each thing that the scopes divide among."),
        Field("refused", \.refused, means: "The scopes that can't be answered."),
    ]

    /// An entity under a scope, or a scope that is refused.
    private struct Line: Sendable {
        var table: RankTable?
        var column: RankColumn?
        var row: RankRow?
        var standing: RankStanding?
        var refused: RefusedScope?

        var scope: ScopeName? { column?.scope }
    }

    private static let layout: CSVLayout<RankResponse, Line> = [
        .row([Column("scope") { .text($0.refused?.scope ?? $0.scope?.id ?? "") }]),
        .row([
            ScopeName.columns[\.version].at(\.scope).called("scope_version"),
            ScopeName.columns[\.sha256].at(\.scope).called("scope_sha256"),
        ]),
        .answer([DateSpan.columns[\.name].at(\.period)]),
        .row([
            RankColumn.columns[\.figure.measure].at(\.column), RankTable.columns[\.by].at(\.table),
            RankRow.columns[\.entity].at(\.row), RankStanding.columns[\.rank].at(\.standing),
            RankStanding.columns[\.numerator].at(\.standing),
            RankColumn.columns[\.denominator].at(\.column),
            RankStanding.columns[\.sharePercent].at(\.standing),
            RefusedScope.columns[\.code].at(\.refused),
            RankStanding.columns[\.overLimit].at(\.standing),
        ]),
        .answer([columns[\.position].called("position"), columns[\.asKnownAt].called("known_at")]),
    ]

    /// One line for each entity and scope that counts it, and one for each scope that is refused.
    package var csv: CSVWriter {
        let answered = tables.flatMap { table in
            table.scopes.enumerated().flatMap { place, column in
                table.rows.compactMap { row -> Line? in
                    let standing = row.standings[place]
                    guard standing.rank != nil else { return nil }
                    return Line(table: table, column: column, row: row, standing: standing)
                }
            }
        }
        return Self.layout.csv(of: self, rows: answered + refused.map { Line(refused: $0) })
    }
}

/// The scopes that divide among the same thing, beside each other.
package struct RankTable: APIObject {
    package var by = ""
    package var scopes: [RankColumn] = []
    package var rows: [RankRow] = []

    package init() {}

    package static let fields: [Field<RankTable>] = [
        .by(\.by), Field("scopes", \.scopes), Field("rows", \.rows),
    ]
}

package struct RankColumn: APIObject {
    package var scope = ScopeName()
    package var figure = ScopeFigure()
    package var denominator = Amount()
    package var overLimit = OverLimitAmount()
    package var estimated = EstimatedAmount()
    package var negative: LocalizedText?
    package var leaders: [String] = []

    package init() {}

    package static let fields: [Field<RankColumn>] = [
        Field("scope", \.scope),
        .group(\.figure),
        Field("denominator", \.denominator),
        .group(\.overLimit),
        .group(\.estimated),
        .negative(\.negative),
        Field(
            "leaders", \.leaders,
            means: "Who is first; several where they are equal, none where nothing counts.", csv: .left),
    ]
}

package struct RankRow: APIObject {
    package var entity = ""
    package var standings: [RankStanding] = []

    package init() {}

    package static let fields: [Field<RankRow>] = [
        Field("entity", \.entity),
        Field("standings", \.standings, means: "One for each scope, in their order."),
    ]
}

/// An entity's place under one scope.
package struct RankStanding: APIObject {
    package var scope = ""
    package var rank: Int?
    package var numerator: Amount?
    package var sharePercent: Percent?
    package var overLimit: Amount?
    package var estimated: Amount?

    package init() {}

    package static let fields: [Field<RankStanding>] = [
        Field("scope", \.scope, csv: .left),
        Field(
            "rank", \.rank, en: "#", zh: "#",
            means: "Null where the scope counts nothing for the entity or doesn't name it.", isBlank: true
        ),
        Field("numerator", \.numerator),
        Field("share_percent", \.sharePercent),
        Field(
            "over_limit", \.overLimit,
            means: "What of the entity's usage is counted under `(over-limit)`; null where it has no rank."),
        Field(
            "estimated", \.estimated,
            means: "What of the entity's figure is somebody's estimate; null where it has no rank."),
    ]
}

/// A scope that can't be answered, and why.
package struct RefusedScope: APIObject {
    package var scope = ""
    package var code = ""
    package var detail = ""
    package var missing: [String] = []

    package init() {}

    package static let fields: [Field<RefusedScope>] = [
        Field("scope", \.scope),
        Field("code", \.code, means: "A stable word.", csv: .named("refused")),
        Field("detail", \.detail),
        Field(
            "missing", \.missing, means: "The facts that are missing.",
            values: ScopeFact.allCases.map(\.rawValue)),
    ]
}
