internal import Scopes
internal import TextFormats
internal import UsageModel

/// Reads the providers of a description and resolves their shares and multiples into tokens.
struct ProviderReader {
    let modelNames: [String]
    /// The months of the period; empty where it can't be read.
    let months: [Period]
    /// The weights of the months, for groups without their own.
    let weights: [UInt64]

    /// Reads `external-total` and `providers`; `nil` when anything in them is wrong.
    func read(_ reader: inout YAMLReader) -> [MarketProvider]? {
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
            providers.append(provider(name, external: externals.map { $0[index] } ?? 0, &inner))
            inner.finish()
            all.absorb(inner)
        }
        all.finish()
        reader.absorb(all)
        return all.problems.isEmpty ? providers : nil
    }

    /// The external customers' tokens of each provider: `tokens` of its own, `nil` where its groups say them, or
    /// `share` percent of the total, where the shares must make 100 so that the total is reached.
    private func externalTokens(_ all: inout YAMLReader, total: UInt64?, hasTotal: Bool) -> [UInt64?]? {
        var values: [UInt64?] = []
        for name in all.keys {
            guard var inner = all.map(name) else {
                all.report(name, "is empty: give its tokens or share, models, regions and tenants")
                return nil
            }
            let before = inner.problems.count
            if hasTotal {
                values.append(inner.decimal("share")?.millionths ?? 0)
            } else if inner.optional("tokens") == nil {
                values.append(nil)
            } else {
                values.append(inner.integer("tokens", in: 0...MarketDescription.maxTokensPerGroup) ?? 0)
            }
            if inner.problems.count > before { all.absorb(inner) }
        }
        guard hasTotal else { return values }
        let shares = values.map { UInt128($0 ?? 0) }
        let sum = shares.reduce(0, +)
        guard sum == 100 * UInt128(ExactDecimal.unit) else {
            let text = DecimalText.render(sum, decimals: ExactDecimal.decimals)
            if let first = all.keys.first { all.report(first, "the shares make \(text) percent: they must make 100") }
            return nil
        }
        return Apportionment.largestRemainder(of: UInt128(total ?? 0), weights: shares).map { UInt64($0) }
    }

    private func provider(_ name: String, external: UInt64?, _ reader: inout YAMLReader) -> MarketProvider {
        let company = reader.text("company", maxBytes: FactSyntax.maxLegalEntityBytes)
        let facts = ProviderFactsReader(modelNames: modelNames, months: months, weights: weights).read(&reader)
        let hasModels = reader.optional("models") != nil
        let models = hasModels ? reader.modelEras("models", months: months, known: modelNames) : []
        let hasRegions = reader.optional("regions") != nil
        let regions = hasRegions ? reader.weightedNames("regions", maxBytes: Limits.maxRegionNameBytes) : []
        let hours = reader.optional("hours") == nil ? nil : reader.weights("hours", count: 24)
        var groups: [TenantGroup] = []
        if var tenants = reader.map("tenants") {
            let defaults = GroupReader(
                provider: name, external: external ?? 0, externalGroupsGiveTokens: external == nil, weights: weights,
                months: months, modelNames: modelNames, models: models, regions: regions, hours: hours)
            groups = self.groups(defaults, &tenants)
            tenants.finish()
            reportRepeatedNames(groups, &tenants)
            if let external, external > 0, !groups.contains(where: { $0.kind == .externalCustomer }),
                tenants.problems.isEmpty
            {
                tenants.report("external-customer", "is missing: the provider's external tokens need tenants")
            }
            reader.absorb(tenants)
        } else if !facts.standsAlone {
            reader.report("tenants", "is missing: give the groups of tenants by kind")
        }
        return MarketProvider(name: name, company: company ?? "", groups: groups, facts: facts)
    }

    /// The groups in the order of kinds. The external ones are read first, because others may be multiples of them.
    private func groups(_ defaults: GroupReader, _ tenants: inout YAMLReader) -> [TenantGroup] {
        var reader = defaults
        var drafts: [TenantKind: [GroupReader.Draft]] = [:]
        for kind in [TenantKind.externalCustomer] + TenantKind.allCases.filter({ $0 != .externalCustomer }) {
            drafts[kind] = self.drafts(of: kind, reader, &tenants)
            if kind == .externalCustomer, defaults.externalGroupsGiveTokens {
                let tokens = drafts[kind, default: []].reduce(0) { $0 + UInt128($1.group.tokens) }
                if tokens > UInt128(MarketDescription.maxTokensPerGroup) {
                    tenants.report(kind.name, "makes more than \(MarketDescription.maxTokensPerGroup) tokens")
                }
                reader.external = UInt64(min(tokens, UInt128(MarketDescription.maxTokensPerGroup)))
            }
        }
        let ordered = TenantKind.allCases.flatMap { drafts[$0] ?? [] }
        return tenants.problems.isEmpty
            ? GroupReader.Draft.resolve(ordered, months: months, &tenants) : ordered.map(\.group)
    }

    /// One group under a kind, or a list of them.
    private func drafts(
        of kind: TenantKind, _ defaults: GroupReader, _ tenants: inout YAMLReader
    ) -> [GroupReader.Draft] {
        guard let value = tenants.optional(kind.name) else { return [] }
        guard case .list(let items) = value.content else {
            guard var inner = tenants.map(kind.name) else { return [] }
            let draft = defaults.read(kind, &inner)
            tenants.absorb(inner)
            return draft.map { [$0] } ?? []
        }
        if kind == .externalCustomer, !defaults.externalGroupsGiveTokens {
            tenants.report(
                kind.name, "must be one group: the provider says how much it uses, and not who uses how much")
        }
        return items.enumerated().compactMap { index, item in
            var inner = YAMLReader(item, path: "\(tenants.path)\(kind.name)[\(index)]")
            let draft = defaults.read(kind, &inner)
            tenants.absorb(inner)
            return draft
        }
    }

    /// A tenant that stood in two groups would be two things at once.
    private func reportRepeatedNames(_ groups: [TenantGroup], _ reader: inout YAMLReader) {
        var seen: [String: TenantKind] = [:]
        for group in groups {
            for name in group.names {
                if let other = seen.updateValue(group.kind, forKey: name) {
                    let place = other == group.kind ? "in another group" : "under another kind"
                    reader.report(group.kind.name, "the tenant '\(name.excerpt)' is named \(place) as well")
                }
            }
        }
    }
}
