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

    /// What stands of some usage beside whose and what it is.
    struct Remarks: Sendable, Hashable {
        /// Whether a name of it is one beyond a budget.
        var isOverLimit = false
        /// Whether it is somebody's estimate.
        var isEstimated = false
    }

    struct Amounts {
        var byKind: [TenantKind: Int128] = [:]
        var outsideFilters: Int128 = 0
        var unmapped: Int128 = 0
        var overLimit: Int128 = 0
        /// Of what counts.
        var estimated: Int128 = 0
        var unpricedTokens: Int128 = 0
        var revenueFrom: Set<ShareTable.RevenueSource> = []

        mutating func add(
            _ amount: Int128, of kind: TenantKind, as classification: Classification, isCounted: Bool,
            _ remarks: Remarks
        ) {
            if remarks.isOverLimit { overLimit += amount }
            if remarks.isEstimated, isCounted, classification == .included { estimated += amount }
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
    /// The sizes of everything that was added, which no part of it can exceed.
    private var sum: Int128 = 0

    init(scope: Scope) {
        self.scope = scope
    }

    /// Adds an amount.
    ///
    /// - Parameters:
    ///   - entity: `nil` where a catalogue doesn't say whose it is; it then stands in the total only.
    /// - Throws: ``UnanswerableScope`` where the sum leaves 128 bits.
    mutating func add(
        _ amount: Int128, to entity: String?, of kind: TenantKind, as classification: Classification,
        _ remarks: Remarks = Remarks()
    ) throws(UnanswerableScope) {
        guard let size = Int128(exactly: amount.magnitude) else { throw .tooLarge(scope) }
        let (sum, overflow) = sum.addingReportingOverflow(size)
        guard !overflow else { throw .tooLarge(scope) }
        self.sum = sum
        let isCounted = scope.filters.counts(kind)
        if let entity {
            entities[NameBytes(entity), default: Amounts()].add(
                amount, of: kind, as: classification, isCounted: isCounted, remarks)
            all.add(amount, of: kind, as: classification, isCounted: isCounted, remarks)
        } else {
            let known = classification == .included ? .unmapped : classification
            all.add(amount, of: kind, as: known, isCounted: isCounted, remarks)
        }
    }

    /// Notes tokens that count and have no price.
    mutating func addUnpriced(_ tokens: Int128, of entity: String?) {
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
    var counted: Int128 { counted(all) }

    func total(denominator: Int128) -> ShareTable.Row { row(entity: "", all, denominator: denominator) }

    /// One row for each entity, in no order and without ranks.
    func rows(denominator: Int128) -> [ShareTable.Row] {
        entities.map { name, amounts in
            row(entity: String(decoding: name.bytes, as: UTF8.self), amounts, denominator: denominator)
        }
    }

    private func counted(_ amounts: Amounts) -> Int128 {
        amounts.byKind.reduce(0) { scope.filters.counts($1.key) ? $0 + $1.value : $0 }
    }

    private func row(entity: String, _ amounts: Amounts, denominator: Int128) -> ShareTable.Row {
        let numerator = counted(amounts)
        return ShareTable.Row(
            entity: entity, numerator: numerator, byKind: amounts.byKind, outsideFilters: amounts.outsideFilters,
            unmapped: amounts.unmapped, overLimit: amounts.overLimit, estimated: amounts.estimated,
            unpricedTokens: amounts.unpricedTokens, revenueFrom: amounts.revenueFrom,
            share: Share(numerator: numerator, denominator: denominator), rank: 0)
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
