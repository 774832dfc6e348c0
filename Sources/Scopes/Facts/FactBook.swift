internal import TextFormats
internal import UsageModel

/// The market's facts that were known at a moment, as typed values that evaluation asks. The registry isn't among them:
/// the sums are grouped by the kinds of tenants before they are read.
package struct FactBook: Sendable {
    private(set) var groups = EffectiveDatedMap<String>()
    private(set) var models = EffectiveDatedMap<CataloguedModel>()
    private(set) var markets = EffectiveDatedMap<ServedMarket>()
    private(set) var prices = EffectiveDatedMap<Price>()
    private(set) var revenue: [RevenueFact] = []
    private(set) var tenders: [TenderFact] = []
    private(set) var deployments: [DeploymentFact] = []
    private(set) var referenceTotals: [ReferenceTotal] = []
    /// By month and currencies, in 10^-8.
    private var rates = EffectiveDatedMap<UInt128>()
    /// Whether a price of the book has an allowance.
    private(set) var hasFreeQuotas = false

    /// A book without facts.
    package init() {}

    /// - Parameter records: what was known at one moment: no two about one thing and day.
    /// - Throws: ``UnreadableFact`` for a record that no import can have made.
    package init(_ records: some Sequence<FactRecord>) throws(UnreadableFact) {
        let ordered = records.filter { !$0.isRetraction }.sorted { $0.effectiveFrom < $1.effectiveFrom }
        for record in ordered { try add(record) }
    }

    private mutating func add(_ record: FactRecord) throws(UnreadableFact) {
        switch record.kind {
        case .providers: groups.add(record, record["group"])
        case .models:
            models.add(
                record,
                CataloguedModel(developer: record["developer"], group: record["group"], family: record["family"]))
        case .regions: markets.add(record, try record.read("market") { ServedMarket(rawValue: $0) })
        case .revenue:
            revenue.append(
                RevenueFact(
                    provider: record["provider"], layer: try record.read("layer") { RevenueLayer(name: $0) },
                    month: record.effectiveFrom, amount: try record.money()))
        case .tenders:
            tenders.append(
                TenderFact(
                    provider: record["provider"], month: record.effectiveFrom,
                    tenders: try record.read("tenders") { UInt128($0) }, amount: try record.money()))
        case .privateDeployments:
            deployments.append(
                DeploymentFact(
                    provider: record["provider"], model: record["model"], month: record.effectiveFrom,
                    tokens: try record.read("tokens") { UInt128($0) }))
        case .referenceTotals: referenceTotals.append(try record.referenceTotal())
        case .prices:
            let price = try record.price()
            prices.add(record, price)
            hasFreeQuotas = hasFreeQuotas || price.freeTokens > 0
        case .rates:
            rates.add(
                record,
                try record.read("rate") {
                    DecimalText.parse($0, decimals: FactSyntax.rateDecimals, wholeDigits: FactSyntax.maxRateDigits)
                })
        case .tenants:
            preconditionFailure("A record of the registry was put into a book of facts: \(record.subjectText)")
        }
    }

    // MARK: Questions

    /// The market that a region lay in on a day; `nil` where the catalogue doesn't say.
    func market(of region: String, at provider: String, on day: CalendarDate) -> ServedMarket? {
        markets[[provider, region], day]
    }

    /// What the catalogue said of a model on a day.
    func model(_ name: String, on day: CalendarDate) -> CataloguedModel? { models[[name], day] }

    /// Whether the provider's own group had made the model, seen on a day; `nil` where a catalogue doesn't say.
    func origin(of model: String, at provider: String, on day: CalendarDate) -> ModelOrigin? {
        guard let group = groups[[provider], day], let model = self.model(model, on: day) else { return nil }
        return model.group == group ? .selfDeveloped : .resold
    }

    /// The price in force on a day for every length of context: that of the workload, or else that of any workload.
    /// Usage doesn't say how long its contexts were, so a price for some lengths prices nothing.
    func price(
        of type: TokenType, model: String, workload: Workload, at provider: String, on day: CalendarDate
    ) -> Price? {
        for word in [workload.name, ""] {
            if let price = prices[[provider, model, word, type.rawValue, "", ""], day] { return price }
        }
        return nil
    }

    /// What one unit of a currency was worth in another, in 10^-8; the month by its first day.
    func rate(from: String, to: String, in month: CalendarDate) -> UInt128? { rates[[from, to], month] }

    /// The total of a name that was published for exactly a period.
    func referenceTotal(_ name: String, for period: Period) -> ReferenceTotal? {
        referenceTotals.first { $0.name == name && $0.period == period }
    }
}

/// A stored fact that isn't in the spelling that imports keep.
package struct UnreadableFact: Error, Sendable, Equatable, CustomStringConvertible {
    package var kind: FactKind
    package var column: String
    package var text: String

    package var description: String {
        "A stored record of \(kind.rawValue) can't be read: \(column) is '\(text.excerpt)'."
    }
}

extension FactRecord {
    fileprivate func read<Value>(_ column: String, _ parse: (String) -> Value?) throws(UnreadableFact) -> Value {
        let text = self[column]
        guard let value = parse(text) else { throw UnreadableFact(kind: kind, column: column, text: text) }
        return value
    }

    fileprivate func money() throws(UnreadableFact) -> Money {
        let millionths = try read("amount") {
            DecimalText.parse($0, decimals: FactSyntax.amountDecimals, wholeDigits: FactSyntax.maxAmountDigits)
        }
        return Money(millionths: millionths, currency: self["currency"])
    }

    fileprivate func referenceTotal() throws(UnreadableFact) -> ReferenceTotal {
        func millionths(_ text: String) -> UInt128? {
            DecimalText.parse(text, decimals: FactSyntax.amountDecimals, wholeDigits: FactSyntax.maxCountDigits)
        }
        return ReferenceTotal(
            name: self["name"], period: try read("period") { try? Period($0) }, scope: self["scope"],
            value: self["value"], unit: ReferenceTotal.Unit(self["unit"]), precision: self["precision"],
            source: self["source"], asOf: try read("as_of") { CalendarDate($0) },
            millionths: try read("value", millionths), precisionMillionths: try read("precision", millionths))
    }

    fileprivate func price() throws(UnreadableFact) -> Price {
        let free = self["free_tokens"]
        return Price(
            key: key, currency: self["currency"],
            millionths: try read("price") {
                DecimalText.parse($0, decimals: FactSyntax.priceDecimals, wholeDigits: FactSyntax.maxPriceDigits)
            },
            per: try read("per") { UInt128($0) }, freeTokens: free.isEmpty ? 0 : try read("free_tokens") { UInt128($0) }
        )
    }
}
