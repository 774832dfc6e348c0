internal import Postgres
internal import Scopes
internal import UsageModel

/// Where in time a month of a scope lies, for asking what was delivered of it.
struct StatementSpan {
    let scope: Scope
    let month: Period
    /// The first second of the month, and the first after it.
    let seconds: Range<Int64>
    /// The first second of each day of the month, and of the day after it.
    private let days: [Int64]
    /// The first second of the month before.
    let before: Int64

    /// How long before the month before batches of it may have been received, in seconds: clocks aren't equal.
    static let receiptSlackSeconds = CivilTime.secondsPerDay

    init(_ scope: Scope, _ month: Period) throws {
        guard let zone = ZoneRules(identifier: scope.zone) else {
            throw StoreError(
                .notKept, "The scope \(scope.id) reads periods in \(scope.zone), a zone that is not known.")
        }
        self.scope = scope
        self.month = month
        seconds = month.seconds(in: zone)
        days = (month.from.days...month.to.days).map { zone.startOfDay(CalendarDate(days: $0)) }
        before = zone.startOfDay(month.previous.from)
    }

    /// The minutes of the month, since 1970-01-01T00:00Z. A zone's days begin with a minute.
    var minutes: Range<Int64> { Self.minute(seconds.lowerBound)..<Self.minute(seconds.upperBound) }
    /// The first minute of each day of the month, and of the day after it.
    var dayMinutes: [Int64] { days.map(Self.minute) }
    var firstMinuteBefore: Int64 { Self.minute(before) }

    /// The moment from which the month may be closed.
    func due(_ rules: StatementRules) -> Timestamp { Timestamp(seconds: seconds.upperBound + rules.graceSeconds) }

    private static func minute(_ second: Int64) -> Int64 { second.flooredDivision(by: 60) }
}
