internal import Scopes
internal import Usage

/// Reads the providers of a description and resolves their shares and multiples into tokens.
struct ProviderReader {
    let modelNames: [String]
    let monthCount: Int?
    /// The months of the rhythm, for groups without their own.
    var months: [UInt64] = []

    init(modelNames: [String], monthCount: Int?) {
        self.modelNames = modelNames
        self.monthCount = monthCount
    }

    /// Reads `external-total` and `providers`; `nil` when anything in them is wrong.
    mutating func read(_ reader: inout YAMLReader) -> [MarketProvider]? {
        let hasTotal = reader.optional("external-total") != nil
        let total = hasTotal ? reader.integer("external-total", in: 1...MarketDescription.maxTokensPerGroup) : nil
        guard var all = reader.map("providers"), !all.keys.isEmpty else {
            reader.report("providers", "is missing: name at least one provider")
            return nil
        }
        let externals = externalTokens(&all, total: total, hasTotal: hasTotal)
        var providers: [MarketProvider] = []
        for (index, name) in all.keys.enumerated() {
            if !NameRule.isIdentifier(name, maxBytes: Limits.maxProviderNameBytes) {
                all.report(name.excerpt, "is no provider name: lower-case letters, digits and inner hyphens")
            }
            guard var inner = all.map(name) else { continue }
            // Already read, as the shares of all decide each: asked for again so that it counts as a known key.
            _ = inner.optional(hasTotal ? "share" : "tokens")
            providers.append(provider(name, external: externals?[index] ?? 0, &inner))
            inner.finish()
            all.absorb(inner)
        }
        all.finish()
        reader.absorb(all)
        return all.problems.isEmpty ? providers : nil
    }

    /// The external customers' tokens of each provider: either `tokens` of its own, or `share` percent of the total,
    /// where the shares must make 100 so that the total is reached.
    private func externalTokens(_ all: inout YAMLReader, total: UInt64?, hasTotal: Bool) -> [UInt64]? {
        var values: [UInt64] = []
        for name in all.keys {
            guard var inner = all.map(name) else {
                all.report(name, "is empty: give its tokens or share, models, regions and tenants")
                return nil
            }
            let before = inner.problems.count
            if hasTotal {
                values.append(inner.decimal("share")?.millionths ?? 0)
            } else {
                values.append(inner.integer("tokens", in: 0...MarketDescription.maxTokensPerGroup) ?? 0)
            }
            if inner.problems.count > before { all.absorb(inner) }
        }
        guard hasTotal else { return values }
        let sum = values.reduce(0, +)
        guard sum == 100 * ExactDecimal.unit else {
            let text = DecimalText.render(UInt128(sum), decimals: ExactDecimal.decimals)
            if let first = all.keys.first { all.report(first, "the shares make \(text) percent: they must make 100") }
            return nil
        }
        return Apportionment.largestRemainder(of: UInt128(total ?? 0), weights: values.map { UInt128($0) })
            .map { UInt64($0) }
    }

    private func provider(_ name: String, external: UInt64, _ reader: inout YAMLReader) -> MarketProvider {
        let company = reader.text("company", maxBytes: RegistryFile.maxLegalEntityBytes)
        let models = reader.weightedNames("models", maxBytes: Limits.maxModelNameBytes, known: modelNames)
        let regions = reader.weightedNames("regions", maxBytes: Limits.maxRegionNameBytes)
        if models == nil { reader.report("models", "must give weights to some of the models") }
        if regions == nil { reader.report("regions", "must give weights to some regions") }
        var groups: [TenantGroup] = []
        if var tenants = reader.map("tenants") {
            let defaults = GroupReader(
                provider: name, external: external, months: months, monthCount: monthCount, modelNames: modelNames,
                models: models ?? [], regions: regions ?? [])
            for kind in TenantKind.allCases {
                guard var inner = tenants.map(kind.name) else { continue }
                if let group = defaults.read(kind, &inner) { groups.append(group) }
                tenants.absorb(inner)
            }
            tenants.finish()
            reportRepeatedNames(groups, &tenants)
            if external > 0, !groups.contains(where: { $0.kind == .externalCustomer }), tenants.problems.isEmpty {
                tenants.report("external-customer", "is missing: the provider's external tokens need tenants")
            }
            reader.absorb(tenants)
        } else {
            reader.report("tenants", "is missing: give the groups of tenants by kind")
        }
        return MarketProvider(name: name, company: company ?? "", groups: groups)
    }

    /// A tenant that stood under two kinds would be two things at once.
    private func reportRepeatedNames(_ groups: [TenantGroup], _ reader: inout YAMLReader) {
        var seen: Set<String> = []
        for group in groups {
            for name in group.names where !seen.insert(name).inserted {
                reader.report(group.kind.name, "the tenant '\(name.excerpt)' is named under another kind as well")
            }
        }
    }
}
