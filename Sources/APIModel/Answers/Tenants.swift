/// `GET /v1/tenants`: what is held true.
package struct TenantsResponse: APIObject {
    package var asKnownAt = Moment()
    package var tenants: [TenantRow] = []

    package init() {}

    package static let fields: [Field<TenantsResponse>] = [
        .asKnownAt(\.asKnownAt), Field("tenants", \.tenants),
    ]
}

/// `GET /v1/tenants/history`: everything that was ever recorded of a tenant, newest first.
package struct TenantHistoryResponse: APIObject {
    package var tenants: [TenantRow] = []

    package init() {}

    package static let fields: [Field<TenantHistoryResponse>] = [Field("tenants", \.tenants)]
}

package struct TenantRow: APIObject {
    package var provider = ""
    package var tenant = ""
    package var kind = ""
    package var legalEntity = ""
    package var effectiveFrom = Day()
    package var effectiveTo: Day?
    package var reason = ""
    package var recordedAt = Moment()
    package var recordedBy = ""
    package var supersededAt: Moment?

    package init() {}

    package static let fields: [Field<TenantRow>] = [
        Field("provider", \.provider, en: "Provider", zh: "云厂商"),
        Field("tenant", \.tenant, en: "Tenant", zh: "租户"),
        Field("kind", \.kind, en: "Kind", zh: "租户类型"),
        Field("legal_entity", \.legalEntity, en: "Legal entity", zh: "法律主体"),
        Field("effective_from", \.effectiveFrom, en: "From", zh: "生效自"),
        Field("effective_to", \.effectiveTo, en: "To", zh: "生效至", means: "The first day that it isn't true any more."),
        Field("reason", \.reason, en: "Reason", zh: "依据"),
        Field("recorded_at", \.recordedAt, en: "Recorded at", zh: "记录时间"),
        Field("recorded_by", \.recordedBy, en: "By", zh: "记录人"),
        Field(
            "superseded_at", \.supersededAt, en: "Until", zh: "取代时间",
            means: "When a later assertion took its place; null while it is held."),
    ]
}
