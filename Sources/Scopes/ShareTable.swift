package import Usage

/// What a scope says about a period: every entity's part of the whole, with the integers it is made of.
package struct ShareTable: Sendable, Hashable {
    /// One entity, or the entities beyond the scope's ``Scope/top`` together.
    package struct Row: Sendable, Hashable {
        /// The provider or model (whatever the scope divides among); empty for the total.
        package var entity: String
        /// How many entities the row gathers because the scope doesn't name them; 0 where it is one entity.
        package var gathered = 0
        /// What the scope counts for the entity.
        package var numerator: UInt128
        /// What passes the scope's other filters, by kind of tenant: counted or not, all of it is here.
        package var byKind: [TenantKind: UInt128]
        /// What the scope's other filters (layer, region, workload, modality, model) leave out, of any kind.
        package var outsideFilters: UInt128
        /// ``numerator`` of the table's denominator.
        package var share: Share
        /// 1 for the largest numerator; equal numerators share a rank, and the next rank is skipped (1, 2, 2, 4). 0 for
        /// the total and for a row that gathers entities.
        package var rank: Int

        package func amount(of kind: TenantKind) -> UInt128 { byKind[kind] ?? 0 }
        package var external: UInt128 { amount(of: .externalCustomer) }
        package var ownBusiness: UInt128 { amount(of: .ownBusiness) }
        package var unclassified: UInt128 { amount(of: .unclassified) }
        /// Affiliates, trials and tests together.
        package var otherKinds: UInt128 { amount(of: .affiliate) + amount(of: .trial) + amount(of: .test) }
        /// Everything that was counted in the ledger for the entity, inside and outside the scope.
        package var everything: UInt128 { byKind.values.reduce(outsideFilters, +) }
        /// Whether the row gathers entities that the scope doesn't name.
        package var isGathered: Bool { gathered > 0 }
    }

    package let scope: Scope
    package let period: Period
    /// By falling numerator; equal ones by name. Where the scope names only the largest, the others are the last row.
    package let rows: [Row]
    /// What shares are shares of.
    package let denominator: UInt128
    /// All rows added up; its ``Row/rank`` is 0 and its entity is empty.
    package let total: Row

    /// Evaluates a scope over the sums of a period. An entity with usage but nothing counted has a row with 0.
    ///
    /// - Throws: ``MissingFacts`` where the scope needs more than usage.
    /// - Complexity: O(*rows* + *entities* log *entities*).
    package init(scope: Scope, period: Period, sums: some Sequence<ScopeSumRow>) throws(MissingFacts) {
        try self.init(scope: scope, period: period, filtered: sums.lazy.compactMap { scope.filtered($0) })
    }

    /// Evaluates a scope over sums that its filters have been applied to already.
    ///
    /// - Throws: ``MissingFacts`` where the scope needs more than usage.
    package init(scope: Scope, period: Period, filtered sums: some Sequence<FilteredSumRow>) throws(MissingFacts) {
        try scope.requireFacts()
        var amounts: [NameBytes: Amounts] = [:]
        var all = Amounts()
        for sum in sums {
            guard let amount = scope.measure.amount(of: sum.counts), let entity = scope.entity.name(in: sum) else {
                preconditionFailure("\(scope.id) measures \(scope.measure) by \(scope.entity) and needs no facts")
            }
            amounts[NameBytes(entity), default: Amounts()].add(amount, of: sum.tenantKind, covered: sum.isCovered)
            all.add(amount, of: sum.tenantKind, covered: sum.isCovered)
        }
        let whole = all.counted(by: scope.filters)
        self.scope = scope
        self.period = period
        denominator = whole
        total = all.row(entity: "", filters: scope.filters, denominator: whole)
        let ranked = Self.ranked(
            amounts.map { name, amounts in
                amounts.row(
                    entity: String(decoding: name.bytes, as: UTF8.self), filters: scope.filters, denominator: whole)
            })
        rows = scope.top.map { Self.gathered(ranked, beyond: $0) } ?? ranked
    }

    private static func ranked(_ rows: [Row]) -> [Row] {
        var rows = rows
        rows.sort {
            $0.numerator != $1.numerator
                ? $0.numerator > $1.numerator : $0.entity.utf8.lexicographicallyPrecedes($1.entity.utf8)
        }
        for index in rows.indices {
            let isTied = index > 0 && rows[index].numerator == rows[index - 1].numerator
            rows[index].rank = isTied ? rows[index - 1].rank : index + 1
        }
        return rows
    }

    /// The first rows, and one more of all the others together.
    private static func gathered(_ rows: [Row], beyond top: Int) -> [Row] {
        guard rows.count > top, let first = rows.first else { return rows }
        let others = rows[top...]
        let numerator = others.reduce(0) { $0 + $1.numerator }
        let row = Row(
            entity: "other", gathered: others.count, numerator: numerator,
            byKind: others.reduce(into: [:]) { $0.merge($1.byKind, uniquingKeysWith: +) },
            outsideFilters: others.reduce(0) { $0 + $1.outsideFilters },
            share: Share(numerator: numerator, denominator: first.share.denominator), rank: 0)
        return rows[..<top] + [row]
    }

    private struct Amounts {
        var byKind: [TenantKind: UInt128] = [:]
        var outsideFilters: UInt128 = 0

        mutating func add(_ amount: UInt128, of kind: TenantKind, covered: Bool) {
            if covered { byKind[kind, default: 0] += amount } else { outsideFilters += amount }
        }

        func counted(by filters: ScopeFilters) -> UInt128 {
            byKind.reduce(0) { filters.counts($1.key) ? $0 + $1.value : $0 }
        }

        func row(entity: String, filters: ScopeFilters, denominator: UInt128) -> Row {
            let numerator = counted(by: filters)
            return Row(
                entity: entity, numerator: numerator, byKind: byKind, outsideFilters: outsideFilters,
                share: Share(numerator: numerator, denominator: denominator), rank: 0)
        }
    }
}

extension Scope.Entity {
    /// The entity that a row of sums belongs to; `nil` where rows don't tell.
    func name(in row: FilteredSumRow) -> String? {
        switch self {
        case .provider: row.provider
        case .model: row.model
        case .family, .developer: nil
        }
    }
}
