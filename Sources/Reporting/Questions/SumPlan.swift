package import Scopes
package import UsageModel

/// Which sums answer a question, and what they are told apart by: decided before any SQL is written.
package struct SumPlan: Sendable {
    package enum Days: Sendable {
        /// Day sums, for scopes in the reporting calendar.
        case reporting(Range<CalendarDate>)
        /// Hour sums of some seconds, for scopes in another zone; the calendar says which day an hour belongs to.
        case hours(Range<Int64>, calendar: ZoneRules)
    }

    package let scope: Scope
    package let granularity: SumGranularity
    package let days: Days
    /// The zone that the scope reads periods in.
    package let zone: ZoneRules
    /// The plan's days, in seconds since 1970.
    package let seconds: Range<Int64>
    /// Where each segment starts, in order: in days since 1970 for day sums, in seconds for hour sums.
    package let starts: [Int64]
    /// The same in seconds since 1970, whatever the days are.
    package let startSeconds: [Int64]
    package let segments: [SumSegment]

    /// - Parameter calendar: the reporting calendar.
    /// - Throws: ``QuestionError`` with `.notKept` where no sums begin where the period's days begin.
    init(_ question: ScopeQuestion, granularity: SumGranularity, calendar: ZoneRules) throws(QuestionError) {
        let (scope, period) = (question.scope, question.period)
        let first = granularity.fromStartOfMonth ? Period.month(of: period.from).from : period.from
        guard scope.zone != calendar.identifier else {
            self.init(days: first..<period.to, question, granularity, calendar: calendar)
            return
        }
        guard let zone = ZoneRules(identifier: scope.zone) else {
            throw QuestionError(
                .notKept, "The scope \(scope.id) reads periods in \(scope.zone), a zone that is not known.")
        }
        let seconds = zone.startOfDay(first)..<zone.startOfDay(period.to)
        self.init(hours: seconds, question, granularity, zone: zone, calendar: calendar)
        guard starts.allSatisfy({ $0.isMultiple(of: 3_600) }), seconds.upperBound.isMultiple(of: 3_600),
            calendar.hasWholeHours(from: seconds.lowerBound, to: seconds.upperBound)
        else {
            throw QuestionError(
                .notKept,
                "The scope \(scope.id) reads periods in \(scope.zone), whose days don't begin with the hours that "
                    + "sums are kept by.")
        }
    }

    private init(
        days: Range<CalendarDate>, _ question: ScopeQuestion, _ granularity: SumGranularity, calendar: ZoneRules
    ) {
        let period = question.period
        scope = question.scope
        self.granularity = granularity
        var cuts = Set(granularity.changes)
        if granularity.byMonth { cuts.formUnion(period.months.map(\.from)) }
        cuts.insert(period.from)
        let starts = [days.lowerBound] + cuts.filter { $0 > days.lowerBound && $0 < days.upperBound }.sorted()
        self.days = .reporting(days)
        zone = calendar
        seconds = calendar.startOfDay(days.lowerBound)..<calendar.startOfDay(days.upperBound)
        self.starts = starts.map(\.days)
        startSeconds = starts.map { calendar.startOfDay($0) }
        segments = starts.map {
            SumSegment(day: $0, month: Period.month(of: $0).from, isBefore: $0 < period.from)
        }
    }

    private init(
        hours: Range<Int64>, _ question: ScopeQuestion, _ granularity: SumGranularity, zone: ZoneRules,
        calendar: ZoneRules
    ) {
        let period = question.period
        scope = question.scope
        self.granularity = granularity
        var cuts = Set(granularity.changes.map { calendar.startOfDay($0) })
        if granularity.byMonth { cuts.formUnion(period.months.map { zone.startOfDay($0.from) }) }
        let from = zone.startOfDay(period.from)
        cuts.insert(from)
        let starts = [hours.lowerBound] + cuts.filter { $0 > hours.lowerBound && $0 < hours.upperBound }.sorted()
        days = .hours(hours, calendar: calendar)
        self.zone = zone
        seconds = hours
        self.starts = starts
        startSeconds = starts
        segments = starts.map {
            SumSegment(
                day: calendar.date(atSecond: $0), month: Period.month(of: zone.date(atSecond: $0)).from,
                isBefore: $0 < from)
        }
    }
}
