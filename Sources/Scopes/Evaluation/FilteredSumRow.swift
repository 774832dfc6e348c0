package import UsageModel

/// Sums of usage that a scope's filters have been applied to: what the store hands to ``ShareTable``. What the rows are
/// told apart by is the scope's ``SumGranularity``.
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
    /// Whether the usage passes the scope's filters other than those on kinds, markets and origins. Models and regions
    /// of ``overLimit`` pass those on their names here; what counts of them is decided in evaluation.
    package var passesFilters: Bool
    /// In which dimensions it stands under the name for those beyond a budget.
    package var overLimit: OverLimitDimensions
    /// Whether the counts are somebody's estimate.
    package var isEstimated: Bool
    /// Negative where more was taken back than counted.
    package var counts: SignedTokenCounts

    package init(
        provider: String, tenantKind: TenantKind, model: String? = nil, region: String? = nil, layer: Layer? = nil,
        workload: Workload? = nil, tenant: Int64? = nil, segment: Int = 0, passesFilters: Bool,
        overLimit: OverLimitDimensions = [], isEstimated: Bool = false, counts: SignedTokenCounts
    ) {
        self.provider = provider
        self.tenantKind = tenantKind
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.tenant = tenant
        self.segment = segment
        self.passesFilters = passesFilters
        self.overLimit = overLimit
        self.isEstimated = isEstimated
        self.counts = counts
    }
}
