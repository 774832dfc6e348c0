internal import TextFormats
internal import UsageModel

extension MarketModel {
    /// Reads `models`: all models of a description by their names.
    static func read(_ reader: inout YAMLReader) -> [MarketModel] {
        guard var all = reader.map("models"), !all.keys.isEmpty else {
            reader.report("models", "is missing: name at least one model")
            return []
        }
        var models: [MarketModel] = []
        for name in all.keys {
            all.checkName(name, maxBytes: Limits.maxModelNameBytes)
            guard var inner = all.map(name) else {
                all.report(name, "is empty: give its modality, output, cached, reasoning and tokens-per-request")
                continue
            }
            models.append(model(name, &inner))
            inner.finish()
            all.absorb(inner)
        }
        all.finish()
        reader.absorb(all)
        return models
    }

    private static func model(_ name: String, _ reader: inout YAMLReader) -> MarketModel {
        let modality = reader.choice("modality", Modality.allCases.map { ($0.name, $0) })
        let output = reader.integer("output", in: 0...100)
        let cached = reader.integer("cached", in: 0...100)
        let reasoning = reader.integer("reasoning", in: 0...100)
        let tokensPerRequest = reader.integer("tokens-per-request", in: 1...10_000_000)
        let varies = reader.optional("varies") == nil ? defaultVariesPercent : reader.integer("varies", in: 0...100)
        return MarketModel(
            name: name, modality: modality ?? .text, outputPercent: output ?? 0, cachedPercent: cached ?? 0,
            reasoningPercent: reasoning ?? 0, tokensPerRequest: tokensPerRequest ?? 1, variesPercent: varies ?? 0,
            catalogue: catalogue(&reader))
    }

    private static let catalogueKeys = ["developer", "group", "family", "weights", "tier"]

    /// The model's line in the catalogue; none of it, or developer, group and family.
    private static func catalogue(_ reader: inout YAMLReader) -> ModelCatalogueEntry? {
        guard catalogueKeys.contains(where: { reader.optional($0) != nil }) else { return nil }
        let developer = reader.identifier("developer")
        let group = reader.identifier("group")
        let family = reader.identifier("family")
        let weights = word("weights", of: ["open", "closed"], &reader)
        let tier = word("tier", of: ["flagship", "light"], &reader)
        guard let developer, let group, let family else { return nil }
        return ModelCatalogueEntry(developer: developer, group: group, family: family, weights: weights, tier: tier)
    }

    /// One of some words, or empty where the key is absent.
    private static func word(_ key: String, of words: [String], _ reader: inout YAMLReader) -> String {
        reader.optional(key) == nil ? "" : reader.choice(key, words.map { ($0, $0) }) ?? ""
    }
}
