internal import Scopes
internal import TextFormats
internal import UsageModel

/// Reads the groups of tenants of one provider.
struct GroupReader {
    let provider: String
    /// The provider's external tokens: what multiples are multiples of, and what the external group uses unless groups
    /// give tokens of their own.
    var external: UInt64
    /// Whether external groups say how much they use, because the provider doesn't.
    let externalGroupsGiveTokens: Bool
    let weights: [UInt64]
    let months: [Period]
    let modelNames: [String]
    /// The provider's models and regions, for groups without their own: empty where it gives none, `nil` where they
    /// can't be read.
    let models: [ModelEra]?
    let regions: [WeightedName]?
    /// The provider's own hours.
    let hours: [UInt64]?

    /// A group before it is known what the provider's other groups use.
    struct Draft {
        var group: TenantGroup
        /// Whether the group's tokens are still those of the whole provider, of which it uses what others leave.
        var isRest = false
    }

    /// Reads one group; `nil` when anything in it is wrong.
    func read(_ kind: TenantKind, _ reader: inout YAMLReader) -> Draft? {
        let names = names(kind, &reader)
        let zipf = reader.optional("zipf") == nil ? 1_000 : zipf(&reader)
        let eventsPerDay = reader.integer("events-per-day", in: 1...1_440)
        let hours = reader.optional("hours") == nil ? hours : reader.weights("hours", count: 24)
        let layer =
            reader.optional("layer") == nil ? .maas : reader.choice("layer", Layer.allCases.map { ($0.name, $0) })
        let batch = reader.optional("batch") == nil ? 0 : reader.integer("batch", in: 0...100)
        let count = months.isEmpty ? nil : months.count
        let weights = reader.optional("months") == nil ? weights : reader.weights("months", count: count)
        let isRest = reader.optional("rest-of-daily") != nil
        let tokens = isRest ? daily(kind, &reader) : tokens(kind, weights: weights ?? [], &reader)
        let models = models(&reader)
        let regions = regions(&reader)
        checkEras(models ?? [], tokens: tokens ?? [], &reader)
        reader.finish()
        guard let names, let tokens, let zipf, let eventsPerDay, let layer, let batch, let models, let regions,
            reader.problems.isEmpty
        else { return nil }
        let group = TenantGroup(
            kind: kind, names: names, monthTokens: tokens, zipfMilli: zipf, eventsPerDay: eventsPerDay, hours: hours,
            layer: layer, batchPercent: batch, models: models, regions: regions)
        return Draft(group: group, isRest: isRest)
    }

    private func models(_ reader: inout YAMLReader) -> [ModelEra]? {
        if reader.optional("models") != nil {
            return reader.modelEras("models", months: months, known: modelNames)
        }
        if models?.isEmpty == true {
            reader.report("models", "is missing: neither the provider nor the group gives any")
        }
        return models
    }

    private func regions(_ reader: inout YAMLReader) -> [WeightedName]? {
        if reader.optional("regions") != nil {
            return reader.weightedNames("regions", maxBytes: Limits.maxRegionNameBytes)
        }
        if regions?.isEmpty == true {
            reader.report("regions", "is missing: neither the provider nor the group gives any")
        }
        return regions
    }

    /// Every month with tokens needs models.
    private func checkEras(_ eras: [ModelEra], tokens: [UInt64], _ reader: inout YAMLReader) {
        guard !eras.isEmpty, tokens.count == months.count else { return }
        for (month, tokens) in tokens.enumerated()
        where tokens > 0 && !eras.contains(where: { $0.months.contains(month) }) {
            reader.report("models", "says nothing of \(months[month]), in which the group uses tokens")
            return
        }
    }

    /// The tenants' names: given one by one, or made from a count.
    private func names(_ kind: TenantKind, _ reader: inout YAMLReader) -> [String]? {
        guard let list = reader.optional("names") else {
            let hasPrefix = reader.optional("prefix") != nil
            let prefix = hasPrefix ? name("prefix", &reader) : Self.prefix(of: kind)
            let count = reader.integer("count", in: 1...MarketDescription.maxTenantsPerGroup)
            guard let prefix, let count else { return nil }
            return (1...count).map { "\(prefix)-\($0.zeroPadded(to: 4))" }
        }
        return reader.list(list, of: "names") { reader, value in Self.name(value, key: "names", &reader) }
    }

    private func name(_ key: String, _ reader: inout YAMLReader) -> String? {
        reader.required(key).flatMap { Self.name($0, key: key, &reader) }
    }

    private static func name(_ value: YAMLValue, key: String, _ reader: inout YAMLReader) -> String? {
        guard let name = reader.text(value, key, maxBytes: Limits.maxTenantNameBytes) else { return nil }
        if let problem = NameRule.problem(in: name, maxBytes: Limits.maxTenantNameBytes) {
            reader.report(key, line: value.line, "the name '\(name.excerpt)' \(problem.explanation)")
            return nil
        }
        return name
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
}
