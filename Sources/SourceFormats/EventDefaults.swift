package import UsageModel

/// What holds for every event of a source unless the event itself says otherwise.
package struct EventDefaults: Sendable, Hashable {
    /// The provider that the collector belongs to. An event that names another one is refused (`wrong-provider`).
    package var provider: String
    /// The tenant of events that name none; without it they are refused (`missing-field`).
    package var tenant: String?
    /// The model of events that name none; without it they are refused (`missing-field`).
    package var model: String?
    /// The region of events that name none; without it their region stays empty.
    package var region: String?
    package var layer: Layer
    package var workload: Workload
    package var modality: Modality

    package init(
        provider: String, tenant: String? = nil, model: String? = nil, region: String? = nil, layer: Layer = .maas,
        workload: Workload = .online, modality: Modality = .text
    ) {
        self.provider = provider
        self.tenant = tenant
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.modality = modality
    }

    /// Sets a field from its text in a configuration.
    ///
    /// - Parameter setting: the setting that the text stands in, for the error.
    package mutating func set(
        _ field: EventField, to text: String, setting: String
    ) throws(SourceFormatError) {
        switch field {
        case .tenant: tenant = text
        case .model: model = text
        case .region: region = text
        case .layer:
            layer = try Self.word(text, of: setting, value: Layer(name: text), words: Layer.allCases.map(\.name))
        case .workload:
            workload = try Self.word(
                text, of: setting, value: Workload(name: text), words: Workload.allCases.map(\.name))
        case .modality:
            modality = try Self.word(
                text, of: setting, value: Modality(name: text), words: Modality.allCases.map(\.name))
        default: preconditionFailure("the field \(field) has no default, so \(setting) can't set it")
        }
        if case .name(let maxBytes) = field.properties.kind {
            try Self.check(name: text, maxBytes: maxBytes, setting: setting)
        }
    }

    private static func word<Value>(
        _ text: String, of setting: String, value: Value?, words: [String]
    ) throws(SourceFormatError) -> Value {
        guard let value else {
            throw SourceFormatError(
                setting: setting, message: "\"\(text)\" is none of the words that it may be",
                remedy: "use one of \(words.joined(separator: ", "))")
        }
        return value
    }

    /// Checks the defaults by the rules that events are held to.
    func check() throws(SourceFormatError) {
        guard NameRule.isIdentifier(provider, maxBytes: Limits.maxProviderNameBytes) else {
            throw SourceFormatError(
                setting: EventField.provider.name, message: "\"\(provider)\" can't name a provider",
                remedy: "use lower-case letters, digits and inner hyphens, at most \(Limits.maxProviderNameBytes)")
        }
        let names: [(EventField, String?)] = [(.tenant, tenant), (.model, model), (.region, region)]
        for (field, name) in names {
            guard let name, case .name(let maxBytes) = field.properties.kind else { continue }
            try Self.check(name: name, maxBytes: maxBytes, setting: field.name)
        }
    }

    private static func check(name: String, maxBytes: Int, setting: String) throws(SourceFormatError) {
        guard let problem = NameRule.problem(in: name, maxBytes: maxBytes) else { return }
        throw SourceFormatError(
            setting: setting, message: "the name \(problem.explanation)", remedy: "use a name that events may have")
    }
}
