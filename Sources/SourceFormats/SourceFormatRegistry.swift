/// Every source format, in the order of the documentation.
package enum SourceFormatRegistry {
    package static let formats: [any SourceFormat.Type] =
        [
            NativeFormat.self,
            OpenAIFormat.self,
            MappedFormat.self,
            OTLPFormat.self,
            CloudEventsFormat.self,
        ] + presets

    /// What one sender writes, by one word.
    private static let presets: [any SourceFormat.Type] = [
        PresetFormat<LiteLLMPreset>.self,
        PresetFormat<EnvoyAIGatewayPreset>.self,
        PresetFormat<HigressPreset>.self,
        PresetFormat<APISIXPreset>.self,
        PresetFormat<KongPreset>.self,
        PresetFormat<BedrockInvocationLogPreset>.self,
        PresetFormat<ClaudeCodePreset>.self,
        PresetFormat<OpenRouterPreset>.self,
        PresetFormat<LangfuseExportPreset>.self,
        PresetFormat<NewAPIPreset>.self,
        PresetFormat<OneAPIPreset>.self,
    ]

    /// What a source's records are where it doesn't say.
    package static let defaultName = NativeFormat.name

    package static func format(named name: String) -> (any SourceFormat.Type)? {
        formats.first { $0.name == name }
    }

    /// The settings of all formats, each once.
    package static let settings: [SourceSetting] = {
        var settings: [SourceSetting] = []
        for setting in formats.flatMap({ $0.settings }) where !settings.contains(setting) {
            precondition(!settings.contains { $0.name == setting.name }, "\(setting.name) is declared in two ways")
            settings.append(setting)
        }
        return settings
    }()

    /// Makes a format from the settings that are given for a source, or says everything that is wrong with them.
    ///
    /// - Parameter given: what is given of ``settings``, by name, as it is written; each is of its kind.
    package static func makeFormat(
        _ format: any SourceFormat.Type, given: [String: [String]]
    ) -> Result<any SourceFormat, Problems> {
        let said = Preset.overridden(format.preset, by: given)
        let options = SourceOptions(said, declared: format.settings, given: Set(given.keys))
        var problems = idleSettings(format, given: given, options: options)
        for setting in format.settings where setting.presence == .required && said[setting.name] == nil {
            var remedy = "give \(setting.name)"
            if case .word(let words) = setting.kind { remedy += ": \(words.joined(separator: " or "))" }
            problems.append(
                SourceFormatError(setting: "format", message: "\(format.name) needs a \(setting.name)", remedy: remedy))
        }
        guard problems.isEmpty else { return .failure(Problems(errors: problems)) }
        do throws(SourceFormatError) {
            return .success(try format.init(options))
        } catch {
            return .failure(Problems(errors: [error]))
        }
    }

    /// Everything that is wrong with the settings of a format.
    package struct Problems: Error, Sendable, Equatable {
        package var errors: [SourceFormatError]
    }

    /// Settings that are given and have no effect beside the others: somebody expects something that won't happen.
    private static func idleSettings(
        _ format: any SourceFormat.Type, given: [String: [String]], options: SourceOptions
    ) -> [SourceFormatError] {
        settings.compactMap { setting in
            guard given[setting.name] != nil else { return nil }
            guard let declared = format.settings.first(where: { $0.name == setting.name }) else {
                return SourceFormatError(
                    setting: setting.name, message: "has no effect with format: \(format.name)",
                    remedy: "remove it, or set the format it is for")
            }
            guard let condition = declared.condition, let value = options.text(condition.setting),
                !condition.values.contains(value)
            else { return nil }
            return SourceFormatError(
                setting: setting.name, message: "has no effect with \(condition.setting): \(value)",
                remedy: "remove it, or set \(condition.setting): \(condition.values.joined(separator: " or "))")
        }
    }
}
