internal import UsageModel

/// Applies a scope to sums of usage and to facts: what counts, of what kind, for which entity.
struct ScopeEvaluator {
    let scope: Scope
    let period: Period
    let facts: FactBook
    let segments: [SumSegment]
    var tally: ShareTally

    /// - Throws: ``MissingFacts`` where there is nothing of a fact that the scope needs.
    init(scope: Scope, period: Period, facts: FactBook, segments: [SumSegment]) throws(MissingFacts) {
        let first = min(segments.map(\.day).min() ?? period.from, period.from)
        let last = max(segments.map(\.day).max() ?? period.from, CalendarDate(days: period.to.days - 1))
        try scope.requireFacts(in: facts, over: period, days: first..<CalendarDate(days: last.days + 1))
        self.scope = scope
        self.period = period
        self.facts = facts
        self.segments = segments
        tally = ShareTally(scope: scope)
    }

    /// Adds up everything that the scope includes.
    mutating func add(_ rows: some Sequence<FilteredSumRow>) throws(UnanswerableScope) {
        switch scope.measure.source {
        case .usage:
            for row in rows {
                try tally.add(
                    scope.measure.amount(row.counts), to: entity(of: row), of: row.tenantKind,
                    as: classification(of: row), row.remarks)
            }
        case .revenue: try addRevenue(rows)
        case .tenders: try addTenders()
        }
        if scope.additions.contains(.privateDeployments) { try addPrivateDeployments() }
    }

    // MARK: What catalogues say

    private func day(of row: FilteredSumRow) -> CalendarDate { segments[row.segment].day }

    /// The entity that the row belongs to; `nil` where the catalogue doesn't say, and for models beyond a budget where
    /// the scope divides among models.
    func entity(of row: FilteredSumRow) -> String? {
        if scope.entity != .provider, row.overLimit.contains(.model) { return nil }
        return entity(provider: row.provider, model: row.model, on: day(of: row))
    }

    func entity(provider: String, model: String?, on day: CalendarDate) -> String? {
        switch scope.entity {
        case .provider: provider
        case .model: required(model)
        case .family: facts.model(required(model), on: day)?.family
        case .developer: facts.model(required(model), on: day)?.developer
        }
    }

    func classification(of row: FilteredSumRow) -> ShareTally.Classification {
        guard row.passesFilters else { return .excluded }
        let parts = [nameClassification(of: row), marketClassification(of: row), originClassification(of: row)]
        if parts.contains(.excluded) { return .excluded }
        return parts.allSatisfy { $0 == .included } ? .included : .unmapped
    }

    /// What the filters on names say of usage whose own names aren't known.
    private func nameClassification(of row: FilteredSumRow) -> ShareTally.Classification {
        let isOpen =
            scope.filters.models != nil && row.overLimit.contains(.model)
            || scope.filters.regions != nil && row.overLimit.contains(.region)
        return isOpen ? .unmapped : .included
    }

    private func marketClassification(of row: FilteredSumRow) -> ShareTally.Classification {
        guard let markets = scope.filters.markets else { return .included }
        guard !row.overLimit.contains(.region) else { return .unmapped }
        let found = facts.market(of: required(row.region), at: row.provider, on: day(of: row))
        return found.map { markets.contains($0) ? .included : .excluded } ?? .unmapped
    }

    private func originClassification(of row: FilteredSumRow) -> ShareTally.Classification {
        guard scope.filters.origins != nil, row.overLimit.contains(.model) else {
            return originClassification(provider: row.provider, model: row.model, on: day(of: row))
        }
        return .unmapped
    }

    /// What the filter on origins says.
    func originClassification(provider: String, model: String?, on day: CalendarDate) -> ShareTally.Classification {
        guard let origins = scope.filters.origins else { return .included }
        let origin = facts.origin(of: required(model), at: provider, on: day)
        return origin.map { origins.contains($0) ? .included : .excluded } ?? .unmapped
    }

    private func required(_ name: String?) -> String {
        guard let name else { preconditionFailure("the sums for \(scope.id) aren't told apart by what it needs") }
        return name
    }

    /// Refuses a fact of a month that the period cuts.
    func requireWholeMonth(_ month: CalendarDate, of kind: FactKind) throws(UnanswerableScope) {
        guard !period.holds(month) else { return }
        throw UnanswerableScope(
            .needsWholeMonths, scope: scope.id,
            "The scope \(scope.id) reads \(kind.rawValue), which are kept by month, and \(period) cuts "
                + "\(Period.month(of: month)): ask for whole months.")
    }
}

extension FilteredSumRow {
    var remarks: ShareTally.Remarks {
        ShareTally.Remarks(isOverLimit: !overLimit.isEmpty, isEstimated: isEstimated)
    }
}
