internal import Scopes
internal import Usage

/// Reads the groups of tenants of one provider.
struct GroupReader {
    let provider: String
    /// The provider's external tokens: what the external group uses, and what multiples are multiples of.
    let external: UInt64
    let months: [UInt64]
    let monthCount: Int?
    let modelNames: [String]
    let models: [WeightedName]
    let regions: [WeightedName]

    /// Reads one group; `nil` when anything in it is wrong.
    func read(_ kind: TenantKind, _ reader: inout YAMLReader) -> TenantGroup? {
        let names = names(kind, &reader)
        let tokens = tokens(kind, &reader)
        let zipf = reader.optional("zipf") == nil ? 1_000 : zipf(&reader)
        let eventsPerDay = reader.integer("events-per-day", in: 1...1_440)
        let layer =
            reader.optional("layer") == nil ? .maas : reader.choice("layer", Layer.allCases.map { ($0.name, $0) })
        let batch = reader.optional("batch") == nil ? 0 : reader.integer("batch", in: 0...100)
        let months = reader.optional("months") == nil ? months : reader.weights("months", count: monthCount)
        let models = reader.weightedNames("models", maxBytes: Limits.maxModelNameBytes, known: modelNames) ?? models
        let regions = reader.weightedNames("regions", maxBytes: Limits.maxRegionNameBytes) ?? regions
        reader.finish()
        guard let names, let tokens, let zipf, let eventsPerDay, let layer, let batch, let months,
            reader.problems.isEmpty
        else { return nil }
        return TenantGroup(
            kind: kind, names: names, tokens: tokens, zipfMilli: zipf, eventsPerDay: eventsPerDay, layer: layer,
            batchPercent: batch, months: months, models: models, regions: regions)
    }

    /// The tenants' names: given one by one, or made from a count.
    private func names(_ kind: TenantKind, _ reader: inout YAMLReader) -> [String]? {
        guard let list = reader.optional("names") else {
            let count = reader.integer("count", in: 1...MarketDescription.maxTenantsPerGroup)
            return count.map { (1...$0).map { "\(Self.prefix(of: kind))-\(Self.padded($0))" } }
        }
        return reader.list(list, "names") { reader, value -> String? in
            guard let name = reader.text(value, "names", maxBytes: Limits.maxTenantNameBytes) else { return nil }
            if let problem = NameRule.problem(in: name, maxBytes: Limits.maxTenantNameBytes) {
                reader.report("names", line: value.line, "the name '\(name.excerpt)' \(problem.explanation)")
                return nil
            }
            return name
        }
    }

    /// The group's tokens: the provider's external ones, or `tokens`, or `multiple` times the external ones.
    private func tokens(_ kind: TenantKind, _ reader: inout YAMLReader) -> UInt64? {
        if kind == .externalCustomer { return external }
        if reader.optional("tokens") != nil {
            return reader.integer("tokens", in: 0...MarketDescription.maxTokensPerGroup)
        }
        guard reader.optional("multiple") != nil else {
            reader.report("tokens", "is missing: give tokens, or multiple (of the provider's external tokens)")
            return nil
        }
        guard let multiple = reader.decimal("multiple") else { return nil }
        let tokens = Ratio(UInt128(external) * UInt128(multiple.millionths), UInt128(ExactDecimal.unit)).rounded()
        guard let tokens, tokens <= UInt128(MarketDescription.maxTokensPerGroup) else {
            reader.report("multiple", "makes more than \(MarketDescription.maxTokensPerGroup) tokens")
            return nil
        }
        return UInt64(tokens)
    }

    private func zipf(_ reader: inout YAMLReader) -> UInt64? {
        guard let exponent = reader.decimal("zipf") else { return nil }
        guard exponent.millionths % 1_000 == 0, exponent.millionths <= 5 * ExactDecimal.unit else {
            reader.report("zipf", "must be 0 to 5, with at most three decimals")
            return nil
        }
        return exponent.millionths / 1_000
    }

    private static func prefix(of kind: TenantKind) -> String {
        switch kind {
        case .unclassified: "unknown"
        case .externalCustomer: "customer"
        case .ownBusiness: "own"
        case .affiliate: "affiliate"
        case .trial: "trial"
        case .test: "test"
        }
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
