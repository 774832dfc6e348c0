package import TextFormats

/// How a figure under a scope changed between two periods, with a warning where they can't be compared as they are.
package struct PeriodGrowth: Sendable, Hashable {
    package let from: Period
    package let to: Period
    /// What is compared: sums, or the daily averages that the scope publishes.
    package let aggregate: Scope.Aggregate
    /// The two sums; `nil` as the earlier one where there was none.
    package let growth: Growth

    /// - Parameter growth: of the sums, also where the scope publishes daily averages.
    package init(from: Period, to: Period, aggregate: Scope.Aggregate, growth: Growth) {
        self.from = from
        self.to = to
        self.aggregate = aggregate
        self.growth = growth
    }

    /// The later figure over the earlier one, exactly. `nil` where there was no earlier figure or it was zero, where
    /// one of the two is less, and where the product of a figure and days leaves 128 bits.
    package var multiple: Ratio? {
        guard let compared, let previous = compared.previous, previous > 0, compared.current >= 0 else { return nil }
        return Ratio(compared.current.magnitude, over: previous.magnitude)
    }

    /// The two figures in the same unit; `nil` where the product of a figure and days leaves 128 bits.
    private var compared: Growth? {
        guard aggregate == .dailyAverage, let earlier = growth.previous else { return growth }
        let (current, high) = growth.current.multipliedReportingOverflow(by: Int128(from.dayCount))
        let (previous, low) = earlier.multipliedReportingOverflow(by: Int128(to.dayCount))
        return high || low ? nil : Growth(previous: previous, current: current)
    }

    /// How many times the earlier figure the later one is, rounded half up: `4.70`.
    package func multiple(decimals: Int) -> String? { multiple?.decimal(decimals) }

    /// The change in percent, signed, rounded half away from zero: `+370.0`.
    package func percent(decimals: Int) -> String? {
        compared?.percent(decimals: decimals)
    }

    /// Whether sums over spans of different length are compared, so that the change isn't one of pace alone: two months
    /// of 31 and 28 days are. Averages per day can always be compared.
    package var comparesUnequalLengths: Bool { aggregate == .sum && from.dayCount != to.dayCount }

    /// What to say beside the figure, or `nil` where there is nothing to warn of.
    package var warning: LocalizedText? {
        guard comparesUnequalLengths else { return nil }
        return LocalizedText(
            en: "\(from) has \(from.dayCount) days and \(to) has \(to.dayCount): sums over them differ by their length "
                + "too. Compare daily averages, or periods of one length.",
            zh: "\(from) 共 \(from.dayCount) 天，\(to) 共 \(to.dayCount) 天，期长不同，合计不可直接比较；请比较日均或等长周期。")
    }
}

extension ShareTable {
    /// An entity's change since an earlier table of the same scope.
    package func periodGrowth(of entity: String, since earlier: ShareTable) -> PeriodGrowth {
        PeriodGrowth(
            from: earlier.period, to: period, aggregate: scope.aggregate, growth: growth(of: entity, since: earlier))
    }

    /// The change of all entities together since an earlier table of the same scope.
    package func totalPeriodGrowth(since earlier: ShareTable) -> PeriodGrowth {
        PeriodGrowth(
            from: earlier.period, to: period, aggregate: scope.aggregate, growth: totalGrowth(since: earlier))
    }
}
