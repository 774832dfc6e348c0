package import UsageModel

/// What was written, or will be: events, bytes and tokens, by provider and kind of tenant.
package struct MarketTotals: Sendable, Hashable {
    package var events = 0
    package var bytes = 0
    /// Filled in once the last day has been made.
    package var counts: [Key: WideTokenCounts] = [:]

    package struct Key: Sendable, Hashable {
        package var provider: String
        package var kind: TenantKind

        package init(provider: String, kind: TenantKind) {
            self.provider = provider
            self.kind = kind
        }
    }

    package init() {}

    /// Input plus output tokens of a kind at a provider.
    package func tokens(provider: String, kind: TenantKind) -> UInt128 {
        counts[Key(provider: provider, kind: kind)]?.total ?? 0
    }

    /// Input plus output tokens of a provider, of every kind.
    package func tokens(provider: String) -> UInt128 {
        counts.reduce(0) { $1.key.provider == provider ? $0 + $1.value.total : $0 }
    }

    /// Input plus output tokens of all providers.
    package var tokens: UInt128 { counts.values.reduce(0) { $0 + $1.total } }
}
