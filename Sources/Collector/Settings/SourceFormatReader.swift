internal import Settings
internal import SourceFormats
internal import UsageModel

/// Makes the format and the defaults of one source from its settings. What they may be and how they are read is
/// declared by the formats; here it is only fetched, and what is wrong gets its place in the configuration.
struct SourceFormatReader {
    let settings: Settings
    /// `sources.NAME`.
    let base: String

    func readFormat(_ problems: inout [SettingsProblem]) -> (any SourceFormat)? {
        guard let format = SourceFormatRegistry.format(named: settings.text("\(base).format")) else { return nil }
        var given: [String: [String]] = [:]
        for setting in SourceFormatRegistry.settings { given[setting.name] = givenTexts(setting) }
        switch SourceFormatRegistry.makeFormat(format, given: given) {
        case .success(let format): return format
        case .failure(let failure):
            problems += failure.errors.map(problem)
            return nil
        }
    }

    /// The collector's own defaults with those of the source in their stead.
    func readDefaults(_ common: EventDefaults, _ problems: inout [SettingsProblem]) -> EventDefaults {
        var defaults = common
        for field in EventField.all(for: .byDefault) {
            guard let text = settings.optionalText("\(base).\(field.name)") else { continue }
            do throws(SourceFormatError) {
                try defaults.set(field, to: text, setting: field.name)
            } catch {
                problems.append(problem(error))
            }
        }
        return defaults
    }

    /// The error at the line and under the key that it is about.
    func problem(_ error: SourceFormatError) -> SettingsProblem {
        let own = "\(base).\(error.setting)"
        if settings.isGiven(own) { return settings.problem(at: own, error.message, remedy: error.remedy) }
        // What the source doesn't say it has from the collector's setting of the same name.
        let inherited = [EventField.provider, .region].map(\.name)
        if inherited.contains(error.setting) {
            return settings.problem(at: error.setting, error.message, remedy: error.remedy)
        }
        // A setting that is missing has no line: the source's own is the nearest.
        var problem = settings.problem(at: base, error.message, remedy: error.remedy)
        problem.key = own
        return problem
    }

    /// A value of any kind as it would be written, `nil` where nobody wrote one.
    private func givenTexts(_ setting: SourceSetting) -> [String]? {
        let key = "\(base).\(setting.name)"
        guard settings.isGiven(key) else { return nil }
        switch setting.kind {
        case .text, .word: return [settings.text(key)]
        case .texts: return settings.texts(key)
        case .flag: return [String(settings.flag(key))]
        case .integer: return [String(settings.integer(key))]
        }
    }
}
