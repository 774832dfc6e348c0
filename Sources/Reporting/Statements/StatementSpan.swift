package import Scopes
package import UsageModel

/// Where in time a month of a scope lies, for asking what was delivered of it.
package struct StatementSpan: Sendable {
    package let scope: Scope
    package let month: Period
    /// The first second of the month, and the first after it.
    package let seconds: Range<Int64>
    /// The first second of each day of the month, and of the day after it.
    private let days: [Int64]
    /// The first second of the month before.
    package let before: Int64

    /// How long before the month before batches of it may have been received, in seconds: clocks aren't equal.
    package static let receiptSlackSeconds = CivilTime.secondsPerDay

    /// - Throws: ``QuestionError`` with `.notKept` where the scope's zone isn't known.
    package init(_ scope: Scope, month: Period) throws(QuestionError) {
        guard let zone = ZoneRules(identifier: scope.zone) else {
            throw QuestionError(
                .notKept, "The scope \(scope.id) reads periods in \(scope.zone), a zone that is not known.")
        }
        self.scope = scope
        self.month = month
        seconds = month.seconds(in: zone)
        days = (month.from.days...month.to.days).map { zone.startOfDay(CalendarDate(days: $0)) }
        before = zone.startOfDay(month.previous.from)
    }

    /// The minutes of the month, since 1970-01-01T00:00Z. A zone's days begin with a minute.
    package var minutes: Range<Int64> { Self.minute(seconds.lowerBound)..<Self.minute(seconds.upperBound) }
    /// The first minute of each day of the month, and of the day after it.
    package var dayMinutes: [Int64] { days.map(Self.minute) }
    package var firstMinuteBefore: Int64 { Self.minute(before) }

    /// The moment from which the month may be closed: its end and the grace after it.
    package func due(_ rules: StatementRules) -> Timestamp {
        Timestamp(seconds: seconds.upperBound + rules.graceSeconds)
    }

    private static func minute(_ second: Int64) -> Int64 { second.flooredDivision(by: 60) }
}
