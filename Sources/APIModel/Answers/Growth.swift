package import Scopes
package import TextFormats

/// `GET /v1/growth`: how much larger a period's figures are than another's.
package struct GrowthResponse: APITable {
    package var scope = ScopeName()
    package var figure = ScopeFigure()
    package var by = ""
    package var fromPeriod = DateSpan()
    package var toPeriod = DateSpan()
    package var asKnownAt = Moment()
    package var position = 0
    package var warning: LocalizedText?
    package var fromStatement: ClosedStatement?
    package var toStatement: ClosedStatement?
    package var rows: [GrowthRow] = []

    package init() {}

    package static let fields: [Field<GrowthResponse>] = [
        Field("scope", \.scope),
        .group(\.figure),
        .by(\.by),
        Field("from_period", \.fromPeriod),
        Field("to_period", \.toPeriod),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field(
            "warning", \.warning, means: "Set where sums over spans of different length are compared."),
        Field(
            "from_statement", \.fromStatement,
            means:
                "Where the figures of the earlier period come from, if it is a month that is closed; null where they "
                + "were evaluated."),
        Field("to_statement", \.toStatement, means: "The same of the later period."),
        Field("rows", \.rows, means: "Empty where neither period has anything."),
    ]

    private static let layout: CSVLayout<GrowthResponse, GrowthRow> = [
        .answer(ScopeName.columns.at(\.scope, named: "scope")),
        .answer(columns),
        .row([GrowthRow.columns[\.entity]]),
        .answer([
            DateSpan.columns[\.name].at(\.fromPeriod).called("from_period"),
            DateSpan.columns[\.name].at(\.toPeriod).called("to_period"),
            DateSpan.columns[\.days].at(\.fromPeriod).called("from_days"),
            DateSpan.columns[\.days].at(\.toPeriod).called("to_days"),
        ]),
        .row(GrowthRow.columns.from(\.fromAmount)),
        .answer([
            Column("lengths_differ") { ($0.warning != nil).cell },
            ClosedStatement.columns[\.id].at(\.fromStatement).called("from_statement"),
            ClosedStatement.columns[\.id].at(\.toStatement).called("to_statement"),
            columns[\.position].called("position"), columns[\.asKnownAt].called("known_at"),
        ]),
    ]

    /// One line for each row.
    package var csv: CSVWriter { Self.layout.csv(of: self, rows: rows) }
}

package struct GrowthRow: APIObject {
    package var entity: String?
    package var fromAmount = Amount()
    package var toAmount = Amount()
    package var fromPublished = Amount()
    package var toPublished = Amount()
    package var multiple: DecimalNumber?
    package var percent: Percent?
    package var perDayMultiple: DecimalNumber?
    package var perDayPercent: Percent?
    package var fromOverLimit = Amount()
    package var toOverLimit = Amount()
    package var fromEstimated = Amount()
    package var toEstimated = Amount()
    package var fromRestated: Amount?
    package var toRestated: Amount?

    package init() {}

    package static let fields: [Field<GrowthRow>] = [
        .entity(\.entity),
        Field("from_amount", \.fromAmount),
        Field("to_amount", \.toAmount),
        Field("from_published", \.fromPublished, csv: .left),
        Field("to_published", \.toPublished, csv: .left),
        Field(
            "multiple", \.multiple, en: "Multiple", zh: "倍数",
            means:
                "The later figure over the earlier one; exactly, it is that of the amounts (and of the days, for "
                + "averages). Null where there is nothing to compare with."),
        Field("percent", \.percent, en: "Change", zh: "变化"),
        Field(
            "per_day_multiple", \.perDayMultiple, en: "Multiple per day", zh: "日均倍数",
            means: "The same of the averages per day, which can be compared whatever the lengths are."),
        Field("per_day_percent", \.perDayPercent, en: "Change per day", zh: "日均变化"),
        Field(
            "from_over_limit", \.fromOverLimit,
            means: "What of the earlier period's usage is counted under `(over-limit)`.",
            ifAbsent: Amount("0")),
        .overLimit(\.toOverLimit, named: "to_over_limit"),
        Field(
            "from_estimated", \.fromEstimated, means: "What of the earlier figure is somebody's estimate.",
            ifAbsent: Amount("0")),
        .estimated(\.toEstimated, named: "to_estimated"),
        .whenSet(
            "from_restated", \.fromRestated,
            means: "The amount of the earlier period as evaluated now, beside its statement's."),
        .whenSet("to_restated", \.toRestated, means: "The same of the later period."),
    ]
}
