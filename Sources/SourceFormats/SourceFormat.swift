package import UsageModel

/// What a source's records look like.
package enum SourceFormat: Sendable, Hashable {
    /// Steelyard's own usage event; see `Protocols/usage-event.md`. Unknown fields are refused.
    case native
    /// JSON objects that hold a model API's `usage` object: responses, or a gateway's log lines. Unknown fields are
    /// skipped in place and never stored.
    case openai(OpenAIFormat)
    /// Any CSV or JSON lines, by a mapping from columns or paths to fields.
    case mapped(Mapping)
}

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
}

/// A format, mapping or default that can't work, found before the first record is read.
package struct SourceFormatError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The setting at fault, such as `tenant` or `time`.
    package var setting: String
    /// What is wrong with it and what would be right.
    package var message: String

    package init(setting: String, message: String) {
        self.setting = setting
        self.message = message
    }

    package var description: String { "\(setting): \(message)" }
}
