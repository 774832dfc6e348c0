internal import Scopes
internal import TextFormats
internal import UsageModel

/// Reads what a description says of a provider beside its usage: group, markets, revenue, tenders and private
/// deployments, all optional.
struct ProviderFactsReader {
    let modelNames: [String]
    let months: [Period]
    /// What amounts of a span are divided among its months by.
    let weights: [UInt64]

    func read(_ reader: inout YAMLReader) -> ProviderFacts {
        var facts = ProviderFacts()
        if reader.optional("group") != nil { facts.group = reader.identifier("group") }
        facts.markets = markets(&reader)
        facts.revenue = revenue(&reader)
        facts.tenders = tenders(&reader)
        facts.privateDeployments = privateDeployments(&reader)
        return facts
    }

    private func markets(_ reader: inout YAMLReader) -> [ProviderFacts.RegionMarket] {
        guard var inner = reader.map("markets") else { return [] }
        defer { reader.absorb(inner) }
        return inner.keys.compactMap { region in
            inner.checkName(region, maxBytes: Limits.maxRegionNameBytes)
            return inner.choice(region, ServedMarket.allCases.map { ($0.rawValue, $0) })
                .map { ProviderFacts.RegionMarket(region: region, market: $0) }
        }
    }

    private func revenue(_ reader: inout YAMLReader) -> [ProviderFacts.LayerRevenue] {
        guard var inner = reader.map("revenue") else { return [] }
        let currency = inner.currency("currency") ?? ""
        var revenue: [ProviderFacts.LayerRevenue] = []
        for layer in Layer.allCases.map(\.name) + ["customisation"] {
            guard var amounts = inner.map(layer) else { continue }
            let spans = amounts.spans(of: months) { reader, key in reader.hundredths(key) }
            inner.absorb(amounts)
            guard let monthly = divided(spans, for: layer, &inner) else { continue }
            revenue.append(
                ProviderFacts.LayerRevenue(layer: layer, currency: currency, monthHundredths: monthly))
        }
        inner.finish()
        reader.absorb(inner)
        return revenue
    }

    private func tenders(_ reader: inout YAMLReader) -> ProviderFacts.Tenders? {
        guard var inner = reader.map("tenders") else { return nil }
        let currency = inner.currency("currency")
        let spans = inner.spans(of: months, except: ["currency"]) { reader, key -> (UInt128, UInt128)? in
            guard reader.required(key) != nil, var one = reader.map(key) else { return nil }
            let count = one.integer("number", in: 0...MarketDescription.maxWeight)
            let amount = one.hundredths("amount")
            one.finish()
            reader.absorb(one)
            guard let count, let amount else { return nil }
            return (UInt128(count), amount)
        }
        inner.finish()
        reader.absorb(inner)
        let counts = divided(spans.map { MonthSpan(months: $0.months, value: $0.value.0) }, for: "tenders", &reader)
        let amounts = divided(spans.map { MonthSpan(months: $0.months, value: $0.value.1) }, for: "tenders", &reader)
        guard let currency, let counts, let amounts else { return nil }
        return ProviderFacts.Tenders(currency: currency, monthCounts: counts, monthHundredths: amounts)
    }

    private func privateDeployments(_ reader: inout YAMLReader) -> [ProviderFacts.PrivateDeployment] {
        guard var inner = reader.map("private-deployments") else { return [] }
        defer { reader.absorb(inner) }
        return inner.keys.compactMap { model in
            if !modelNames.contains(model) { inner.report(model, "is not among the models") }
            guard inner.required(model) != nil, var tokens = inner.map(model) else { return nil }
            let spans = tokens.spans(of: months) { reader, key in
                reader.integer(key, in: 0...MarketDescription.maxTokensPerGroup).map { UInt128($0) }
            }
            inner.absorb(tokens)
            return divided(spans, for: model, &inner)
                .map { ProviderFacts.PrivateDeployment(model: model, monthTokens: $0) }
        }
    }

    private func divided(
        _ spans: [MonthSpan<UInt128>], for key: String, _ reader: inout YAMLReader
    ) -> [UInt128]? {
        guard weights.count == months.count else { return nil }
        let amounts = spans.divided(amongMonths: weights)
        if amounts == nil { reader.report(key, "gives an amount to months whose weights are all zero") }
        return amounts
    }
}
