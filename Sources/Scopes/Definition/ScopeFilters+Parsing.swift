internal import TextFormats
internal import UsageModel

extension Scope {
    static func filters(_ reader: inout YAMLReader, measure: Measure?) -> ScopeFilters? {
        let isTenders = measure?.isTenders ?? false
        guard var inner = reader.map("filters") else {
            if isTenders { return ScopeFilters() }
            reader.report("filters", "is missing: it must at least say which kinds of tenants count (kinds)")
            return nil
        }
        if isTenders {
            for key in inner.keys where key != "providers" {
                inner.report(key, "tenders have providers only: leave the filter out")
            }
        } else if !inner.keys.contains("kinds") {
            inner.report("kinds", "is missing: list the kinds of tenants that count, or write all")
        }
        let filters = ScopeFilters(
            providers: providers(&inner),
            kinds: set("kinds", TenantKind.allCases.map { ($0.name, $0) }, &inner),
            layers: set("layers", Layer.allCases.map { ($0.name, $0) }, &inner),
            workloads: set("workloads", Workload.allCases.map { ($0.name, $0) }, &inner),
            modalities: set("modalities", Modality.allCases.map { ($0.name, $0) }, &inner),
            regions: patterns("regions", maxBytes: Limits.maxRegionNameBytes, &inner),
            markets: set("markets", ServedMarket.allCases.map { ($0.rawValue, $0) }, &inner),
            models: patterns("models", maxBytes: Limits.maxModelNameBytes, &inner),
            origins: set("origins", ModelOrigin.allCases.map { ($0.rawValue, $0) }, &inner))
        inner.finish()
        reader.absorb(inner)
        return inner.problems.isEmpty ? filters : nil
    }

    /// The value of a filter, or `nil` for `all` and for a key that is absent.
    private static func restriction(_ key: String, _ reader: inout YAMLReader) -> YAMLValue? {
        guard let value = reader.optional(key), value.content != .scalar("all") else { return nil }
        return value
    }

    private static func set<Word: Hashable & SendableMetatype>(
        _ key: String, _ words: [(name: String, value: Word)], _ reader: inout YAMLReader
    ) -> Set<Word>? {
        guard let value = restriction(key, &reader) else { return nil }
        return reader.list(value, key) { $0.choice($1, key, words) }.map { Set($0) }
    }

    private static func providers(_ reader: inout YAMLReader) -> Set<String>? {
        guard let value = restriction("providers", &reader) else { return nil }
        let names = reader.list(value, "providers") { reader, value -> String? in
            guard let name = reader.text(value, "providers") else { return nil }
            guard name != "all", NameRule.isIdentifier(name, maxBytes: Limits.maxProviderNameBytes) else {
                reader.report(
                    "providers", line: value.line,
                    name == "all"
                        ? "all stands alone, not in a list"
                        : "'\(name.excerpt)' is no provider name: lower-case letters, digits and inner hyphens")
                return nil
            }
            return name
        }
        return names.map { Set($0) }
    }

    private static func patterns(_ key: String, maxBytes: Int, _ reader: inout YAMLReader) -> [NamePattern]? {
        guard let value = restriction(key, &reader) else { return nil }
        let patterns = reader.list(value, key) { reader, value -> NamePattern? in
            // One byte more, for the star.
            guard let text = reader.text(value, key, maxBytes: maxBytes + 1) else { return nil }
            guard text != "all" else {
                reader.report(key, line: value.line, "all stands alone, not in a list")
                return nil
            }
            if text.dropLast().contains("*") {
                reader.report(key, line: value.line, "'\(text.excerpt)': a * may only stand at the end")
                return nil
            }
            return NamePattern(text)
        }
        return patterns?.sorted()
    }
}
