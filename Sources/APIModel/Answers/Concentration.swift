package import TextFormats

/// `GET /v1/concentration`: how much of a market its largest entities hold.
package struct ConcentrationResponse: APITable {
    package var scope = ScopeName()
    package var period = DateSpan()
    package var figure = ScopeFigure()
    package var by = ""
    package var asKnownAt = Moment()
    package var position = 0
    package var entities = 0
    package var denominator = Amount()
    package var cr1Numerator: Amount?
    package var cr1Percent: Percent?
    package var cr3Numerator: Amount?
    package var cr3Percent: Percent?
    package var hhi: DecimalNumber?
    package var overLimit = OverLimitAmount()
    package var estimated = EstimatedAmount()

    package init() {}

    package static let fields: [Field<ConcentrationResponse>] = [
        Field("scope", \.scope),
        Field("period", \.period),
        .group(\.figure),
        .by(\.by),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field("entities", \.entities, means: "Entities of which anything counts."),
        Field("denominator", \.denominator, en: "Counted", zh: "计入"),
        Field(
            "cr1_numerator", \.cr1Numerator, means: "Of the largest entity; null for an empty market."),
        Field("cr1_percent", \.cr1Percent, en: "CR1", zh: "CR1"),
        Field(
            "cr3_numerator", \.cr3Numerator, means: "Of the three largest; null for an empty market."),
        Field("cr3_percent", \.cr3Percent, en: "CR3", zh: "CR3"),
        Field(
            "hhi", \.hhi, en: "HHI", zh: "HHI",
            means:
                "The Herfindahl–Hirschman index, from 0 to 10,000, with 2 decimals. Null for an empty market, where the "
                + "parts are more than a published total, and where an entity has less than nothing."),
        .group(\.overLimit),
        .group(\.estimated),
    ]

    private static let layout: CSVLayout<ConcentrationResponse, ConcentrationResponse> = [
        .row(ScopeName.columns.at(\.scope, named: "scope")),
        .row([DateSpan.columns[\.name].at(\.period)]),
        .row(columns),
        .row([columns[\.position].called("position"), columns[\.asKnownAt].called("known_at")]),
    ]

    /// One line; none where nothing counts for anybody.
    package var csv: CSVWriter { Self.layout.csv(of: self, rows: entities == 0 ? [] : [self]) }
}
