package import Scopes
package import UsageModel

/// What a market's description says beside usage that isn't any one provider's.
package struct MarketFacts: Sendable, Hashable {
    package var prices: [MarketPrice] = []
    package var rates: [MarketRate] = []
    package var referenceTotals: [MarketReferenceTotal] = []
}

/// Who made a model: its line in the catalogue.
package struct ModelCatalogueEntry: Sendable, Hashable {
    package var developer: String
    /// The group of companies that the developer belongs to; a model is self-developed where it is the provider's.
    package var group: String
    package var family: String
    /// `open` or `closed`; empty where not said.
    package var weights: String
    /// `flagship` or `light`; empty where not said.
    package var tier: String
}

/// What is known of a provider beside its usage.
package struct ProviderFacts: Sendable, Hashable {
    /// The group of companies that the provider belongs to.
    package var group: String?
    /// The market that each region lies in.
    package var markets: [RegionMarket] = []
    package var revenue: [LayerRevenue] = []
    package var tenders: Tenders?
    package var privateDeployments: [PrivateDeployment] = []

    /// Whether a provider with these facts needs no tenants to be of use.
    var standsAlone: Bool { !revenue.isEmpty || tenders != nil || !privateDeployments.isEmpty }

    package struct RegionMarket: Sendable, Hashable {
        package var region: String
        package var market: ServedMarket
    }

    /// What a provider earned with a layer.
    package struct LayerRevenue: Sendable, Hashable {
        /// A layer's name, or `customisation`.
        package var layer: String
        package var currency: String
        /// In hundredths of the currency's unit, one amount per month of the period.
        package var monthHundredths: [UInt128]
    }

    /// The tenders that a provider won.
    package struct Tenders: Sendable, Hashable {
        package var currency: String
        /// One number per month of the period.
        package var monthCounts: [UInt128]
        /// In hundredths of the currency's unit, one amount per month of the period.
        package var monthHundredths: [UInt128]
    }

    /// What is reported from private deployments of one of the provider's models.
    package struct PrivateDeployment: Sendable, Hashable {
        package var model: String
        /// One number of tokens per month of the period.
        package var monthTokens: [UInt128]
    }
}

/// A price, as the price book takes it: words and decimals as written.
package struct MarketPrice: Sendable, Hashable {
    package var provider: String
    package var model: String
    /// `online` or `batch`; empty for both.
    package var workload: String
    package var tokenType: String
    package var currency: String
    package var price: String
    /// For how many tokens the price is: 1,000 or 1,000,000.
    package var per: UInt64
    /// Tokens per tenant and calendar month that cost nothing.
    package var freeTokens: UInt64?
    package var from: CalendarDate
    package var to: CalendarDate?
    package var reason: String
}

/// How much of one currency a unit of another is worth, month by month.
package struct MarketRate: Sendable, Hashable {
    package var from: String
    package var to: String
    /// Months of the period, counted from 0, with their decimal.
    package var months: [Month]
    package var source: String

    package struct Month: Sendable, Hashable {
        package var month: Int
        package var rate: String
    }
}

/// A total that somebody published.
package struct MarketReferenceTotal: Sendable, Hashable {
    package var name: String
    package var period: Period
    package var scope: String
    /// Written out in full, as `precision` is: what the last published digit is worth.
    package var value: UInt64
    package var unit: String
    package var precision: UInt64
    package var source: String
    package var asOf: CalendarDate
}
