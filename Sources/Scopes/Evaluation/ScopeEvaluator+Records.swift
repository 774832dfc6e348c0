internal import TextFormats
internal import UsageModel

// What counts although the ledger of usage doesn't hold it: tenders, private deployments, revenue records. All of it is
// customers', by definition.
extension ScopeEvaluator {
    mutating func addTenders() throws(UnanswerableScope) {
        for fact in facts.tenders where scope.filters.includes(provider: fact.provider) && period.touches(fact.month) {
            try requireWholeMonth(fact.month, of: .tenders)
            let counted =
                switch scope.measure.unit {
                case .count: try amount(fact.tenders)
                case .money: try units(of: fact.amount, in: fact.month)
                }
            try tally.add(counted, to: fact.provider, of: .externalCustomer, as: .included)
        }
    }

    /// Private deployments have neither region nor workload; of the filters, those on providers, models and origins
    /// apply. What a catalogue says of the model is read on the first day of the month.
    mutating func addPrivateDeployments() throws(UnanswerableScope) {
        for fact in facts.deployments
        where scope.filters.includes(provider: fact.provider) && period.touches(fact.month) {
            try requireWholeMonth(fact.month, of: .privateDeployments)
            let isMeant = scope.filters.models?.contains { $0.matches(fact.model) } ?? true
            let origin = originClassification(provider: fact.provider, model: fact.model, on: fact.month)
            let entity = entity(provider: fact.provider, model: fact.model, on: fact.month)
            try tally.add(amount(fact.tokens), to: entity, of: .externalCustomer, as: isMeant ? origin : .excluded)
        }
    }

    /// Adds the revenue that was imported. - Returns: the cells that it speaks for.
    mutating func addImportedRevenue() throws(UnanswerableScope) -> Set<RevenueCell> {
        var cells: Set<RevenueCell> = []
        for fact in facts.revenue where scope.filters.includes(provider: fact.provider) && period.touches(fact.month) {
            guard scope.readsImportedRevenue || fact.layer == .customisation else { continue }
            guard scope.entity == .provider else { continue }
            try requireWholeMonth(fact.month, of: .revenue)
            let isCounted = scope.counts(fact.layer)
            let earned = try units(of: fact.amount, in: fact.month)
            try tally.add(earned, to: fact.provider, of: .externalCustomer, as: isCounted ? .included : .excluded)
            if isCounted { tally.note(.imported, of: fact.provider) }
            cells.insert(RevenueCell(provider: NameBytes(fact.provider), layer: fact.layer, month: fact.month))
        }
        return cells
    }

    /// Months of the period for which a provider has no record of a layer although it has one for others: what it
    /// earned then is missing from the figure. MaaS has the price book instead.
    var revenueGaps: [ShareTable.RevenueGap] {
        guard scope.measure.source == .revenue, scope.entity == .provider else { return [] }
        var months: [RevenueSeries: Set<CalendarDate>] = [:]
        for fact in facts.revenue where scope.filters.includes(provider: fact.provider) && period.touches(fact.month) {
            guard scope.counts(fact.layer), fact.layer != .layer(.maas) else { continue }
            months[RevenueSeries(provider: fact.provider, layer: fact.layer.name), default: []].insert(fact.month)
        }
        return months.keys.sorted().compactMap { series in
            let missing = period.months.filter { months[series]?.contains($0.from) != true }
            guard !missing.isEmpty else { return nil }
            return ShareTable.RevenueGap(
                provider: series.provider, layer: series.layer, months: missing.map(\.description))
        }
    }

    // MARK: Money

    /// An amount in the scope's currency, in the units of its table.
    func units(of money: Money, in month: CalendarDate) throws(UnanswerableScope) -> Int128 {
        let scale = try amount(DecimalText.powerOfTen(Money.decimalsBeforeRate - FactSyntax.amountDecimals))
        return try units(product(amount(money.millionths), times: scale), of: money.currency, in: month)
    }

    /// The same of an amount in 10^-12 of a currency's unit. Exact: a rate has 8 decimals, and units are 10^-20.
    func units(_ sum: Int128, of currency: String, in month: CalendarDate) throws(UnanswerableScope) -> Int128 {
        let one = try amount(DecimalText.powerOfTen(FactSyntax.rateDecimals))
        guard sum != 0, currency != scope.currency else { return try product(sum, times: one) }
        let wanted = scope.currency ?? currency
        guard let rate = facts.rate(from: currency, to: wanted, in: month) else {
            throw UnanswerableScope(
                .missingRate, scope: scope.id,
                "The scope \(scope.id) is stated in \(wanted), and there is no rate from \(currency) to \(wanted) for "
                    + "\(Period.month(of: month)): import it with steelyard facts import rates.")
        }
        return try product(sum, times: amount(rate))
    }

    /// What a record says as an amount of the table.
    func amount(_ recorded: UInt128) throws(UnanswerableScope) -> Int128 {
        guard let amount = Int128(exactly: recorded) else { throw .tooLarge(scope) }
        return amount
    }

    func product(_ one: Int128, times other: Int128) throws(UnanswerableScope) -> Int128 {
        let (product, overflow) = one.multipliedReportingOverflow(by: other)
        guard !overflow else { throw .tooLarge(scope) }
        return product
    }
}

/// What one revenue record speaks for.
struct RevenueCell: Hashable {
    var provider: NameBytes
    var layer: RevenueLayer
    /// Its first day.
    var month: CalendarDate
}

/// The records of one provider and layer, month by month.
private struct RevenueSeries: Hashable, Comparable {
    var provider: String
    var layer: String

    static func < (left: RevenueSeries, right: RevenueSeries) -> Bool {
        (left.provider, left.layer) < (right.provider, right.layer)
    }
}
