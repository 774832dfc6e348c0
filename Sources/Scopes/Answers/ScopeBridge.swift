/// The way from one scope to another: scopes in between, each of which differs from the one before it in one aspect.
///
/// The order is fixed, so that the same two scopes always give the same steps. What is counted comes first, filter by
/// filter, then what is measured, then how the figure is said. Only where the first scope counts tenders, which have
/// neither tenants nor models, the measure is changed before the filters.
package struct ScopeBridge: Sendable, Hashable {
    /// What a step changes; in the order of the steps.
    package enum Aspect: Sendable, Hashable, CaseIterable {
        case filter(ScopeFilter)
        /// What counts beside the ledger. It can come twice: what suits the first measure goes before the measure is
        /// changed, what suits the second one comes after.
        case additions
        /// Whose calendar days make up the period.
        case zone
        /// What is added up, and its currency: the unit of the figures changes.
        case measure
        /// The sum, or the average per day.
        case aggregate
        /// What shares are shares of.
        case denominator
    }

    package struct Step: Sendable, Hashable {
        /// What differs from the step before; `nil` at the start.
        package var aspect: Aspect?
        /// The scope as it is after the step. It names every entity, whatever ``Scope/top`` the scopes at the ends
        /// have.
        package var scope: Scope
    }

    package let from: Scope
    package let to: Scope
    /// The start, and a step for each aspect that differs.
    package private(set) var steps: [Step]

    /// - Throws: ``DifferentEntities`` where the scopes divide among different things.
    package init(from: Scope, to: Scope) throws(DifferentEntities) {
        guard from.entity == to.entity else { throw DifferentEntities(from: from, to: to) }
        self.from = from
        self.to = to
        var start = from
        start.top = nil
        steps = [Step(aspect: nil, scope: start)]
        if !from.measure.source.filters.contains(.kinds) { addMeasure() }
        addFilters()
        add(.additions) { $0.additions = $0.measure == to.measure ? to.additions : [] }
        add(.zone) { $0.zone = to.zone }
        addMeasure()
        add(.additions) { $0.additions = to.additions }
        add(.aggregate) { $0.aggregate = to.aggregate }
        add(.denominator) { $0.denominator = to.denominator }
        // Percentages at the end are said as the second scope says them.
        if steps.count > 1 { steps[steps.count - 1].scope.precision = to.precision }
    }

    private mutating func addMeasure() {
        let (measure, currency) = (to.measure, to.currency)
        add(.measure) {
            $0.measure = measure
            $0.currency = currency
        }
    }

    private mutating func addFilters() {
        let filters = to.filters
        for filter in ScopeFilter.all { add(.filter(filter)) { filter.copy(&$0.filters, filters) } }
    }

    /// Adds a step, where it changes anything.
    private mutating func add(_ aspect: Aspect, _ change: (inout Scope) -> Void) {
        guard let last = steps.last?.scope else { return }
        var next = last
        change(&next)
        if next != last { steps.append(Step(aspect: aspect, scope: next)) }
    }
}

/// Two scopes divide among different things, so that there is no way from a figure of one to a figure of the other.
package struct DifferentEntities: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(from: Scope, to: Scope) {
        description =
            "the scope \(from.id) divides among \(from.entity.words.en) and \(to.id) among \(to.entity.words.en): "
            + "bridge scopes that divide among the same"
    }
}

extension ScopeBridge.Aspect {
    package static var allCases: [Self] {
        ScopeFilter.all.map(Self.filter) + [.additions, .zone, .measure, .aggregate, .denominator]
    }

    /// The word in answers: a filter's key, or the aspect's own name.
    package var rawValue: String {
        switch self {
        case .filter(let filter): filter.key
        case .additions: "additions"
        case .zone: "zone"
        case .measure: "measure"
        case .aggregate: "aggregate"
        case .denominator: "denominator"
        }
    }

    /// What a scope says about the aspect: the words of its file, parted by commas, or `all`.
    package func value(in scope: Scope) -> String {
        switch self {
        case .filter(let filter): filter.names(scope.filters)?.joined(separator: ",") ?? "all"
        case .additions:
            scope.additions.isEmpty ? "none" : scope.additions.map(\.rawValue).sorted().joined(separator: ",")
        case .zone: scope.zone
        case .measure: scope.unit
        case .aggregate: scope.aggregate.rawValue
        case .denominator: scope.denominator.name
        }
    }
}
