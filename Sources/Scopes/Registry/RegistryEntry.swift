package import UsageModel

/// One statement about a tenant: what it is to its provider, from when to when, and why.
package struct RegistryEntry: Sendable, Hashable {
    package var provider: String
    package var tenant: String
    package var kind: TenantKind
    /// The legal entity behind the tenant; may be empty.
    package var legalEntity: String
    /// The first day on which it holds, in the reporting calendar.
    package var effectiveFrom: CalendarDate
    /// The first day on which it doesn't hold any more, or `nil` for no end in visibility.
    package var effectiveTo: CalendarDate?
    /// Why the kind is what it is; never empty.
    package var reason: String

    package init(
        provider: String, tenant: String, kind: TenantKind, legalEntity: String, effectiveFrom: CalendarDate,
        effectiveTo: CalendarDate?, reason: String
    ) {
        self.provider = provider
        self.tenant = tenant
        self.kind = kind
        self.legalEntity = legalEntity
        self.effectiveFrom = effectiveFrom
        self.effectiveTo = effectiveTo
        self.reason = reason
    }
}

extension RegistryEntry: EffectiveDated {
    package func isAboutTheSame(as other: RegistryEntry) -> Bool {
        NameBytes(provider) == NameBytes(other.provider) && NameBytes(tenant) == NameBytes(other.tenant)
    }

    package func saysTheSame(as other: RegistryEntry) -> Bool {
        kind == other.kind && legalEntity == other.legalEntity && reason == other.reason
    }
}

/// A registry entry as the store holds it: with when and by whom it was recorded.
package struct RecordedRegistryEntry: Sendable, Hashable {
    package var entry: RegistryEntry
    /// RFC 3339, UTC.
    package var recordedAt: String
    package var recordedBy: String

    package init(entry: RegistryEntry, recordedAt: String, recordedBy: String) {
        self.entry = entry
        self.recordedAt = recordedAt
        self.recordedBy = recordedBy
    }
}
