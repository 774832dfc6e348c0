internal import Settings
internal import SourceFormats
internal import UsageModel

/// Makes the format and the defaults of one source from its settings. What they may be and how they are read is
/// declared by the formats; here it is only fetched, and what is wrong gets its place in the configuration.
struct SourceFormatReader {
    let entry: ResolvedSettings<SourceKeys>
    let program: ResolvedSettings<CollectorKeys>

    func readFormat(_ problems: inout [SettingsProblem]) -> (any SourceFormat)? {
        guard let format = SourceFormatRegistry.format(named: entry[\.format]) else { return nil }
        var given: [String: [String]] = [:]
        for setting in entry.keys.formats.all { given[setting.path] = entry.givenTexts(setting) }
        for (setting, value) in inherited(by: format, given: given) { given[setting.name] = [value] }
        switch SourceFormatRegistry.makeFormat(format, given: given) {
        case .success(let format): return format
        case .failure(let failure):
            problems += failure.errors.map(problem)
            return nil
        }
    }

    /// What a source's format has from the collector's settings, sentence by sentence, for people.
    func notes() -> [String] {
        guard let format = SourceFormatRegistry.format(named: entry[\.format]) else { return [] }
        var given: [String: [String]] = [:]
        for setting in entry.keys.formats.all { given[setting.path] = entry.givenTexts(setting) }
        return inherited(by: format, given: given).map { setting, value in
            "\(setting.name) of source \(entry.name) is the collector's \(program.keys.identity.calendarZone.path), \(value)"
        }
    }

    /// The settings that have an effect and are the collector's where the source doesn't give them.
    private func inherited(
        by format: any SourceFormat.Type, given: [String: [String]]
    ) -> [(setting: SourceSetting, value: String)] {
        format.settings.compactMap { setting in
            guard case .inherited(program.keys.identity.calendarZone.path, _) = setting.presence,
                given[setting.name] == nil, let condition = setting.condition,
                let value = given[condition.setting]?.first, condition.values.contains(value)
            else { return nil }
            return (setting, program[\.identity.calendarZone])
        }
    }

    /// The collector's own defaults with those of the source in their stead.
    func readDefaults(_ common: EventDefaults, _ problems: inout [SettingsProblem]) -> EventDefaults {
        var defaults = common
        for (field, setting) in zip(EventField.all(for: .byDefault), entry.keys.defaults) {
            guard let text = entry[setting] else { continue }
            do throws(SourceFormatError) {
                try defaults.set(field, to: text, setting: setting.path)
            } catch {
                problems.append(problem(error))
            }
        }
        return defaults
    }

    /// The error at the line and under the key that it is about.
    func problem(_ error: SourceFormatError) -> SettingsProblem {
        if let own = entry.setting(at: error.setting), entry.isGiven(own) {
            return entry.problem(at: own, error.message, remedy: error.remedy)
        }
        // What the source doesn't say it has from the collector's setting of the same name.
        if program.keys.identity.inherited(error.setting) != nil {
            return program.keys.identity.problem(error, in: program)
        }
        // A setting that is missing has no line: the source's own is the nearest.
        var problem = entry.problem(error.message, remedy: error.remedy)
        problem.key += ".\(error.setting)"
        return problem
    }
}

extension CollectorKeys.Identity {
    /// The setting that sources have a default of theirs from; `nil` where there is none of that name.
    func inherited(_ name: String) -> Setting<String>? { [provider, region].first { $0.path == name } }

    /// The error at the line and under the key of the collector's own setting that it is about.
    func problem(_ error: SourceFormatError, in settings: ResolvedSettings<CollectorKeys>) -> SettingsProblem {
        guard let setting = inherited(error.setting) else {
            return SettingsProblem(
                origin: .byDefault, key: error.setting, message: error.message, remedy: error.remedy)
        }
        return settings.problem(at: setting, error.message, remedy: error.remedy)
    }
}
