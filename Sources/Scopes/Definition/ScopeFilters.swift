package import UsageModel

/// Which facts a scope lets through. `nil` lets everything through.
package struct ScopeFilters: Sendable, Hashable {
    /// The platforms that the scope looks at; others don't even stand beside its figures.
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

    /// The filters by their keys in a scope file, in the order in which they are shown, each one's names sorted.
    package var names: [(key: String, names: [String]?)] {
        [
            ("providers", providers?.sorted()), ("kinds", kinds?.map(\.name).sorted()),
            ("layers", layers?.map(\.name).sorted()), ("workloads", workloads?.map(\.name).sorted()),
            ("modalities", modalities?.map(\.name).sorted()), ("regions", regions?.map(\.text).sorted()),
            ("markets", markets?.map(\.rawValue).sorted()), ("models", models?.map(\.text).sorted()),
            ("origins", origins?.map(\.rawValue).sorted()),
        ]
    }

    /// Whether the kind counts.
    package func counts(_ kind: TenantKind) -> Bool { kinds?.contains(kind) ?? true }

    /// Whether the platform is one that the scope looks at.
    package func looks(at provider: String) -> Bool { providers?.contains(provider) ?? true }
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

    /// Compares bytes, as the database does: two spellings that Unicode holds equal are two names.
    package func matches(_ name: String) -> Bool {
        prefix.map { name.utf8.starts(with: $0.utf8) } ?? name.utf8.elementsEqual(text.utf8)
    }

    package var description: String { text }

    package static func < (left: NamePattern, right: NamePattern) -> Bool { left.text < right.text }
}
