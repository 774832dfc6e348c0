internal import Foundation
internal import TextFormats

extension SettingsSchema {
    /// Reads and checks everything; on any problem all of them are reported, and nothing is half loaded.
    ///
    /// - Parameters:
    ///   - file: path of the YAML file, or `nil` where only flags and the environment count.
    ///   - overrides: `key=value` texts of `--set` flags, the strongest.
    ///   - environment: variables; those with the schema's prefix are looked at.
    /// - Throws: ``SettingsError`` with every problem, each with its place and remedy.
    package func load(
        file: String?, overrides: [String] = [], environment: [String: String]
    ) throws(SettingsError) -> ResolvedSettings<Keys> {
        guard let file else {
            return try load(SettingsFile(path: ""), overrides: overrides, environment: environment)
        }
        return try load(yaml: readText(file), file: file, overrides: overrides, environment: environment)
    }

    /// As ``load(file:overrides:environment:)``, from text already read; `file` is its name in problems.
    package func load(
        yaml: String, file: String, overrides: [String] = [], environment: [String: String]
    ) throws(SettingsError) -> ResolvedSettings<Keys> {
        try load(SettingsFile(path: file, yaml: yaml), overrides: overrides, environment: environment)
    }

    private func load(
        _ file: SettingsFile, overrides: [String], environment: [String: String]
    ) throws(SettingsError) -> ResolvedSettings<Keys> {
        var loader = SettingsLoader(schema: self, file: file, environment: environment)
        loader.readFlags(overrides)
        return ResolvedSettings(keys: keys, name: "", base: "", values: try loader.finish())
    }

    private func readText(_ file: String) throws(SettingsError) -> String {
        func refuse(_ message: String, remedy: String) -> SettingsError {
            SettingsError([
                SettingsProblem(origin: .file(path: file, line: 1), key: "", message: message, remedy: remedy)
            ])
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw refuse("can't be read", remedy: "check that the file exists and that this user may read it")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw refuse("is not UTF-8", remedy: "save it as UTF-8")
        }
        return text
    }
}

/// Brings flags, environment and file together under a schema.
private struct SettingsLoader<Keys: SettingKeys> {
    let schema: SettingsSchema<Keys>
    let file: SettingsFile
    var environment: [String: String]
    var flags: [String: String] = [:]
    var problems: [SettingsProblem]
    var names: [String: [String]] = [:]
    var passedOverVariables: [String] = []

    init(schema: SettingsSchema<Keys>, file: SettingsFile, environment: [String: String]) {
        self.schema = schema
        self.file = file
        let prefix = schema.environmentPrefix + "_"
        self.environment = environment.filter { $0.key.hasPrefix(prefix) }
        problems = file.problems
    }

    mutating func readFlags(_ overrides: [String]) {
        for text in overrides {
            guard let equals = text.firstIndex(of: "=") else {
                problems.append(
                    SettingsProblem(
                        origin: .flag(text), key: "", message: "has no value", remedy: "write --set key=value"))
                continue
            }
            let key = String(text[..<equals])
            if schema.declaration(of: key) == nil {
                reportUnknown(key, origin: .flag(text))
            } else {
                flags[key] = String(text[text.index(after: equals)...])
            }
        }
    }

    mutating func finish() throws(SettingsError) -> GivenValues {
        for path in file.order where schema.declaration(of: path) == nil {
            reportUnknown(path, origin: .file(path: file.path, line: file.lines[path] ?? 1))
        }
        for path in file.empty { reportEmpty(path) }
        collectNames()
        let concrete = schema.settings.flatMap { declared in
            declared.concretePaths(names).map { (declared.setting, $0) }
        }
        let keysByVariable = Dictionary(grouping: concrete.map(\.1), by: schema.variable(for:))
        reportUnknownVariables(known: Array(keysByVariable.keys))
        refuseAmbiguousVariables(keysByVariable)
        let given = readAll(concrete)
        guard problems.isEmpty else { throw SettingsError(inOrderOfTheFile()) }
        return GivenValues(
            file: file.path, settings: schema.settings, given: given, names: names, lines: file.lines,
            passedOverVariables: passedOverVariables)
    }

    private mutating func readAll(
        _ concrete: [(setting: any AnySetting, path: String)]
    ) -> [String: GivenValue] {
        let directory = file.path.lastIndex(of: "/").map { String(file.path[..<$0]) } ?? ""
        var given: [String: GivenValue] = [:]
        for (setting, path) in concrete {
            guard let found = lookUp(setting, path) else {
                if setting.defaultText == nil { reportMissing(path, setting) }
                continue
            }
            // Relative paths of the file start at its directory, those of a command line where it was typed.
            let isInFile = if case .file = found.origin { true } else { false }
            do throws(InvalidValue) {
                let value = try setting.read(
                    found.texts, isList: found.isList, directory: isInFile ? directory : "")
                given[path] = GivenValue(value: value, texts: found.texts, origin: found.origin)
            } catch {
                problems.append(
                    SettingsProblem(origin: found.origin, key: path, message: error.message, remedy: error.remedy))
            }
        }
        return given
    }

    /// Flags come first, then the environment, then the file.
    private func lookUp(
        _ setting: any AnySetting, _ path: String
    ) -> (texts: [String], isList: Bool, origin: SettingsProblem.Origin)? {
        if let text = flags[path] { return (setting.split(text), false, .flag("\(path)=\(text)")) }
        let variable = schema.variable(for: path)
        if let text = environment[variable] {
            return (setting.split(text), false, .environment(variable: variable))
        }
        return file.leaves[path].map {
            ($0.texts, $0.isList, .file(path: file.path, line: file.lines[path] ?? 1))
        }
    }

    // MARK: Names and patterns

    private mutating func collectNames() {
        let prefixes = Set(
            schema.settings.compactMap { declared -> [String]? in
                declared.components.firstIndex(of: "*").map { Array(declared.components[..<$0]) }
            })
        for prefix in prefixes {
            var found: [String] = []
            for path in file.order + flags.keys.sorted() {
                let components = path.split(separator: ".").map(String.init)
                guard components.count > prefix.count, Array(components[..<prefix.count]) == prefix else { continue }
                if !found.contains(components[prefix.count]) { found.append(components[prefix.count]) }
            }
            names[prefix.joined(separator: ".")] = found
        }
    }

    // MARK: Problems

    private mutating func reportUnknown(_ path: String, origin: SettingsProblem.Origin) {
        let components = path.split(separator: ".").map(String.init)
        let known = schema.settings.map { declared -> String in
            var pattern = declared.components
            for index in pattern.indices where pattern[index] == "*" && index < components.count {
                pattern[index] = components[index]
            }
            return pattern.joined(separator: ".")
        }
        let remedy =
            if known.contains(where: { $0.hasPrefix(path + ".") }) {
                "write its settings below it, each on a line of its own"
            } else if let nearest = Nearest.match(path, among: known) {
                "did you mean \(nearest)?"
            } else {
                "remove it, or look up its name in docs/operating"
            }
        problems.append(
            SettingsProblem(origin: origin, key: path, message: "is not a setting", remedy: remedy))
    }

    /// A key with nothing behind it: sections may be empty; a setting or a name that is given would count for nothing.
    private mutating func reportEmpty(_ path: String) {
        let components = path.split(separator: ".").map(String.init)
        if schema.settings.contains(where: { $0.isIn(section: components) }) { return }
        guard schema.declaration(of: path) != nil || schema.settings.contains(where: { $0.isBelow(components) }) else {
            return reportUnknown(path, origin: .file(path: file.path, line: file.lines[path] ?? 1))
        }
        problems.append(
            SettingsProblem(
                origin: .file(path: file.path, line: file.lines[path] ?? 1), key: path,
                message: "has nothing behind it",
                remedy: "give a value, or leave the key out"))
    }

    /// Refuses variables that no setting has, save those that Kubernetes gives to every container of a namespace.
    private mutating func reportUnknownVariables(known: [String]) {
        for name in environment.keys.sorted() where !known.contains(name) && name != schema.configurationVariable {
            if ServiceVariable.isOne(name, value: environment[name] ?? "") {
                passedOverVariables.append(name)
                continue
            }
            let nearest = Nearest.match(name, among: known)
            problems.append(
                SettingsProblem(
                    origin: .environment(variable: name), key: "", message: "matches no setting",
                    remedy: nearest.map { "did you mean \($0)?" } ?? "unset it"))
        }
    }

    /// A variable can't tell a dot from a hyphen: `…_A_TIME_FORMAT` is `time.format` of a source `a` and `format` of a
    /// source `a-time`.
    private mutating func refuseAmbiguousVariables(_ keysByVariable: [String: [String]]) {
        for name in environment.keys.sorted() {
            guard let keys = keysByVariable[name], keys.count > 1 else { continue }
            environment[name] = nil
            problems.append(
                SettingsProblem(
                    origin: .environment(variable: name), key: "",
                    message: "can mean \(keys.joined(separator: " and "))",
                    remedy: "unset it, and give the one that is meant with --set or in the file"))
        }
    }

    private mutating func reportMissing(_ path: String, _ setting: any AnySetting) {
        guard !file.mayHold(path) else { return }
        let parent = path.split(separator: ".").dropLast().joined(separator: ".")
        let line = file.lines[parent] ?? 1
        problems.append(
            SettingsProblem(
                origin: .file(path: file.path, line: line), key: path, message: "is missing",
                remedy: "give it: \(setting.summary)"))
    }

    private func inOrderOfTheFile() -> [SettingsProblem] {
        func line(_ problem: SettingsProblem) -> Int {
            if case .file(_, let line) = problem.origin { return line }
            return .max
        }
        return problems.enumerated().sorted {
            (line($0.element), $0.offset) < (line($1.element), $1.offset)
        }.map(\.element)
    }
}
