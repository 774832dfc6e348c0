package import UsageModel

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
