package import Usage

/// A statistical scope (统计口径): a named, versioned rule that says which usage counts and how it is divided.
package struct Scope: Sendable, Hashable {
    /// Lower-case letters, digits and hyphens; unique among the scopes of an installation.
    package var id: String
    /// Rises with every change of meaning; a figure names it.
    package var version: Int
    package var title: LocalizedText
    /// Where the definition comes from.
    package var citation: String
    package var measure: Measure
    package var filters: ScopeFilters
    package var entity: Entity
    package var aggregate: Aggregate
    /// IANA name of the calendar that periods are read in.
    package var zone: String
    package var denominator: Denominator
    /// Decimals that percentages are published with.
    package var precision: Int

    package init(
        id: String, version: Int, title: LocalizedText, citation: String, measure: Measure, filters: ScopeFilters,
        entity: Entity, aggregate: Aggregate, zone: String, denominator: Denominator, precision: Int
    ) {
        self.id = id
        self.version = version
        self.title = title
        self.citation = citation
        self.measure = measure
        self.filters = filters
        self.entity = entity
        self.aggregate = aggregate
        self.zone = zone
        self.denominator = denominator
        self.precision = precision
    }

    /// What is added up.
    package enum Measure: String, Sendable, CaseIterable {
        /// Input plus output tokens.
        case tokens
        /// Calls.
        case requests

        package func amount(of counts: WideTokenCounts) -> UInt128 {
            switch self {
            case .tokens: counts.total
            case .requests: counts.requests
            }
        }
    }

    /// What the whole is divided among.
    package enum Entity: String, Sendable, CaseIterable {
        case provider
    }

    /// Whether the published figure is the sum over the period or its daily average. Shares are the same under both.
    package enum Aggregate: String, Sendable, CaseIterable {
        case sum
        case dailyAverage = "daily-average"
    }

    /// What a share is a share of.
    package enum Denominator: String, Sendable, CaseIterable {
        /// Everything that the filters let through, of every entity.
        case everythingCounted = "everything-counted"
    }
}

/// A text in the two languages of the product.
package struct LocalizedText: Sendable, Hashable {
    package var en: String
    package var zh: String

    package init(en: String, zh: String) {
        self.en = en
        self.zh = zh
    }
}

/// Which usage a scope lets through. `nil` lets everything through.
package struct ScopeFilters: Sendable, Hashable {
    package var kinds: Set<TenantKind>?
    package var layers: Set<Layer>?
    package var workloads: Set<Workload>?
    package var modalities: Set<Modality>?
    package var regions: [RegionPattern]?

    package init(
        kinds: Set<TenantKind>? = nil, layers: Set<Layer>? = nil, workloads: Set<Workload>? = nil,
        modalities: Set<Modality>? = nil, regions: [RegionPattern]? = nil
    ) {
        self.kinds = kinds
        self.layers = layers
        self.workloads = workloads
        self.modalities = modalities
        self.regions = regions
    }

    /// Whether the kind counts.
    package func counts(_ kind: TenantKind) -> Bool { kinds?.contains(kind) ?? true }

    /// Whether the row passes every filter except the one on kinds.
    package func covers(_ row: ScopeSumRow) -> Bool {
        (layers?.contains(row.layer) ?? true)
            && (workloads?.contains(row.workload) ?? true)
            && (modalities?.contains(row.modality) ?? true)
            && (regions?.contains { $0.matches(row.region) } ?? true)
    }
}

/// A region by its name, or every region whose name starts with what stands before a final `*`.
package struct RegionPattern: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    package func matches(_ region: String) -> Bool {
        text.hasSuffix("*") ? region.hasPrefix(text.dropLast()) : region == text
    }

    package var description: String { text }

    package static func < (left: RegionPattern, right: RegionPattern) -> Bool { left.text < right.text }
}
