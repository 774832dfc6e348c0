internal import Scopes
internal import TextFormats
internal import UsageModel

/// Reads what a description says beside usage that isn't any one provider's: prices, rates and reference totals.
struct FactsReader {
    /// The providers' names; `nil` where they can't be read.
    let providers: [String]?
    let modelNames: [String]
    let months: [Period]

    /// The longest source or reason, in bytes of UTF-8.
    private static let maxReasonBytes = 2_000
    private static let tokenTypes = ["input", "cached-input", "output", "reasoning-output"]

    func read(_ reader: inout YAMLReader) -> MarketFacts {
        MarketFacts(
            prices: items("prices", of: &reader) { prices(&$0) }.flatMap(\.self),
            rates: items("rates", of: &reader) { rate(&$0) },
            referenceTotals: items("reference-totals", of: &reader) { referenceTotal(&$0) })
    }

    /// The items of an optional list of maps.
    private func items<Item>(
        _ key: String, of reader: inout YAMLReader, _ read: (inout YAMLReader) -> Item?
    ) -> [Item] {
        guard let value = reader.optional(key) else { return [] }
        guard case .list(let values) = value.content else {
            reader.report(key, line: value.line, "must be a list, not \(value.kindName)")
            return []
        }
        return values.enumerated().compactMap { index, value in
            var inner = YAMLReader(value, path: "\(key)[\(index)]")
            let item = read(&inner)
            inner.finish()
            reader.absorb(inner)
            return inner.problems.isEmpty ? item : nil
        }
    }

    /// The prices of a model that stand together: at least one type of tokens, each with its price.
    private func prices(_ reader: inout YAMLReader) -> [MarketPrice]? {
        let provider = known("provider", among: providers, &reader)
        let model = known("model", among: modelNames, &reader)
        let hasWorkload = reader.optional("workload") != nil
        let workload = hasWorkload ? reader.choice("workload", Workload.allCases.map { ($0.name, $0.name) }) : ""
        let currency = reader.currency("currency")
        let per = reader.integer("per", in: 1_000...1_000_000)
        if let per, per != 1_000, per != 1_000_000 { reader.report("per", "must be 1_000 or 1_000_000 tokens") }
        let hasFree = reader.optional("free-tokens") != nil
        let free = hasFree ? reader.integer("free-tokens", in: 1...MarketDescription.maxTokensPerGroup) : nil
        let from = reader.date("from")
        let to = reader.optional("to") == nil ? nil : reader.date("to")
        if let from, let to, to <= from { reader.report("to", "must come after from: it is the first day without it") }
        let reason = reader.text("reason", maxBytes: Self.maxReasonBytes)
        let types = Self.tokenTypes.filter { reader.optional($0) != nil }
        if types.isEmpty {
            reader.report("input", "is missing: give a price of \(Self.tokenTypes.joined(separator: ", "))")
        }
        let amounts = types.compactMap { type in decimal(type, &reader).map { (type, $0) } }
        guard let provider, let model, let workload, let currency, let per, let from, let reason else { return nil }
        return amounts.map { type, price in
            MarketPrice(
                provider: provider, model: model, workload: workload, tokenType: type, currency: currency,
                price: price, per: per, freeTokens: free, from: from, to: to, reason: reason)
        }
    }

    private func rate(_ reader: inout YAMLReader) -> MarketRate? {
        let from = reader.currency("from")
        let to = reader.currency("to")
        let source = reader.text("source", maxBytes: Self.maxReasonBytes)
        var rates: [MarketRate.Month] = []
        if reader.required("months") != nil, var inner = reader.map("months") {
            for span in inner.spans(of: months, { reader, key in decimal(key, &reader) }) {
                rates += span.months.map { MarketRate.Month(month: $0, rate: span.value) }
            }
            reader.absorb(inner)
        }
        guard let from, let to, let source else { return nil }
        return MarketRate(from: from, to: to, months: rates.sorted { $0.month < $1.month }, source: source)
    }

    private func referenceTotal(_ reader: inout YAMLReader) -> MarketReferenceTotal? {
        let name = reader.identifier("name")
        let period = period(&reader)
        let scope = reader.optional("scope") == nil ? "" : reader.identifier("scope")
        let value = reader.integer("value", in: 1...UInt64.max)
        let unit = reader.text("unit", maxBytes: Scope.maxIdentifierBytes)
        let precision = reader.integer("precision", in: 0...UInt64.max)
        let source = reader.text("source", maxBytes: Self.maxReasonBytes)
        let asOf = reader.date("as-of")
        guard let name, let period, let scope, let value, let unit, let precision, let source, let asOf else {
            return nil
        }
        return MarketReferenceTotal(
            name: name, period: period, scope: scope, value: value, unit: unit, precision: precision, source: source,
            asOf: asOf)
    }

    private func period(_ reader: inout YAMLReader) -> Period? {
        guard let text = reader.text("period") else { return nil }
        do throws(PeriodError) {
            return try Period(text)
        } catch {
            reader.report("period", "\(error)")
            return nil
        }
    }

    /// A decimal number as written.
    private func decimal(_ key: String, _ reader: inout YAMLReader) -> String? {
        guard reader.decimal(key) != nil else { return nil }
        return reader.text(key)
    }

    /// One of the description's own names.
    private func known(_ key: String, among names: [String]?, _ reader: inout YAMLReader) -> String? {
        guard let name = reader.text(key) else { return nil }
        guard let names, !names.contains(name) else { return name }
        reader.report(
            key, "'\(name.excerpt)' is not among the description's: they are \(names.joined(separator: ", "))")
        return nil
    }
}
