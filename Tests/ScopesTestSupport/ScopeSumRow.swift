package import Scopes
package import UsageModel

/// Sums of usage before a scope's filters: the oracle that filters them in plain code, where the store does it in SQL.
///
/// Several rows may have the same key; they are added.
package struct ScopeSumRow: Sendable, Hashable {
    package var provider: String
    /// What the tenants behind the row were on the days that it sums; `unclassified` where nobody has said.
    package var tenantKind: TenantKind
    package var layer: Layer
    package var workload: Workload
    package var modality: Modality
    /// The provider's own name of the region; empty where the source gave none.
    package var region: String
    /// The model, or `nil` where the sums were made over all models.
    package var model: String?
    package var counts: SignedTokenCounts

    package init(
        provider: String, tenantKind: TenantKind, layer: Layer = .maas, workload: Workload = .online,
        modality: Modality = .text, region: String = "", model: String? = nil, counts: SignedTokenCounts
    ) {
        self.provider = provider
        self.tenantKind = tenantKind
        self.layer = layer
        self.workload = workload
        self.modality = modality
        self.region = region
        self.model = model
        self.counts = counts
    }
}

extension Scope {
    /// Applies the filters to a row; `nil` where the scope doesn't look at the row's provider.
    package func filtered(_ row: ScopeSumRow, segment: Int = 0) -> FilteredSumRow? {
        guard filters.includes(provider: row.provider) else { return nil }
        return FilteredSumRow(
            provider: row.provider, tenantKind: row.tenantKind, model: row.model, region: row.region, layer: row.layer,
            workload: row.workload, segment: segment, passesFilters: filters.matches(row), counts: row.counts)
    }
}

extension ScopeFilters {
    /// Whether the row passes every filter except those on providers, kinds, markets and origins: the first two are
    /// asked on their own, the others need facts that rows don't hold.
    ///
    /// - Precondition: a filter on models asks for rows that are told apart by model.
    package func matches(_ row: ScopeSumRow) -> Bool {
        (layers?.contains(row.layer) ?? true)
            && (workloads?.contains(row.workload) ?? true)
            && (modalities?.contains(row.modality) ?? true)
            && (regions?.contains { $0.matches(row.region) } ?? true)
            && (models?.contains { $0.matches(Self.model(of: row)) } ?? true)
    }

    private static func model(of row: ScopeSumRow) -> String {
        guard let model = row.model else { preconditionFailure("models are filtered in sums over all models") }
        return model
    }
}

extension ShareTable {
    /// Evaluates a scope that needs no facts over the sums of a period. An entity with usage but nothing counted has a
    /// row with 0.
    ///
    /// - Throws: ``MissingFacts`` where the scope needs more than usage.
    /// - Complexity: O(*rows* + *entities* log *entities*).
    package init(scope: Scope, period: Period, sums: some Sequence<ScopeSumRow>) throws {
        try self.init(scope: scope, period: period, filtered: sums.lazy.compactMap { scope.filtered($0) })
    }
}
