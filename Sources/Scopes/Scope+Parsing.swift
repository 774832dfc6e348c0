internal import Usage

extension Scope {
    /// The longest scope id, in bytes.
    package static let maxIdentifierBytes = 64
    /// The most decimals that a scope may publish percentages with.
    package static let maxPrecision: UInt64 = 6

    /// Reads a scope file.
    ///
    /// - Parameter file: the name that problems are reported under.
    /// - Throws: every mistake in the file, by line and key.
    package static func parse(_ yaml: String, file: String) throws(FileProblems) -> Scope {
        var reader = YAMLReader(try YAMLValue.parse(yaml, file: file))
        let scope = read(&reader)
        reader.finish()
        guard let scope, reader.problems.isEmpty else { throw FileProblems(file: file, problems: reader.problems) }
        return scope
    }

    private static func read(_ reader: inout YAMLReader) -> Scope? {
        let id = identifier(&reader)
        let version = reader.integer("version", in: 1...1_000_000)
        let title = localizedText("title", &reader)
        let citation = reader.text("citation")
        let measure = reader.choice("measure", Measure.allCases.map { ($0.rawValue, $0) })
        let filters = filters(&reader)
        let entity = reader.choice("entity", Entity.allCases.map { ($0.rawValue, $0) })
        let aggregate = reader.choice("aggregate", Aggregate.allCases.map { ($0.rawValue, $0) })
        let zone = zone(&reader)
        let denominator = reader.choice("denominator", Denominator.allCases.map { ($0.rawValue, $0) })
        let precision = reader.integer("precision", in: 0...maxPrecision)
        guard let id, let version, let title, let citation, let measure, let filters, let entity, let aggregate,
            let zone, let denominator, let precision
        else { return nil }
        return Scope(
            id: id, version: Int(version), title: title, citation: citation, measure: measure, filters: filters,
            entity: entity, aggregate: aggregate, zone: zone, denominator: denominator, precision: Int(precision))
    }

    private static func identifier(_ reader: inout YAMLReader) -> String? {
        guard let id = reader.text("id") else { return nil }
        guard NameRule.isIdentifier(id, maxBytes: maxIdentifierBytes) else {
            reader.report(
                "id",
                "'\(id.excerpt)' is no id: lower-case letters, digits and inner hyphens, "
                    + "at most \(maxIdentifierBytes) bytes")
            return nil
        }
        return id
    }

    private static func localizedText(_ key: String, _ reader: inout YAMLReader) -> LocalizedText? {
        guard var inner = reader.map(key) else {
            reader.report(key, "is missing: give it in English and Chinese, under en and zh")
            return nil
        }
        let en = inner.text("en")
        let zh = inner.text("zh")
        inner.finish()
        reader.absorb(inner)
        guard let en, let zh else { return nil }
        return LocalizedText(en: en, zh: zh)
    }

    private static func zone(_ reader: inout YAMLReader) -> String? {
        guard let zone = reader.text("zone") else { return nil }
        guard ZoneRules(identifier: zone) != nil else {
            reader.report("zone", "'\(zone.excerpt)' is no time zone: use an IANA name such as Asia/Shanghai")
            return nil
        }
        return zone
    }

    private static func filters(_ reader: inout YAMLReader) -> ScopeFilters? {
        guard var inner = reader.map("filters") else {
            reader.report("filters", "is missing: it must at least say which kinds of tenants count (kinds)")
            return nil
        }
        if inner.keys.isEmpty || !inner.keys.contains("kinds") {
            inner.report("kinds", "is missing: list the kinds of tenants that count, or write all")
        }
        let filters = ScopeFilters(
            kinds: set("kinds", TenantKind.allCases.map { ($0.name, $0) }, &inner),
            layers: set("layers", Layer.allCases.map { ($0.name, $0) }, &inner),
            workloads: set("workloads", Workload.allCases.map { ($0.name, $0) }, &inner),
            modalities: set("modalities", Modality.allCases.map { ($0.name, $0) }, &inner),
            regions: regions(&inner))
        inner.finish()
        reader.absorb(inner)
        return inner.problems.isEmpty ? filters : nil
    }

    /// The words of a list, or `nil` for `all` and for a key that is absent.
    private static func set<Word: Hashable & SendableMetatype>(
        _ key: String, _ words: [(name: String, value: Word)], _ reader: inout YAMLReader
    ) -> Set<Word>? {
        guard let value = reader.optional(key), value.content != .scalar("all") else { return nil }
        return reader.list(value, key) { $0.choice($1, key, words) }.map { Set($0) }
    }

    private static func regions(_ reader: inout YAMLReader) -> [RegionPattern]? {
        guard let value = reader.optional("regions"), value.content != .scalar("all") else { return nil }
        let patterns = reader.list(value, "regions") { reader, value -> RegionPattern? in
            guard let text = reader.text(value, "regions", maxBytes: Limits.maxRegionNameBytes) else { return nil }
            if text.dropLast().contains("*") {
                reader.report("regions", line: value.line, "'\(text.excerpt)': a * may only stand at the end")
                return nil
            }
            return RegionPattern(text)
        }
        return patterns?.sorted()
    }
}
