package import UsageModel

/// A span of whole calendar days that a figure is about: a month, quarter, half, year, or two dates.
///
/// Half-open: ``from`` is the first day that counts, ``to`` the first that doesn't. The days are dates of a reporting
/// calendar; ``seconds(in:)`` places them in time.
package struct Period: Sendable, Hashable, CustomStringConvertible {
    package enum Granularity: String, Sendable, CaseIterable {
        case month, quarter, half, year, dates
    }

    package let granularity: Granularity
    /// The first day that counts.
    package let from: CalendarDate
    /// The first day that doesn't count any more.
    package let to: CalendarDate

    private init(granularity: Granularity, from: CalendarDate, to: CalendarDate) {
        self.granularity = granularity
        self.from = from
        self.to = to
    }

    /// The period from one day up to, not including, another.
    ///
    /// Two dates that span exactly one month, quarter, half or year are that period.
    package init(from: CalendarDate, to: CalendarDate) throws(PeriodError) {
        guard from < to else { throw PeriodError(.emptyRange, text: "\(from)/\(to)") }
        let start = from.components
        if start.day == 1 {
            for (granularity, count) in [(Granularity.month, 1), (.quarter, 3), (.half, 6), (.year, 12)]
            where (start.month - 1) % count == 0 {
                let whole = Self.months(count, granularity: granularity, year: start.year, firstMonth: start.month)
                if whole.to == to {
                    self = whole
                    return
                }
            }
        }
        self.init(granularity: .dates, from: from, to: to)
    }

    /// A calendar month. `month` must be 1 to 12.
    package static func month(year: Int, month: Int) -> Period {
        precondition((1...12).contains(month), "no month \(month)")
        return months(1, granularity: .month, year: year, firstMonth: month)
    }

    /// The calendar month that a date lies in.
    package static func month(of date: CalendarDate) -> Period {
        let (year, month, _) = date.components
        return .month(year: year, month: month)
    }

    static func months(_ count: Int, granularity: Granularity, year: Int, firstMonth: Int) -> Period {
        let next = year * 12 + firstMonth - 1 + count
        return Period(
            granularity: granularity,
            from: CalendarDate(days: CivilTime.days(year: year, month: firstMonth, day: 1)),
            to: CalendarDate(days: CivilTime.days(year: next / 12, month: next % 12 + 1, day: 1)))
    }

    /// Number of days; at least 1.
    package var dayCount: Int { Int(to.days - from.days) }

    package func contains(_ date: CalendarDate) -> Bool { from <= date && date < to }

    /// The moments that the period covers in a zone, as seconds since 1970-01-01T00:00Z, half-open.
    package func seconds(in zone: ZoneRules) -> Range<Int64> {
        zone.startOfDay(from)..<zone.startOfDay(to)
    }

    /// As it is written in a query: `2025-06`, `2025-Q2`, `2025-H1`, `2025`, `2025-06-01/2025-06-16`.
    package var description: String {
        let month = from.components.month
        let text = "\(from)"
        switch granularity {
        case .month: return String(text.prefix(7))
        case .quarter: return "\(text.prefix(4))-Q\((month - 1) / 3 + 1)"
        case .half: return "\(text.prefix(4))-H\((month - 1) / 6 + 1)"
        case .year: return String(text.prefix(4))
        case .dates: return "\(from)/\(to)"
        }
    }
}
