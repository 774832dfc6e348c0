package import Usage

/// Sums of usage at the grain that scopes are evaluated on: what the store hands to ``ShareTable``.
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
