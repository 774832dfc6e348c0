internal import Scopes
internal import UsageModel

/// Which sums answer a scope over a period, and the segments that they are told apart by.
struct ScopeSource {
    enum Days {
        /// Day sums, for scopes in the reporting calendar.
        case reporting(Range<CalendarDate>)
        /// Hour sums of some seconds, for scopes in another zone; the calendar says which day an hour belongs to.
        case hours(Range<Int64>, calendar: ZoneRules)
    }

    let days: Days
    /// Where each segment starts, in order: in days since 1970 for day sums, in seconds for hour sums.
    let starts: [Int64]
    let segments: [SumSegment]

    /// - Throws: ``StoreError`` with `.notKept` where no sums begin where the period's days begin.
    init(_ scope: Scope, _ period: Period, granularity: SumGranularity, calendar: ZoneRules) throws {
        let first = granularity.fromStartOfMonth ? Period.month(of: period.from).from : period.from
        guard scope.zone != calendar.identifier else {
            self.init(days: first..<period.to, period, granularity)
            return
        }
        guard let zone = ZoneRules(identifier: scope.zone) else {
            throw StoreError(
                .notKept, "The scope \(scope.id) reads periods in \(scope.zone), a zone that is not known.")
        }
        let seconds = zone.startOfDay(first)..<zone.startOfDay(period.to)
        self.init(hours: seconds, period, granularity, zone: zone, calendar: calendar)
        guard starts.allSatisfy({ $0.isMultiple(of: 3_600) }), seconds.upperBound.isMultiple(of: 3_600),
            calendar.hasWholeHours(from: seconds.lowerBound, to: seconds.upperBound)
        else {
            throw StoreError(
                .notKept,
                "The scope \(scope.id) reads periods in \(scope.zone), whose days don't begin with the hours that "
                    + "sums are kept by.")
        }
    }

    private init(days: Range<CalendarDate>, _ period: Period, _ granularity: SumGranularity) {
        var cuts = Set(granularity.changes)
        if granularity.byMonth { cuts.formUnion(period.months.map(\.from)) }
        cuts.insert(period.from)
        let starts = [days.lowerBound] + cuts.filter { $0 > days.lowerBound && $0 < days.upperBound }.sorted()
        self.days = .reporting(days)
        self.starts = starts.map(\.days)
        segments = starts.map {
            SumSegment(day: $0, month: Period.month(of: $0).from, isBefore: $0 < period.from)
        }
    }

    private init(
        hours: Range<Int64>, _ period: Period, _ granularity: SumGranularity, zone: ZoneRules, calendar: ZoneRules
    ) {
        var cuts = Set(granularity.changes.map { calendar.startOfDay($0) })
        if granularity.byMonth { cuts.formUnion(period.months.map { zone.startOfDay($0.from) }) }
        let from = zone.startOfDay(period.from)
        cuts.insert(from)
        let starts = [hours.lowerBound] + cuts.filter { $0 > hours.lowerBound && $0 < hours.upperBound }.sorted()
        days = .hours(hours, calendar: calendar)
        self.starts = starts
        segments = starts.map {
            SumSegment(
                day: calendar.date(atSecond: $0), month: Period.month(of: zone.date(atSecond: $0)).from,
                isBefore: $0 < from)
        }
    }
}
