internal import UsageModel

/// Why a text is no scope's canonical form.
package struct CanonicalFormError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Scope {
    /// Reads a definition back from its ``canonicalForm``, so that what was counted by it once can be counted again when
    /// its file is gone or has another version.
    ///
    /// - Parameters:
    ///   - title: left out of the form, because it means nothing to a figure; so is the citation.
    /// - Throws: for any text that isn't exactly the canonical form of a scope.
    package init(
        canonicalForm text: String, title: LocalizedText, citation: String
    ) throws(CanonicalFormError) {
        let lines = try CanonicalLines(text)
        self.init(
            id: try lines.required("id"), version: try lines.number("version"), title: title, citation: citation,
            measure: try lines.word("measure", Measure.init(rawValue:)),
            currency: try lines.names("currency")?.first, filters: try ScopeFilters(lines),
            additions: Set(try lines.words("additions", Addition.init(rawValue:)) ?? []),
            entity: try lines.word("entity", Entity.init(rawValue:)),
            top: lines.has("top") ? try lines.number("top") : nil,
            aggregate: try lines.word("aggregate", Aggregate.init(rawValue:)), zone: try lines.required("zone"),
            denominator: try lines.word("denominator", Denominator.init(name:)),
            precision: try lines.number("precision"))
        // Every other mistake: order, unknown and repeated keys, another spelling.
        guard canonicalForm == text else {
            throw CanonicalFormError("The definition of the scope \(id) is not in its canonical form.")
        }
    }
}

extension Scope.Denominator {
    fileprivate init?(name: String) {
        let prefix = Scope.Denominator.referenceTotal("").name
        if name == Self.everythingCountedName {
            self = .everythingCounted
        } else if name.hasPrefix(prefix) {
            self = .referenceTotal(String(name.dropFirst(prefix.count)))
        } else {
            return nil
        }
    }
}

extension ScopeFilters {
    fileprivate init(_ lines: CanonicalLines) throws(CanonicalFormError) {
        self.init(
            providers: try lines.names("filters.providers").map(Set.init),
            kinds: try lines.words("filters.kinds", TenantKind.init(name:)).map(Set.init),
            layers: try lines.words("filters.layers", Layer.init(name:)).map(Set.init),
            workloads: try lines.words("filters.workloads", Workload.init(name:)).map(Set.init),
            modalities: try lines.words("filters.modalities", Modality.init(name:)).map(Set.init),
            regions: try lines.words("filters.regions", NamePattern.init),
            markets: try lines.words("filters.markets", ServedMarket.init(rawValue:)).map(Set.init),
            models: try lines.words("filters.models", NamePattern.init),
            origins: try lines.words("filters.origins", ModelOrigin.init(rawValue:)).map(Set.init))
    }
}

/// The lines of a scope's canonical form by key.
private struct CanonicalLines {
    private var values: [String: String] = [:]

    init(_ text: String) throws(CanonicalFormError) {
        guard let lines = CanonicalText.lines(text) else {
            throw CanonicalFormError("A scope's canonical form is made of lines of key=value.")
        }
        for line in lines { values[line.key] = line.value }
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    func required(_ key: String) throws(CanonicalFormError) -> String {
        guard let value = values[key] else {
            throw CanonicalFormError("The definition of the scope has no line \(key).")
        }
        return value
    }

    func number(_ key: String) throws(CanonicalFormError) -> Int {
        try word(key) { Int($0) }
    }

    func word<Value>(_ key: String, _ parse: (String) -> Value?) throws(CanonicalFormError) -> Value {
        let text = try required(key)
        guard let value = parse(text) else { throw Self.unknown(key, text) }
        return value
    }

    /// The names of a line; `nil` for `all` and where there is no line.
    func names(_ key: String) throws(CanonicalFormError) -> [String]? {
        guard let text = values[key], text != "all" else { return nil }
        guard !text.isEmpty else { return [] }
        guard let names = CanonicalText.names(text) else { throw Self.unknown(key, text) }
        return names
    }

    func words<Value>(_ key: String, _ parse: (String) -> Value?) throws(CanonicalFormError) -> [Value]? {
        guard let names = try names(key) else { return nil }
        var values: [Value] = []
        for name in names {
            guard let value = parse(name) else { throw Self.unknown(key, name) }
            values.append(value)
        }
        return values
    }

    private static func unknown(_ key: String, _ text: String) -> CanonicalFormError {
        CanonicalFormError("The definition of the scope says \(key)=\(text.prefix(64)), which means nothing here.")
    }
}
