package import TextFormats
internal import UsageModel

extension Scope {
    /// The longest scope id, in bytes.
    package static let maxIdentifierBytes = 64
    /// The most decimals that a scope may publish percentages with.
    package static let maxPrecision: UInt64 = 6
    /// The most entities that a scope may publish by name when it names only the largest.
    package static let maxTop: UInt64 = 10_000

    /// Reads a scope file.
    ///
    /// - Parameters:
    ///   - file: the name that problems are reported under.
    ///   - catalogue: the scopes that it is to stand beside, whose ids it can't have.
    /// - Throws: every mistake in the file, by line and key.
    package static func parse(
        _ yaml: String, file: String, besides catalogue: ScopeCatalogue = ScopeCatalogue([])
    ) throws(FileProblems) -> Scope {
        var reader = YAMLReader(try YAMLValue.parse(yaml, file: file))
        let scope = read(&reader, besides: catalogue)
        reader.finish()
        guard let scope, reader.problems.isEmpty else { throw FileProblems(file: file, problems: reader.problems) }
        return scope
    }

    private static func read(_ reader: inout YAMLReader, besides catalogue: ScopeCatalogue) -> Scope? {
        let id = identifier("id", &reader)
        if let id, let objection = catalogue.objection(to: id) { reader.report("id", objection) }
        let version = reader.integer("version", in: 1...1_000_000)
        let title = localizedText("title", &reader)
        let citation = reader.text("citation")
        let measure = reader.choice("measure", Measure.allCases.map { ($0.rawValue, $0) })
        let currency = currency(&reader, measure: measure)
        let filters = filters(&reader, measure: measure)
        let additions = additions(&reader, measure: measure)
        let entity = entity(&reader, measure: measure, additions: additions)
        let top = reader.optional("top").map { reader.integer($0, "top", in: 1...maxTop) }
        let aggregate = reader.choice("aggregate", Aggregate.allCases.map { ($0.rawValue, $0) })
        let zone = zone(&reader)
        let denominator = denominator(&reader)
        let precision = reader.integer("precision", in: 0...maxPrecision)
        guard let id, let version, let title, let citation, let measure, let filters, let entity, let aggregate,
            let zone, let denominator, let precision
        else { return nil }
        return Scope(
            id: id, version: Int(version), title: title, citation: citation, measure: measure, currency: currency,
            filters: filters, additions: additions, entity: entity, top: top.flatMap { $0 }.map { Int($0) },
            aggregate: aggregate, zone: zone, denominator: denominator, precision: Int(precision))
    }

    private static func identifier(_ key: String, _ reader: inout YAMLReader) -> String? {
        guard let id = reader.text(key) else { return nil }
        guard NameRule.isIdentifier(id, maxBytes: maxIdentifierBytes) else {
            reader.report(
                key,
                "'\(id.excerpt)' is no id: lower-case letters, digits and inner hyphens, "
                    + "at most \(maxIdentifierBytes) bytes")
            return nil
        }
        return id
    }

    static func localizedText(_ key: String, _ reader: inout YAMLReader) -> LocalizedText? {
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

    private static func currency(_ reader: inout YAMLReader, measure: Measure?) -> String? {
        guard let value = reader.optional("currency") else {
            if let measure, measure.unit == .money {
                reader.report("currency", "is missing: \(measure.rawValue) is stated in a currency, such as CNY")
            }
            return nil
        }
        if let measure, measure.unit != .money {
            reader.report("currency", "\(measure.rawValue) are no money: leave the currency out")
        }
        guard let code = reader.text(value, "currency") else { return nil }
        guard code.utf8.count == 3, code.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) else {
            reader.report("currency", "'\(code.excerpt)' is no ISO 4217 code: three capital letters, such as CNY")
            return nil
        }
        return code
    }

    private static func filters(_ reader: inout YAMLReader, measure: Measure?) -> ScopeFilters? {
        let applicable = measure?.source.filters ?? ScopeFilter.all
        let asksKinds = applicable.contains(.kinds)
        guard var inner = reader.map("filters") else {
            if !asksKinds { return ScopeFilters() }
            reader.report("filters", "is missing: it must at least say which kinds of tenants count (kinds)")
            return nil
        }
        if asksKinds, !inner.keys.contains("kinds") {
            inner.report("kinds", "is missing: list the kinds of tenants that count, or write all")
        }
        for key in inner.keys where ScopeFilter.all.count != applicable.count && !applicable.map(\.key).contains(key) {
            inner.report(key, "tenders have providers only: leave the filter out")
        }
        var filters = ScopeFilters()
        for filter in ScopeFilter.all { filter.read(&inner, &filters) }
        inner.finish()
        reader.absorb(inner)
        return inner.problems.isEmpty ? filters : nil
    }

    private static func additions(_ reader: inout YAMLReader, measure: Measure?) -> Set<Addition> {
        guard let value = reader.optional("additions") else { return [] }
        let items = reader.list(value, of: "additions") { reader, value -> Addition? in
            let addition = reader.choice(value, of: "additions", Addition.allCases.map { ($0.rawValue, $0) })
            if let addition, let measure, measure != addition.measure {
                reader.report(
                    "additions", line: value.line,
                    "\(addition.rawValue) are counted in \(addition.measure.rawValue), not in \(measure.rawValue)")
            }
            return addition
        }
        return Set(items ?? [])
    }

    private static func entity(
        _ reader: inout YAMLReader, measure: Measure?, additions: Set<Addition>
    ) -> Entity? {
        let entity = reader.choice("entity", Entity.allCases.map { ($0.rawValue, $0) })
        if let entity, let measure, !measure.source.entities.contains(entity) {
            reader.report("entity", "tenders are won by providers: divide them among providers")
        }
        if let entity, entity != .provider, additions.contains(.customisation) {
            reader.report("entity", "customisation is kept by provider: divide it among providers")
        }
        return entity
    }

    private static func zone(_ reader: inout YAMLReader) -> String? {
        guard let zone = reader.text("zone") else { return nil }
        guard ZoneRules(identifier: zone) != nil else {
            reader.report("zone", "'\(zone.excerpt)' is no time zone: use an IANA name such as Asia/Shanghai")
            return nil
        }
        return zone
    }

    private static func denominator(_ reader: inout YAMLReader) -> Denominator? {
        guard let value = reader.required("denominator") else { return nil }
        if case .map = value.content, var inner = reader.map("denominator") {
            let name = identifier("reference-total", &inner)
            inner.finish()
            reader.absorb(inner)
            return name.map { .referenceTotal($0) }
        }
        guard value.content == .scalar(Denominator.everythingCountedName) else {
            reader.report(
                "denominator", line: value.line,
                "must be \(Denominator.everythingCountedName), or name a published total under reference-total")
            return nil
        }
        return .everythingCounted
    }
}

extension Scope.Addition {
    /// The measure that it can be added to.
    var measure: Scope.Measure {
        switch self {
        case .privateDeployments: .tokens
        case .customisation: .revenue
        }
    }
}
