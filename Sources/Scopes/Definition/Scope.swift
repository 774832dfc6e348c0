internal import UsageModel

/// A statistical scope (统计口径): a named, versioned rule that says which facts count and how they are divided.
package struct Scope: Sendable, Hashable {
    /// Lower-case letters, digits and hyphens; unique among the scopes of an installation.
    package var id: String
    /// Rises with every change of meaning; a figure names it.
    package var version: Int
    package var title: LocalizedText
    /// Where the definition comes from.
    package var citation: String
    package var measure: Measure
    /// The ISO 4217 code that amounts of money are stated in; `nil` where ``measure`` is no money.
    package var currency: String?
    package var filters: ScopeFilters
    /// What counts although the ledger of usage doesn't hold it.
    package var additions: Set<Addition>
    package var entity: Entity
    /// How many entities are published by name, from the largest on; the others are one row. `nil` names all.
    package var top: Int?
    package var aggregate: Aggregate
    /// IANA name of the zone whose calendar days make up periods.
    package var zone: String
    package var denominator: Denominator
    /// Decimals that percentages are published with.
    package var precision: Int

    package init(
        id: String, version: Int, title: LocalizedText, citation: String, measure: Measure, currency: String? = nil,
        filters: ScopeFilters, additions: Set<Addition> = [], entity: Entity, top: Int? = nil, aggregate: Aggregate,
        zone: String, denominator: Denominator, precision: Int
    ) {
        self.id = id
        self.version = version
        self.title = title
        self.citation = citation
        self.measure = measure
        self.currency = currency
        self.filters = filters
        self.additions = additions
        self.entity = entity
        self.top = top
        self.aggregate = aggregate
        self.zone = zone
        self.denominator = denominator
        self.precision = precision
    }

    /// What can count beside the usage on the ledger.
    package enum Addition: String, Sendable, CaseIterable {
        /// Tokens that operators of privately deployed open models report.
        case privateDeployments = "private-deployments"
        /// Revenue of adapting products and of projects for single customers.
        case customisation
    }

    /// What the whole is divided among.
    package enum Entity: String, Sendable, CaseIterable {
        /// The cloud vendor that runs the platform.
        case provider
        case model
        /// The family that a model belongs to, such as qwen.
        case family
        /// Who made the model.
        case developer
    }

    /// Whether the published figure is the sum over the period or its daily average. Shares are the same under both.
    package enum Aggregate: String, Sendable, CaseIterable {
        case sum
        /// The sum divided by the calendar days of the period.
        case dailyAverage = "daily-average"
    }

    /// What a share is a share of.
    package enum Denominator: Sendable, Hashable {
        /// Everything that the filters let through, of every entity.
        case everythingCounted
        /// A total that somebody published, by its name.
        case referenceTotal(String)

        static let everythingCountedName = "everything-counted"

        /// `everything-counted`, or `reference-total:` and the total's name.
        package var name: String {
            switch self {
            case .everythingCounted: Self.everythingCountedName
            case .referenceTotal(let name): "reference-total:\(name)"
            }
        }
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

extension Scope {
    /// Whether growth may compare figures of both: they are amounts of the same, of the same entities, and published in
    /// the same way, whatever the versions are.
    package func isComparable(with other: Scope) -> Bool {
        measure == other.measure && currency == other.currency && entity == other.entity
            && aggregate == other.aggregate
    }
}
