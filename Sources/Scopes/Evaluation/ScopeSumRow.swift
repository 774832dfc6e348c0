package import UsageModel

/// Sums of usage at the granularity that scopes are evaluated on: what a scope's filters are applied to by pure code.
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
    package var counts: WideTokenCounts

    package init(
        provider: String, tenantKind: TenantKind, layer: Layer = .maas, workload: Workload = .online,
        modality: Modality = .text, region: String = "", model: String? = nil, counts: WideTokenCounts
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

/// Sums of usage that a scope's filters have been applied to: what the store hands to ``ShareTable``, and a fraction of
/// the rows that ``ScopeSumRow`` would be. What they are told apart by is the scope's ``SumGranularity``.
///
/// Several rows may have the same key; they are added.
package struct FilteredSumRow: Sendable, Hashable {
    package var provider: String
    package var tenantKind: TenantKind
    /// The model, or `nil` where the scope doesn't need it.
    package var model: String?
    /// The provider's own name of the region, or `nil` where the scope doesn't need it.
    package var region: String?
    package var layer: Layer?
    package var workload: Workload?
    /// A number that stands for the tenant, or `nil` where the scope doesn't need it.
    package var tenant: Int64?
    /// The position of the segment that it sums, among those that come with the rows.
    package var segment: Int
    /// Whether the usage passes the scope's filters other than those on kinds, markets and origins.
    package var isCovered: Bool
    package var counts: WideTokenCounts

    package init(
        provider: String, tenantKind: TenantKind, model: String? = nil, region: String? = nil, layer: Layer? = nil,
        workload: Workload? = nil, tenant: Int64? = nil, segment: Int = 0, isCovered: Bool, counts: WideTokenCounts
    ) {
        self.provider = provider
        self.tenantKind = tenantKind
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.tenant = tenant
        self.segment = segment
        self.isCovered = isCovered
        self.counts = counts
    }
}

extension Scope {
    /// Applies the filters to a row; `nil` where the scope doesn't look at the row's provider.
    package func filtered(_ row: ScopeSumRow, segment: Int = 0) -> FilteredSumRow? {
        guard filters.looks(at: row.provider) else { return nil }
        return FilteredSumRow(
            provider: row.provider, tenantKind: row.tenantKind, model: row.model, region: row.region, layer: row.layer,
            workload: row.workload, segment: segment, isCovered: filters.covers(row), counts: row.counts)
    }
}
