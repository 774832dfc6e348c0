internal import UsageModel

/// Amounts on their way into a ``ShareTable``: what each entity has, and what of it the scope's filters let through.
struct ShareTally {
    /// What the scope's filters, other than the one on kinds, say of some usage.
    enum Classification: Sendable, Hashable {
        case included
        /// A filter leaves it out.
        case excluded
        /// A catalogue that a filter or the entity asks doesn't say.
        case unmapped
    }

    struct Amounts {
        var byKind: [TenantKind: UInt128] = [:]
        var outsideFilters: UInt128 = 0
        var unmapped: UInt128 = 0
        var overLimit: UInt128 = 0
        var unpricedTokens: UInt128 = 0
        var revenueFrom: Set<ShareTable.RevenueSource> = []

        mutating func add(
            _ amount: UInt128, of kind: TenantKind, as classification: Classification, isOverLimit: Bool
        ) {
            if isOverLimit { overLimit += amount }
            switch classification {
            case .included: byKind[kind, default: 0] += amount
            case .excluded: outsideFilters += amount
            case .unmapped: unmapped += amount
            }
        }
    }

    private let scope: Scope
    private var entities: [NameBytes: Amounts] = [:]
    private var all = Amounts()
    /// Everything that was added, which no part of it can exceed.
    private var sum: UInt128 = 0

    init(scope: Scope) {
        self.scope = scope
    }

    /// Adds an amount.
    ///
    /// - Parameters:
    ///   - entity: `nil` where a catalogue doesn't say whose it is; it then stands in the total only.
    ///   - isOverLimit: whether a name of it is one beyond a budget.
    /// - Throws: ``UnanswerableScope`` where the sum leaves 128 bits.
    mutating func add(
        _ amount: UInt128, to entity: String?, of kind: TenantKind, as classification: Classification,
        isOverLimit: Bool = false
    ) throws(UnanswerableScope) {
        let (sum, overflow) = sum.addingReportingOverflow(amount)
        guard !overflow else { throw .tooLarge(scope) }
        self.sum = sum
        if let entity {
            entities[NameBytes(entity), default: Amounts()].add(
                amount, of: kind, as: classification, isOverLimit: isOverLimit)
            all.add(amount, of: kind, as: classification, isOverLimit: isOverLimit)
        } else {
            let known = classification == .included ? .unmapped : classification
            all.add(amount, of: kind, as: known, isOverLimit: isOverLimit)
        }
    }

    /// Notes tokens that count and have no price.
    mutating func addUnpriced(_ tokens: UInt128, of entity: String?) {
        all.unpricedTokens += tokens
        if let entity { entities[NameBytes(entity), default: Amounts()].unpricedTokens += tokens }
    }

    /// Notes where revenue that counts comes from.
    mutating func note(_ source: ShareTable.RevenueSource, of entity: String?) {
        all.revenueFrom.insert(source)
        if let entity { entities[NameBytes(entity), default: Amounts()].revenueFrom.insert(source) }
    }

    // MARK: Rows

    /// What the scope counts of everything.
    var counted: UInt128 { counted(all) }

    func total(denominator: UInt128) -> ShareTable.Row { row(entity: "", all, denominator: denominator) }

    /// One row for each entity, in no order and without ranks.
    func rows(denominator: UInt128) -> [ShareTable.Row] {
        entities.map { name, amounts in
            row(entity: String(decoding: name.bytes, as: UTF8.self), amounts, denominator: denominator)
        }
    }

    private func counted(_ amounts: Amounts) -> UInt128 {
        amounts.byKind.reduce(0) { scope.filters.counts($1.key) ? $0 + $1.value : $0 }
    }

    private func row(entity: String, _ amounts: Amounts, denominator: UInt128) -> ShareTable.Row {
        let numerator = counted(amounts)
        return ShareTable.Row(
            entity: entity, numerator: numerator, byKind: amounts.byKind, outsideFilters: amounts.outsideFilters,
            unmapped: amounts.unmapped, overLimit: amounts.overLimit, unpricedTokens: amounts.unpricedTokens,
            revenueFrom: amounts.revenueFrom, share: Share(numerator: numerator, denominator: denominator), rank: 0)
    }
}

extension UnanswerableScope {
    static func tooLarge(_ scope: Scope) -> UnanswerableScope {
        UnanswerableScope(
            .tooLarge, scope: scope.id,
            "An amount under the scope \(scope.id) leaves 128 bits; look for a price, a rate or a total that was "
                + "imported with too many digits.")
    }
}
