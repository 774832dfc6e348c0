package import Scopes
package import UsageModel

/// A market to be simulated: who serves how many tokens to whom, when, with which models.
///
/// Read from YAML by ``parse(_:file:)``; `docs/simulating.md` describes the format. All weights are whole numbers, and
/// everything is computed in integers, so that a description gives the same bytes on every machine.
package struct MarketDescription: Sendable, Hashable {
    package var id: String
    package var version: Int
    package var title: LocalizedText
    /// Where randomness starts; another seed gives another market with the same totals.
    package var seed: UInt64
    /// Whole months of the calendar of ``zone``.
    package var period: Period
    package var zone: ZoneRules
    package var rhythm: MarketRhythm
    package var models: [MarketModel]
    package var providers: [MarketProvider]
    /// What is known beside usage, such as prices; see ``MarketSimulator/factsFiles``.
    package var facts = MarketFacts()

    /// The most days that a description may span.
    package static let maxDays = 3_700
    /// The most tenants of one group.
    package static let maxTenantsPerGroup: UInt64 = 100_000
    /// The most tokens of one group, so that every sum of groups stays within 64 bits.
    package static let maxTokensPerGroup: UInt64 = 100_000_000_000_000_000
    /// The most tokens a day of one provider, where a description says daily averages.
    package static let maxTokensPerDay: UInt64 = 100_000_000_000_000
    /// The largest weight.
    package static let maxWeight: UInt64 = 1_000_000
}

/// How usage spreads over time, in weights that only count against each other.
package struct MarketRhythm: Sendable, Hashable {
    /// One weight per month of the period.
    package var months: [UInt64]
    /// Seven weights, Monday first.
    package var weekdays: [UInt64]
    /// Twenty-four weights, from midnight in the market's zone.
    package var hours: [UInt64]

    package init(months: [UInt64], weekdays: [UInt64], hours: [UInt64]) {
        self.months = months
        self.weekdays = weekdays
        self.hours = hours
    }
}

/// What calls of a model look like.
package struct MarketModel: Sendable, Hashable {
    package var name: String
    package var modality: Modality
    /// Output tokens in percent of all tokens, on average.
    package var outputPercent: UInt64
    /// Cached input tokens in percent of the input.
    package var cachedPercent: UInt64
    /// Reasoning tokens in percent of the output.
    package var reasoningPercent: UInt64
    /// Tokens of an average call, input and output together.
    package var tokensPerRequest: UInt64
    /// By how many percent of itself the output varies from event to event, up or down.
    package var variesPercent: UInt64
    /// What the catalogue of models says; `nil` where the description doesn't.
    package var catalogue: ModelCatalogueEntry?

    /// How much the output varies where a description doesn't say, in percent.
    package static let defaultVariesPercent: UInt64 = 20
}

/// A name with a weight.
package struct WeightedName: Sendable, Hashable {
    package var name: String
    package var weight: UInt64
}

/// A provider and the groups of tenants that it serves.
package struct MarketProvider: Sendable, Hashable {
    package var name: String
    /// The legal entity that its own businesses belong to.
    package var company: String
    /// Empty where the provider only stands in facts, as one that only earns revenue does.
    package var groups: [TenantGroup]
    package var facts = ProviderFacts()
}

/// Tenants of one kind at one provider.
package struct TenantGroup: Sendable, Hashable {
    package var kind: TenantKind
    package var names: [String]
    /// What the group uses in each month of the period, in tokens: reached exactly.
    package var monthTokens: [UInt64]
    /// Zipf exponent of the sizes of tenants, in thousandths: 0 makes all equal.
    package var zipfMilli: UInt64
    /// Events per tenant and day that a day's usage is summed up in.
    package var eventsPerDay: UInt64
    /// The group's own hours, as ``MarketRhythm/hours``.
    package var hours: [UInt64]?
    package var layer: Layer
    /// Events of batch workloads, in percent.
    package var batchPercent: UInt64
    /// The models in use, in order of time; every month with tokens lies in one of these.
    package var models: [ModelEra]
    package var regions: [WeightedName]

    /// What the group uses over the whole period, in tokens.
    package var tokens: UInt64 { monthTokens.reduce(0, +) }
}

/// The models that a group's tenants use in some months.
package struct ModelEra: Sendable, Hashable {
    /// Which months of the period, counted from 0.
    package var months: Range<Int>
    package var models: [WeightedName]
}
