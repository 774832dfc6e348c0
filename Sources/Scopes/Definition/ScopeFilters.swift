package import UsageModel

/// What a scope lets through, filter by filter; `nil` lets everything through. What is particular to a filter stands in
/// ``ScopeFilter``.
package struct ScopeFilters: Sendable, Hashable {
    /// The platforms that the scope includes; others don't even stand beside its figures.
    package var providers: Set<String>?
    package var kinds: Set<TenantKind>?
    package var layers: Set<Layer>?
    package var workloads: Set<Workload>?
    package var modalities: Set<Modality>?
    /// Regions by the provider's own names.
    package var regions: [NamePattern]?
    /// Regions by the market that they lie in.
    package var markets: Set<ServedMarket>?
    package var models: [NamePattern]?
    /// Models by whether the platform's own group made them.
    package var origins: Set<ModelOrigin>?

    package init(
        providers: Set<String>? = nil, kinds: Set<TenantKind>? = nil, layers: Set<Layer>? = nil,
        workloads: Set<Workload>? = nil, modalities: Set<Modality>? = nil, regions: [NamePattern]? = nil,
        markets: Set<ServedMarket>? = nil, models: [NamePattern]? = nil, origins: Set<ModelOrigin>? = nil
    ) {
        self.providers = providers
        self.kinds = kinds
        self.layers = layers
        self.workloads = workloads
        self.modalities = modalities
        self.regions = regions
        self.markets = markets
        self.models = models
        self.origins = origins
    }

    /// The names that each filter lets through, by its key, in the order of ``ScopeFilter/all``; `nil` lets everything
    /// through.
    package var names: [(key: String, names: [String]?)] { ScopeFilter.all.map { ($0.key, $0.names(self)) } }

    /// Whether the kind counts.
    package func counts(_ kind: TenantKind) -> Bool { kinds?.contains(kind) ?? true }

    /// Whether the platform is one that the scope includes.
    package func includes(provider: String) -> Bool { providers?.contains(provider) ?? true }
}

/// A market that regions lie in.
package enum ServedMarket: String, Sendable, CaseIterable {
    case cnMainland = "cn-mainland"
    case overseas
}

/// Who made a model, seen from the platform that serves it.
package enum ModelOrigin: String, Sendable, CaseIterable {
    /// The model's developer and the provider belong to one group.
    case selfDeveloped = "self-developed"
    /// Anybody else made it.
    case resold
}

/// A region's or model's name, or every name that starts with what stands before a final `*`.
package struct NamePattern: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    /// What a name must start with, or `nil` where it must be equal.
    package var prefix: String? { text.hasSuffix("*") ? String(text.dropLast()) : nil }

    /// Compares bytes, as the database does, in the spelling that names are kept in.
    package func matches(_ name: String) -> Bool {
        prefix.map { name.utf8.starts(with: $0.utf8) } ?? name.utf8.elementsEqual(text.utf8)
    }

    package var description: String { text }

    package static func < (left: NamePattern, right: NamePattern) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
