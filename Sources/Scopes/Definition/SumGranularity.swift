package import UsageModel

/// What the sums that a scope is evaluated on must be told apart by, beside provider, kind of tenant and whether its
/// filters let them through. The fewer, the fewer rows.
package struct SumGranularity: Sendable, Hashable {
    package var byModel = false
    package var byRegion = false
    package var byLayer = false
    package var byWorkload = false
    /// By tenant, because a price of the book has an allowance for each.
    package var byTenant = false
    /// By month of the scope's calendar.
    package var byMonth = false
    /// Sums from the first day of the period's first month on, because an allowance may be used up before the period.
    package var fromStartOfMonth = false
    /// The days of the reporting calendar inside the period on which a fact changes that the scope reads.
    package var changes: Set<CalendarDate> = []

    package init() {}
}

/// A span of the sums within which no fact changes that the scope reads.
package struct SumSegment: Sendable, Hashable {
    /// A day of the reporting calendar that lies in it: what facts held then, they held throughout.
    package var day: CalendarDate
    /// The first day of the month, in the scope's calendar, that it lies in.
    package var month: CalendarDate
    /// Whether it lies before the period, and only uses up allowances.
    package var isBefore: Bool

    package init(day: CalendarDate, month: CalendarDate, isBefore: Bool = false) {
        self.day = day
        self.month = month
        self.isBefore = isBefore
    }
}

extension Scope {
    /// What the scope's sums over some days of the reporting calendar must be told apart by.
    package func granularity(with book: FactBook, over days: Range<CalendarDate>) -> SumGranularity {
        var granularity = SumGranularity()
        for filter in ScopeFilter.all where filter.names(filters) != nil { filter.refine(&granularity, book, days) }
        if entity != .provider { granularity.byModel = true }
        if entity == .family || entity == .developer { granularity.changes.formUnion(book.models.changes(in: days)) }
        guard measure.source == .revenue else { return granularity }
        granularity.byModel = true
        granularity.byLayer = true
        granularity.byWorkload = true
        granularity.byMonth = true
        granularity.byTenant = book.hasFreeQuotas
        granularity.fromStartOfMonth = book.hasFreeQuotas
        granularity.changes.formUnion(book.prices.changes(in: days))
        return granularity
    }
}
