/// What the database says that was delivered of a month, of every provider.
package struct MonthDelivery: Sendable {
    /// Of those that usage of the month is expected of, or whose batches of it were quarantined.
    package var collectors: [CollectorDelivery]
    /// Of those that have usage of the month.
    package var providers: [ProviderDays]
    /// Of batches that may have been of the month.
    package var holes: [LedgerHole]

    package init(collectors: [CollectorDelivery], providers: [ProviderDays], holes: [LedgerHole]) {
        self.collectors = collectors
        self.providers = providers
        self.holes = holes
    }
}

/// The days of a month on which a provider has usage, as the sums have it: dates of the reporting calendar.
package struct ProviderDays: Sendable {
    package var provider: String
    /// Counted from 1, in order.
    package var daysWithUsage: [Int]
    /// Whether it has no usage of any month before.
    package var isNew: Bool

    package init(provider: String, daysWithUsage: [Int], isNew: Bool) {
        self.provider = provider
        self.daysWithUsage = daysWithUsage
        self.isNew = isNew
    }

    /// How many days before the first one aren't expected: of a provider whose usage begins within the month, all.
    var daysBeforeFirst: Int { isNew ? (daysWithUsage.first ?? 1) - 1 : 0 }

    /// The days without usage that are expected to have some.
    func missingDays(of dayCount: Int) -> [Int] {
        let used = Set(daysWithUsage)
        return (1...dayCount).filter { $0 > daysBeforeFirst && !used.contains($0) }
    }
}
