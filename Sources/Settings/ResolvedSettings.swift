/// The settings of a program, or of one entry of a map, after every one of them has been read and checked.
///
/// A value comes from the first that has it: a `--set key=value` flag, an environment variable, the YAML file, the
/// setting's default.
///
///     let age = settings[\.batches.sealAge]
///     for source in settings[\.sources] { print(source.name, source[\.type]) }
package struct ResolvedSettings<Keys: SettingKeys>: Sendable {
    package let keys: Keys
    /// The name of the entry, or empty for the program as a whole.
    package let name: String
    /// Dotted place of the entry, with a dot at its end; empty for the program as a whole.
    let base: String
    let values: GivenValues

    /// The value of a setting.
    package subscript<Value>(_ key: KeyPath<Keys, Setting<Value>>) -> Value { self[keys[keyPath: key]] }

    /// The value of a setting. To ask for one that ``keys`` doesn't declare is a bug and traps.
    package subscript<Value>(_ setting: Setting<Value>) -> Value {
        let path = base + setting.path
        precondition(values.declaration(of: path) != nil, "setting \(path) is not declared")
        guard let value = setting.value(values.given[path]?.value) else {
            preconditionFailure("setting \(path) must be given and was not: loading let it pass")
        }
        return value
    }

    /// The entries of a map, in the order of the file.
    package subscript<Entry>(_ key: KeyPath<Keys, NamedSettings<Entry>>) -> [ResolvedSettings<Entry>] {
        let map = keys[keyPath: key]
        return (values.names[base + map.path] ?? []).map { name in
            ResolvedSettings<Entry>(keys: map.keys, name: name, base: "\(base)\(map.path).\(name).", values: values)
        }
    }

    /// Variables with the program's prefix that say nothing to it, since Kubernetes made them for a Service; by name.
    package var passedOverVariables: [String] { values.passedOverVariables }

    /// Whether somebody wrote a value for the setting, be it the default.
    package func isGiven(_ setting: some AnySetting) -> Bool { values.given[base + setting.path] != nil }

    /// The texts that somebody wrote for the setting; `nil` where nobody did.
    package func givenTexts(_ setting: some AnySetting) -> [String]? { values.given[base + setting.path]?.texts }

    /// The setting that is declared at a path under the base, such as `fields.tenant`.
    package func setting(at path: String) -> (any AnySetting)? { values.declaration(of: base + path)?.setting }

    /// The full key of a setting: `sources.gateway.paths`.
    package func path(of setting: some AnySetting) -> String { base + setting.path }

    /// A problem that only shows when several settings are looked at together, placed where the setting was written.
    package func problem(at setting: some AnySetting, _ message: String, remedy: String) -> SettingsProblem {
        let path = base + setting.path
        let origin = values.given[path]?.origin ?? (setting.hasDefaultValue ? .byDefault : values.place(of: path))
        return SettingsProblem(origin: origin, key: path, message: message, remedy: remedy)
    }

    /// A problem of an entry of a map as a whole, placed where the entry begins.
    package func problem(_ message: String, remedy: String) -> SettingsProblem {
        let path = String(base.dropLast())
        return SettingsProblem(origin: values.place(of: path), key: path, message: message, remedy: remedy)
    }

    /// The settings that differ in `new` and need a restart, by their full keys in the order of their declaration.
    /// Those that the entries of maps decide (``SettingReload/byEntry``) are left out.
    package func changesThatNeedRestart(_ new: ResolvedSettings) -> [String] {
        values.settings.flatMap { declared -> [String] in
            guard [.restart, .fileContents].contains(declared.setting.reload) else { return [] }
            let names = values.names.merging(new.values.names) { old, new in old + new.filter { !old.contains($0) } }
            return declared.concretePaths(names).filter { path in
                !declared.setting.isSame(values.given[path]?.value, as: new.values.given[path]?.value)
            }
        }
    }
}

/// What was given for the settings of a program, by concrete path.
struct GivenValues: Sendable {
    /// The configuration file, or empty where there is none.
    let file: String
    let settings: [DeclaredSetting]
    let given: [String: GivenValue]
    /// The names of entries by the path of their map, in the order of the file.
    let names: [String: [String]]
    /// Lines of maps and leaves by path.
    let lines: [String: Int]
    let passedOverVariables: [String]

    func declaration(of path: String) -> DeclaredSetting? {
        let components = path.split(separator: ".").map(String.init)
        return settings.first { $0.matches(components) }
    }

    /// Where the file says something at a path.
    func place(of path: String) -> SettingsProblem.Origin {
        .file(path: file, line: lines[path] ?? 1)
    }
}

/// A value with how and where it was written.
struct GivenValue: Sendable {
    var value: any Sendable
    var texts: [String]
    var origin: SettingsProblem.Origin
}
