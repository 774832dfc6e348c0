internal import UsageModel

extension Scope {
    /// Checks that the facts which the scope needs are there for a period.
    ///
    /// - Parameter days: the days of the reporting calendar that the period touches.
    /// - Throws: ``MissingFacts`` for those of which there is nothing at all.
    func requireFacts(in book: FactBook, over period: Period, days: Range<CalendarDate>) throws(MissingFacts) {
        let missing = requiredFacts.filter { !has($0, in: book, over: period, days: days) }
        guard missing.isEmpty else {
            throw MissingFacts(scope: id, facts: missing, period: period.description, reason: reason(missing))
        }
    }

    private func has(_ fact: ScopeFact, in book: FactBook, over period: Period, days: Range<CalendarDate>) -> Bool {
        switch fact {
        case .regionCatalogue: return book.markets.holdsAnything(in: days)
        case .modelCatalogue: return book.models.holdsAnything(in: days)
        case .providerCatalogue: return book.groups.holdsAnything(in: days)
        case .revenueRecords: return hasRevenue(in: book, over: period, days: days)
        case .tenderRecords:
            return book.tenders.contains { filters.looks(at: $0.provider) && period.touches($0.month) }
        case .privateDeploymentReports:
            return book.deployments.contains { filters.looks(at: $0.provider) && period.touches($0.month) }
        case .referenceTotals:
            guard case .referenceTotal(let name) = denominator else { return true }
            return book.referenceTotal(name, for: period).map { measures($0.unit) } ?? false
        }
    }

    /// Customisation is nothing that a price book could give; everything else may come from records or from prices.
    private func hasRevenue(in book: FactBook, over period: Period, days: Range<CalendarDate>) -> Bool {
        let records = book.revenue.filter { filters.looks(at: $0.provider) && period.touches($0.month) }
        if additions.contains(.customisation), !records.contains(where: { $0.layer == .customisation }) { return false }
        guard measure == .revenue else { return true }
        if readsImportedRevenue, records.contains(where: { counts($0.layer) }) { return true }
        return book.prices.holdsAnything(in: days)
    }

    /// Whether a revenue record's layer is one that the scope counts among its layers.
    func counts(_ layer: RevenueLayer) -> Bool {
        switch layer {
        case .layer(let layer): filters.layers?.contains(layer) ?? true
        case .customisation: additions.contains(.customisation)
        }
    }

    /// Whether imported revenue answers the scope: it is told apart by provider, month and layer, and by nothing else.
    var readsImportedRevenue: Bool {
        measure == .revenue && entity == .provider && filters.workloads == nil && filters.modalities == nil
            && filters.regions == nil && filters.markets == nil && filters.models == nil && filters.origins == nil
    }

    /// Whether a published total of this unit can be divided by what the scope measures.
    func measures(_ unit: ReferenceTotal.Unit) -> Bool {
        switch (measure, unit) {
        case (.tokens, .tokens), (.tokens, .tokensPerDay), (.requests, .requests), (.requests, .requestsPerDay),
            (.tenderCount, .tenders):
            true
        case (.revenue, .currency(let code)), (.tenderAmount, .currency(let code)): code == currency
        default: false
        }
    }

    private func reason(_ missing: [ScopeFact]) -> String? {
        if missing.contains(.referenceTotals), case .referenceTotal(let name) = denominator {
            let unit = currency ?? (measure == .tenderCount ? "tenders" : measure.rawValue)
            return "the total \(name) must be there for exactly this period, in \(unit)"
        }
        guard missing.contains(.revenueRecords) else { return nil }
        if additions.contains(.customisation) { return "revenue of the layer customisation must be among it" }
        return measure == .revenue && !readsImportedRevenue
            ? "revenue records aren't told apart by what this scope asks for, so that it is answered from prices" : nil
    }
}

extension Period {
    /// Whether some day of a month, given by its first day, belongs to the period.
    func touches(_ month: CalendarDate) -> Bool {
        let month = Period.month(of: month)
        return month.from < to && from < month.to
    }

    /// Whether all days of a month, given by its first day, belong to the period.
    func holds(_ month: CalendarDate) -> Bool {
        let month = Period.month(of: month)
        return from <= month.from && month.to <= to
    }
}
