internal import Configuration
internal import Foundation

extension Settings {
    /// Reads and checks everything; on any problem all of them are reported, and nothing is half loaded.
    ///
    /// - Parameters:
    ///   - file: path of the YAML file, or `nil` where only flags and the environment count.
    ///   - overrides: `key=value` texts of `--set` flags, the strongest.
    ///   - environment: variables; those with the schema's prefix are looked at.
    /// - Throws: ``SettingsError`` with every problem, each with its place and remedy.
    package static func load(
        _ schema: SettingsSchema, file: String?, overrides: [String] = [], environment: [String: String]
    ) throws(SettingsError) -> Settings {
        guard let file else {
            return try load(schema, parsed: SettingsFile(path: ""), overrides: overrides, environment: environment)
        }
        let text = try readText(file)
        return try load(
            schema, parsed: SettingsFile(path: file, yaml: text), overrides: overrides, environment: environment)
    }

    /// As ``load(_:file:overrides:environment:)``, from text already read; `file` is its name in problems.
    package static func load(
        _ schema: SettingsSchema, yaml: String, file: String, overrides: [String] = [], environment: [String: String]
    ) throws(SettingsError) -> Settings {
        try load(
            schema, parsed: SettingsFile(path: file, yaml: yaml), overrides: overrides, environment: environment)
    }

    private static func load(
        _ schema: SettingsSchema, parsed: SettingsFile, overrides: [String], environment: [String: String]
    ) throws(SettingsError) -> Settings {
        var loader = SettingsLoader(schema: schema, file: parsed, environment: environment)
        loader.readFlags(overrides)
        return try loader.finish()
    }

    private static func readText(_ file: String) throws(SettingsError) -> String {
        func refuse(_ message: String, _ remedy: String) -> SettingsError {
            SettingsError([
                SettingsProblem(origin: .file(path: file, line: 1), key: "", message: message, remedy: remedy)
            ])
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw refuse("can't be read", "check that the file exists and that this user may read it")
        }
        guard data.count <= SettingsFile.maxBytes else {
            throw refuse("is larger than \(SettingsFile.maxBytes) bytes", "give the right file")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw refuse("is not UTF-8", "save it as UTF-8")
        }
        return text
    }
}

/// Brings flags, environment and file together under a schema.
private struct SettingsLoader {
    let schema: SettingsSchema
    let file: SettingsFile
    let environment: [String: String]
    var flags: [String: String] = [:]
    var problems: [SettingsProblem]
    var names: [String: [String]] = [:]

    init(schema: SettingsSchema, file: SettingsFile, environment: [String: String]) {
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

    mutating func finish() throws(SettingsError) -> Settings {
        for path in file.order where schema.declaration(of: path) == nil {
            reportUnknown(path, origin: .file(path: file.path, line: file.lines[path] ?? 1))
        }
        collectNames()
        let concrete = schema.keys.flatMap { key in expand(key.components).map { (key, $0) } }
        reportUnknownVariables(known: concrete.map { variable(for: $0.1) })
        let values = readAll(concrete)
        guard problems.isEmpty else { throw SettingsError(inOrderOfTheFile()) }
        return Settings(file: file.path, schema: schema, values: values, names: names, lines: file.lines)
    }

    /// Looks every key up through swift-configuration: flags first, then the environment, then the file.
    private mutating func readAll(
        _ concrete: [(SettingKey, [String])]
    ) -> [String: (value: SettingValue, origin: SettingsProblem.Origin)] {
        let readers = makeReaders()
        let directory =
            file.path.contains("/") ? String(file.path[..<(file.path.lastIndex(of: "/") ?? file.path.endIndex)]) : ""
        var values: [String: (value: SettingValue, origin: SettingsProblem.Origin)] = [:]
        for (key, components) in concrete {
            let path = components.joined(separator: ".")
            var found = lookUp(key, components, path: path, in: readers)
            if found == nil, case .byDefault(let text) = key.presence {
                found = ([text], false, .byDefault)
            }
            guard let found else {
                if case .required = key.presence { reportMissing(path, key) }
                continue
            }
            do throws(ValueProblem) {
                let isOnCommandLine = if case .file = found.origin { false } else { true }
                values[path] = (
                    try key.kind.read(
                        found.texts, isList: found.isList, directory: isOnCommandLine ? "" : directory), found.origin
                )
            } catch {
                problems.append(
                    SettingsProblem(origin: found.origin, key: path, message: error.message, remedy: error.remedy))
            }
        }
        return values
    }

    private typealias Readers = (flags: ConfigReader, environment: ConfigReader, file: ConfigReader)

    private func makeReaders() -> Readers {
        func inMemory(_ values: [String: ConfigContent]) -> ConfigReader {
            let pairs = values.map { path, content in
                (AbsoluteConfigKey(path.split(separator: ".").map(String.init)), ConfigValue(content, isSecret: false))
            }
            return ConfigReader(provider: InMemoryProvider(values: Dictionary(uniqueKeysWithValues: pairs)))
        }
        let variables = ConfigReader(
            provider: EnvironmentVariablesProvider(environmentVariables: environment)
                .prefixKeys(with: ConfigKey([schema.environmentPrefix])))
        return (
            inMemory(flags.mapValues { .string($0) }), variables,
            inMemory(file.leaves.mapValues { $0.isList ? .stringArray($0.texts) : .string($0.texts.first ?? "") })
        )
    }

    private func lookUp(
        _ key: SettingKey, _ components: [String], path: String, in readers: Readers
    ) -> (texts: [String], isList: Bool, origin: SettingsProblem.Origin)? {
        let configKey = ConfigKey(components)
        if let text = readers.flags.string(forKey: configKey) {
            return (split(text, for: key.kind), false, .flag("\(path)=\(text)"))
        }
        if let text = readers.environment.string(forKey: configKey) {
            return (split(text, for: key.kind), false, .environment(variable: variable(for: components)))
        }
        let place = SettingsProblem.Origin.file(path: file.path, line: file.lines[path] ?? 1)
        guard let leaf = file.leaves[path] else { return nil }
        if leaf.isList { return readers.file.stringArray(forKey: configKey).map { ($0, true, place) } }
        return readers.file.string(forKey: configKey).map { ([$0], false, place) }
    }

    /// Flags and variables give lists with commas. Nothing at all is a slip, of a variable that isn't set; a list without
    /// anything in it is `[]`, as in the file.
    private func split(_ text: String, for kind: SettingKind) -> [String] {
        switch kind {
        case .texts where text == "[]": return []
        case .texts:
            let parts = text.split(separator: ",").map(String.init)
            return parts.isEmpty ? [""] : parts
        case .paths: return GlobList.split(text)
        default: return [text]
        }
    }

    // MARK: Names and patterns

    private mutating func collectNames() {
        let prefixes = Set(
            schema.keys.compactMap { key -> [String]? in
                key.components.firstIndex(of: "*").map { Array(key.components[..<$0]) }
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

    /// The concrete paths of a pattern, one for each name that its `*` can stand for.
    private func expand(_ pattern: [String]) -> [[String]] {
        guard let star = pattern.firstIndex(of: "*") else { return [pattern] }
        let prefix = pattern[..<star].joined(separator: ".")
        return (names[prefix] ?? []).map { name in
            var concrete = pattern
            concrete[star] = name
            return concrete
        }
    }

    private func variable(for components: [String]) -> String {
        ([schema.environmentPrefix] + components).joined(separator: "_").uppercased()
            .map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    }

    // MARK: Problems

    private mutating func reportUnknown(_ path: String, origin: SettingsProblem.Origin) {
        let components = path.split(separator: ".").map(String.init)
        let known = schema.keys.map { key -> String in
            var pattern = key.components
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

    private mutating func reportUnknownVariables(known: [String]) {
        let ignored = schema.ignoredVariables
        for name in environment.keys.sorted() where !known.contains(name) && !ignored.contains(name) {
            let nearest = Nearest.match(name, among: known)
            problems.append(
                SettingsProblem(
                    origin: .environment(variable: name), key: "", message: "matches no setting",
                    remedy: nearest.map { "did you mean \($0)?" } ?? "unset it"))
        }
    }

    private mutating func reportMissing(_ path: String, _ key: SettingKey) {
        guard !file.mayHold(path) else { return }
        let parent = path.split(separator: ".").dropLast().joined(separator: ".")
        let line = file.lines[parent] ?? 1
        problems.append(
            SettingsProblem(
                origin: .file(path: file.path, line: line), key: path, message: "is missing",
                remedy: "give it: \(key.summary)"))
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
