package import Scopes
package import TextFormats

/// `GET /v1/trend`: a figure step by step.
package struct TrendResponse: APITable {
    package var scope = ScopeName()
    package var period = DateSpan()
    package var figure = ScopeFigure()
    package var by = ""
    package var asKnownAt = Moment()
    package var position = 0
    package var series: [TrendSeries] = []
    package var events: [MarketEvent] = []

    package init() {}

    package static let fields: [Field<TrendResponse>] = [
        Field("scope", \.scope),
        Field("period", \.period),
        .group(\.figure),
        .by(\.by),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field("series", \.series, means: "One for each entity that was asked for."),
        Field("events", \.events, means: "What happened in the market in the period."),
    ]

    /// A step of a series.
    private struct Line: Sendable {
        var series: TrendSeries
        var point: TrendPoint
        /// What happened in the step.
        var events: String
    }

    private static let layout: CSVLayout<TrendResponse, Line> = [
        .answer(ScopeName.columns.at(\.scope, named: "scope")),
        .answer(columns),
        .row([TrendSeries.columns[\.entity].at(\.series)]),
        .row(DateSpan.columns.map { $0.at(\.point.period) }),
        .row(TrendPoint.columns.map { $0.at(\.point) }),
        .row(TrendInflection.columns.map { $0.at(\.point.inflection) }),
        .row([Column("events") { .text($0.events) }]),
        .answer([columns[\.position].called("position"), columns[\.asKnownAt].called("known_at")]),
    ]

    /// One line for each step of each series.
    package var csv: CSVWriter {
        let lines = series.flatMap { series in
            series.points.map { point -> Line in
                let happened = events.filter { point.period.contains($0.date) }
                return Line(
                    series: series, point: point,
                    events: happened.map { "\($0.date) \($0.title.en)" }.joined(separator: "; "))
            }
        }
        return Self.layout.csv(of: self, rows: lines)
    }
}

package struct TrendSeries: APIObject {
    package var entity: String?
    package var points: [TrendPoint] = []

    package init() {}

    package static let fields: [Field<TrendSeries>] = [
        .entity(\.entity), Field("points", \.points, means: "One for each step, in order."),
    ]
}

package struct TrendPoint: APIObject {
    package var period = DateSpan()
    package var amount = Amount()
    package var published = Amount()
    package var denominator = Amount()
    package var sharePercent: Percent?
    package var change: Change?
    package var changePercent: Percent?
    package var multiple: DecimalNumber?
    package var overLimit = Amount()
    package var estimated = Amount()
    package var inflection: TrendInflection?

    package init() {}

    package static let fields: [Field<TrendPoint>] = [
        Field("period", \.period),
        Field("amount", \.amount, means: "The sum over the step."),
        Field(
            "published", \.published,
            means: "The figure as the scope publishes it, a sum or an average per day."),
        Field("denominator", \.denominator),
        Field("share_percent", \.sharePercent, en: "Share", zh: "份额"),
        Field("change", \.change, means: "Of the amount, since the step before; null at the first."),
        Field("change_percent", \.changePercent, en: "Change", zh: "变化"),
        Field("multiple", \.multiple, en: "Multiple", zh: "倍数", means: "Of the step before."),
        .overLimit(\.overLimit),
        .estimated(\.estimated),
        Field("inflection", \.inflection, means: "Set where growth takes off."),
    ]
}

package struct TrendInflection: APIObject {
    package var status = ""
    package var acceleration: DecimalNumber?

    package init() {}

    package static let fields: [Field<TrendInflection>] = [
        Field(
            "status", \.status, en: "Inflection", zh: "拐点",
            means: "Provisional at the last step, because nothing says yet whether it lasts.",
            values: [confirmed, provisional], csv: .named("inflection")),
        Field(
            "acceleration", \.acceleration,
            means: "How many times the growth of the step before the step's growth is."),
    ]

    package static let confirmed = "confirmed"
    package static let provisional = "provisional"
}

/// Something that happened in the market, to be read beside a trend.
package struct MarketEvent: APIObject {
    package var date = Day()
    package var title = LocalizedText()
    package var citation = ""

    package init() {}

    package static let fields: [Field<MarketEvent>] = [
        Field("date", \.date), Field("title", \.title), Field("citation", \.citation),
    ]
}
