package import Usage

/// What a scope says about a period: every entity's part of the whole, with the integers it is made of.
package struct ShareTable: Sendable, Hashable {
    /// One entity.
    package struct Row: Sendable, Hashable {
        /// The provider (or whatever the scope divides among).
        package var entity: String
        /// What the scope counts for the entity.
        package var numerator: UInt128
        /// What passes the scope's other filters, by kind of tenant: counted or not, all of it is here.
        package var byKind: [TenantKind: UInt128]
        /// What the scope's other filters (layer, region, workload, modality) leave out, of any kind.
        package var outsideFilters: UInt128
        /// ``numerator`` of the table's denominator.
        package var share: Share
        /// 1 for the largest numerator; equal numerators share a rank, and the next rank is skipped (1, 2, 2, 4).
        package var rank: Int

        package func amount(of kind: TenantKind) -> UInt128 { byKind[kind] ?? 0 }
        package var external: UInt128 { amount(of: .externalCustomer) }
        package var ownBusiness: UInt128 { amount(of: .ownBusiness) }
        package var unclassified: UInt128 { amount(of: .unclassified) }
        /// Affiliates, trials and tests together.
        package var otherKinds: UInt128 { amount(of: .affiliate) + amount(of: .trial) + amount(of: .test) }
        /// Everything that was counted in the ledger for the entity, inside and outside the scope.
        package var everything: UInt128 { byKind.values.reduce(outsideFilters, +) }
    }

    package let scope: Scope
    package let period: Period
    /// By falling numerator; equal ones by name.
    package let rows: [Row]
    /// What shares are shares of.
    package let denominator: UInt128
    /// All rows added up; its ``Row/rank`` is 0 and its entity is empty.
    package let total: Row

    /// Evaluates a scope over the sums of a period. An entity with usage but nothing counted has a row with 0.
    ///
    /// - Complexity: O(*rows* + *entities* log *entities*).
    package init(scope: Scope, period: Period, sums: some Sequence<ScopeSumRow>) {
        var amounts: [String: Amounts] = [:]
        var all = Amounts()
        for sum in sums {
            let amount = scope.measure.amount(of: sum.counts)
            let isCovered = scope.filters.covers(sum)
            amounts[scope.entity.name(in: sum), default: Amounts()].add(amount, of: sum.tenantKind, covered: isCovered)
            all.add(amount, of: sum.tenantKind, covered: isCovered)
        }
        let whole = all.counted(by: scope.filters)
        self.scope = scope
        self.period = period
        denominator = whole
        total = all.row(entity: "", filters: scope.filters, denominator: whole)
        rows = Self.ranked(
            amounts.map { $0.value.row(entity: $0.key, filters: scope.filters, denominator: whole) })
    }

    private static func ranked(_ rows: [Row]) -> [Row] {
        var rows = rows
        rows.sort { $0.numerator != $1.numerator ? $0.numerator > $1.numerator : $0.entity < $1.entity }
        for index in rows.indices {
            let isTied = index > 0 && rows[index].numerator == rows[index - 1].numerator
            rows[index].rank = isTied ? rows[index - 1].rank : index + 1
        }
        return rows
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
    /// The entity that a row of sums belongs to.
    func name(in row: ScopeSumRow) -> String {
        switch self {
        case .provider: row.provider
        }
    }
}
