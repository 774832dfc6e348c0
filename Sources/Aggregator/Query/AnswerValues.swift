internal import APIModel
internal import Scopes
internal import TextFormats
internal import UsageModel

/// With how many decimals answers are written where the scope doesn't say.
enum FigureFormat {
    /// Of multiples: how many times one figure another is.
    static let multipleDecimals = 4
    /// Of the Herfindahl–Hirschman index.
    static let indexDecimals = 2
    /// Of the percentages of coverage.
    static let coverageDecimals = 2
}

extension Moment {
    /// In UTC.
    init(_ time: Timestamp) { self.init(RFC3339.text(time)) }

    /// With a zone's offset.
    init(second: Int64, in zone: ZoneRules) { self.init(RFC3339.text(second: second, in: zone)) }
}

extension TimeSpan {
    /// The period with its first second and the first after it, on the clock of a zone.
    init(_ period: Period, in zone: ZoneRules) {
        let seconds = period.seconds(in: zone)
        self.init(period.description, from: seconds.lowerBound, to: seconds.upperBound, in: zone)
    }

    init(_ name: String, from: Int64, to: Int64, in zone: ZoneRules) {
        self.init()
        self.name = name
        self.from = Moment(second: from, in: zone)
        self.to = Moment(second: to, in: zone)
        self.zone = zone.identifier
    }
}
