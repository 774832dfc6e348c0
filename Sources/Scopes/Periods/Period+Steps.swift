internal import UsageModel

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
