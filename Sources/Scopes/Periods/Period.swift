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

extension Period {
    /// The period of the same granularity just before; for two dates, as many days just before.
    package var previous: Period {
        switch granularity {
        case .month: shifted(months: -1)
        case .quarter: shifted(months: -3)
        case .half: shifted(months: -6)
        case .year: shifted(months: -12)
        case .dates: Self.span(from: CalendarDate(days: from.days - Int64(dayCount)), days: dayCount)
        }
    }

    /// Whether the period is made of whole calendar months.
    package var isWholeMonths: Bool {
        from.components.day == 1 && to.components.day == 1
    }

    /// The calendar months that the period touches, in order; the first and the last may reach beyond it when
    /// ``isWholeMonths`` is false.
    package var months: [Period] {
        var months: [Period] = []
        var month = Period.month(of: from)
        while month.from < to {
            months.append(month)
            month = month.shifted(months: 1)
        }
        return months
    }

    /// The days of the period, in order.
    package var days: [CalendarDate] {
        (from.days..<to.days).map { CalendarDate(days: $0) }
    }

    private func shifted(months offset: Int) -> Period {
        let (year, month, _) = from.components
        let index = year * 12 + month - 1 + offset
        let count =
            switch granularity {
            case .month, .dates: 1
            case .quarter: 3
            case .half: 6
            case .year: 12
            }
        return Self.months(count, granularity: granularity, year: index / 12, firstMonth: index % 12 + 1)
    }

    static func span(from: CalendarDate, days: Int) -> Period {
        let to = CalendarDate(days: from.days + Int64(days))
        // The span is as long as a valid period, so it can't be empty.
        guard let period = try? Period(from: from, to: to) else {
            preconditionFailure("empty span of \(days) days from \(from)")
        }
        return period
    }
}

extension Period {
    /// What a period is divided into for a trend.
    package enum Step: String, Sendable, CaseIterable {
        case day, month, quarter, half

        /// The calendar months of a step, and what a period of so many is; `nil` for days.
        fileprivate var months: (count: Int, granularity: Granularity)? {
            switch self {
            case .day: nil
            case .month: (1, .month)
            case .quarter: (3, .quarter)
            case .half: (6, .half)
            }
        }
    }

    /// The steps of the period, in order and without gaps.
    ///
    /// - Returns: `nil` where the period doesn't begin and end with a step.
    package func divided(by step: Step) -> [Period]? {
        guard let (count, granularity) = step.months else {
            return days.map { Self.span(from: $0, days: 1) }
        }
        let start = from.components
        guard isWholeMonths, (start.month - 1) % count == 0 else { return nil }
        var steps: [Period] = []
        var index = start.year * 12 + start.month - 1
        var end = from
        while end < to {
            let next = Self.months(count, granularity: granularity, year: index / 12, firstMonth: index % 12 + 1)
            steps.append(next)
            end = next.to
            index += count
        }
        return end == to ? steps : nil
    }
}

/// Why a text is no period, with what would be one.
package struct PeriodError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case unreadable, noSuchMonth, noSuchQuarter, noSuchHalf, noSuchDate, emptyRange, singleDate
    }

    package let code: Code
    /// What was given, cut to a few dozen characters.
    package let text: String

    package init(_ code: Code, text: String) {
        self.code = code
        self.text = String(text.prefix(40))
    }

    package static let accepted =
        "use a month (2025-06), a quarter (2025-Q2), a half (2025-H1), a year (2025) or two dates, "
        + "the second not included (2025-06-01/2025-06-16)"

    package var description: String {
        switch code {
        case .unreadable: "'\(text)' is not a period: \(Self.accepted)"
        case .noSuchMonth: "'\(text)' names no month: months are 01 to 12"
        case .noSuchQuarter: "'\(text)' names no quarter: quarters are Q1 to Q4"
        case .noSuchHalf: "'\(text)' names no half-year: halves are H1 and H2"
        case .noSuchDate: "'\(text)' names a day that doesn't exist: write dates as YYYY-MM-DD"
        case .emptyRange: "'\(text)' holds no day: the second date must come after the first and is not included"
        case .singleDate: "'\(text)' is a day: write \(text.prefix(7)) for its month, or \(day) for the day alone"
        }
    }

    /// The day that a date names, as a period is written.
    private var day: String {
        CalendarDate(text).map { "\($0)/\(CalendarDate(days: $0.days + 1))" } ?? text
    }
}

extension Period {
    /// Parses `2025-06`, `2025-Q2`, `2025-H1`, `2025` or `2025-06-01/2025-06-16`.
    package init(_ text: String) throws(PeriodError) {
        if let slash = text.firstIndex(of: "/") {
            self = try Self.dates(from: text[..<slash], to: text[text.index(after: slash)...], text: text)
            return
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, let year = Self.number(parts[0], digits: 4), year > 0 else {
            throw PeriodError(CalendarDate(text) == nil ? .unreadable : .singleDate, text: text)
        }
        self = parts.count == 1 ? .year(year) : try Self.part(parts[1], of: year, text: text)
    }

    /// A calendar year.
    package static func year(_ year: Int) -> Period {
        months(12, granularity: .year, year: year, firstMonth: 1)
    }

    /// A period from the two optional parameters of a query, which must be dates.
    package init(from: String, to: String) throws(PeriodError) {
        self = try Self.dates(from: from[...], to: to[...], text: "\(from)/\(to)")
    }

    private static func dates(from: Substring, to: Substring, text: String) throws(PeriodError) -> Period {
        guard let first = CalendarDate(String(from)), let last = CalendarDate(String(to)) else {
            throw PeriodError(.noSuchDate, text: text)
        }
        return try Period(from: first, to: last)
    }

    private static func part(_ part: Substring, of year: Int, text: String) throws(PeriodError) -> Period {
        switch part.first {
        case "Q", "q":
            guard let quarter = number(part.dropFirst(), digits: 1) else { break }
            guard (1...4).contains(quarter) else { throw PeriodError(.noSuchQuarter, text: text) }
            return months(3, granularity: .quarter, year: year, firstMonth: quarter * 3 - 2)
        case "H", "h":
            guard let half = number(part.dropFirst(), digits: 1) else { break }
            guard (1...2).contains(half) else { throw PeriodError(.noSuchHalf, text: text) }
            return months(6, granularity: .half, year: year, firstMonth: half * 6 - 5)
        default:
            guard let month = number(part, digits: 2) else { break }
            guard (1...12).contains(month) else { throw PeriodError(.noSuchMonth, text: text) }
            return .month(year: year, month: month)
        }
        throw PeriodError(.unreadable, text: text)
    }

    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int(text)
    }
}
