internal import Scopes
package import TextFormats

/// `GET /v1/exports/monthly-share`: the monthly figures for finance.
package struct MonthlyShareResponse: APITable {
    package var month = ""
    package var scope = ScopeName()
    package var zone = ""
    package var measure = ""
    package var currency: String?
    package var asKnownAt = Moment()
    package var position = 0
    package var statement: ClosedStatement?
    package var previousStatement: ClosedStatement?
    package var rows: [MonthlyShareRow] = []

    package init() {}

    package static let fields: [Field<MonthlyShareResponse>] = [
        Field("month", \.month),
        Field("scope", \.scope),
        Field("zone", \.zone, csv: .left),
        .measure(\.measure),
        .currency(\.currency, csv: .included),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field(
            "statement", \.statement,
            means: "Where the figures of a closed month come from; null where they were evaluated."),
        Field(
            "previous_statement", \.previousStatement,
            means: "Where the figures of the month before come from, which growth compares with; null where they were "
                + "evaluated."),
        Field("rows", \.rows, means: "Empty where nothing of the month is counted or left out."),
    ]

    private static let layout: CSVLayout<MonthlyShareResponse, MonthlyShareRow> = [
        .row([MonthlyShareRow.columns[\.row]]),
        .answer([columns[\.month]]),
        .answer(ScopeName.columns.at(\.scope, named: "scope")),
        .answer([columns[\.measure]]),
        .row(MonthlyShareRow.columns.from(\.entity).upTo(\.unmapped)),
        .answer([columns[\.currency]]),
        .row(MonthlyShareRow.columns.from(\.unmapped)),
        .answer([ClosedStatement.columns[\.id].at(\.previousStatement).called("previous_statement")]),
        .answer(ClosedStatement.columns.map { $0.at(\.statement) }),
        .answer([columns[\.position].called("position"), columns[\.asKnownAt].called("known_at")]),
    ]

    /// One line for each row; the statement is the same in every line, and empty where the month isn't closed.
    package var csv: CSVWriter {
        // Every row has the entity's name, the total's too, if only beside null.
        Self.layout.csv(of: self, rows: rows, names: rows.first?.entity.map(\.name) ?? [])
    }
}

/// One entity, the others together, or the total.
package struct MonthlyShareRow: APIObject {
    package var row = ""
    package var entity: [NamedText] = []
    package var rank: Int?
    package var external = Amount()
    package var ownBusiness = Amount()
    package var unclassified = Amount()
    package var otherKinds = Amount()
    package var numerator = Amount()
    package var denominator = Amount()
    package var sharePercent: Percent?
    package var previousNumerator: Amount?
    package var monthOnMonthPercent: Percent?
    package var previousRestated: Amount?
    package var unmapped = Amount()
    package var overLimit = OverLimitAmount()
    package var estimated = EstimatedAmount()
    package var revenueFrom: String?
    package var unpricedTokens = Count()

    package init() {}

    package static let meaning: String? = "The entity stands under its own name, such as `provider`."

    /// The words of ``row`` beside those of what scopes divide among.
    package static let other = "other"
    package static let total = "total"

    package static let fields: [Field<MonthlyShareRow>] = [
        Field(
            "row", \.row, means: "`other` gathers the entities that the scope does not name.",
            values: Scope.Entity.names + [other, total]),
        .named(\.entity, among: Scope.Entity.names, isNullable: true),
        Field("rank", \.rank, means: "Null for the other rows, the total, and where nothing counts."),
        .external(\.external),
        .ownBusiness(\.ownBusiness),
        .unclassified(\.unclassified),
        .otherKinds(\.otherKinds, en: nil),
        Field("numerator", \.numerator, en: "Numerator", zh: "分子"),
        Field("denominator", \.denominator, en: "Denominator", zh: "分母"),
        Field("share_percent", \.sharePercent, en: "Share", zh: "份额"),
        Field(
            "previous_numerator", \.previousNumerator,
            means: "Of the month before, as its statement has it where it is closed; null where there is nothing to "
                + "compare with."),
        Field(
            "month_on_month_percent", \.monthOnMonthPercent, en: "Month on month", zh: "环比",
            means: "The growth of the numerator, without a plus sign."),
        Field(
            "previous_restated", \.previousRestated,
            means: "Of the month before as evaluated now, beside its statement's; null where there is no such "
                + "statement, and under a closed month."),
        .unmapped(\.unmapped, en: nil),
        .group(\.overLimit),
        .group(\.estimated),
        .revenueFrom(\.revenueFrom, en: nil),
        .unpricedTokens(\.unpricedTokens, en: nil),
    ]

    /// `nil` for the others together and for the total.
    package var name: String? { entity.first?.text }
}

/// The statement that a closed month's figures come from.
package struct ClosedStatement: APIObject {
    package var id = 0
    package var status = ""
    package var sha256 = HexDigest()
    package var approvedAt: Moment?
    package var approvedBy: String?

    package init() {}

    package static let fields: [Field<ClosedStatement>] = [
        Field("id", \.id, csv: .named("statement")),
        Field("status", \.status, values: ["closed"], csv: .left),
        Field(
            "sha256", \.sha256, means: "Of the statement's canonical form.",
            csv: .named("statement_sha256")),
        Field("approved_at", \.approvedAt),
        Field("approved_by", \.approvedBy),
    ]
}
