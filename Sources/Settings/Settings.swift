/// The settings of a program after every one of them has been read and checked.
///
/// A value comes from the first that has it: a `--set key=value` flag, an environment variable, the YAML file, the
/// schema's default. Asking for a key that the schema doesn't declare, or for another kind than it declares, is a bug
/// and traps.
package struct Settings: Sendable {
    /// The configuration file, or empty where there is none.
    package let file: String
    private let schema: SettingsSchema
    private let values: [String: (value: SettingValue, origin: SettingsProblem.Origin)]
    private let names: [String: [String]]
    private let lines: [String: Int]

    init(
        file: String, schema: SettingsSchema,
        values: [String: (value: SettingValue, origin: SettingsProblem.Origin)], names: [String: [String]],
        lines: [String: Int]
    ) {
        self.file = file
        self.schema = schema
        self.values = values
        self.names = names
        self.lines = lines
    }

    /// The names that the file gives to the entries of a map, in the order of the file: `names(under: "sources")`.
    package func names(under path: String) -> [String] { names[path] ?? [] }

    /// Whether a value was found for the key, a default included.
    package func has(_ path: String) -> Bool { value(path) != nil }

    /// Whether somebody wrote a value for the key, be it the default.
    package func isGiven(_ path: String) -> Bool {
        guard has(path) else { return false }
        return values[path]?.origin != .byDefault
    }

    package func text(_ path: String) -> String { required(path, optionalText(path)) }
    package func texts(_ path: String) -> [String] { required(path, optionalTexts(path)) }
    package func flag(_ path: String) -> Bool {
        guard case .flag(let flag)? = value(path) else { missing(path) }
        return flag
    }
    package func integer(_ path: String) -> Int64 { required(path, optionalInteger(path)) }
    package func duration(_ path: String) -> Duration { required(path, optionalDuration(path)) }
    /// A size in bytes.
    package func bytes(_ path: String) -> Int {
        guard case .bytes(let bytes)? = value(path) else { missing(path) }
        return bytes
    }
    package func address(_ path: String) -> ListenAddress { required(path, optionalAddress(path)) }

    package func optionalText(_ path: String) -> String? {
        guard case .text(let text)? = value(path) else { return nil }
        return text
    }
    package func optionalTexts(_ path: String) -> [String]? {
        guard case .texts(let texts)? = value(path) else { return nil }
        return texts
    }
    package func optionalInteger(_ path: String) -> Int64? {
        guard case .integer(let number)? = value(path) else { return nil }
        return number
    }
    package func optionalDuration(_ path: String) -> Duration? {
        guard case .duration(let duration)? = value(path) else { return nil }
        return duration
    }
    package func optionalAddress(_ path: String) -> ListenAddress? {
        guard case .address(let address)? = value(path) else { return nil }
        return address
    }

    /// A problem that only shows when several settings are looked at together, placed where the key was written.
    package func problem(at path: String, _ message: String, remedy: String) -> SettingsProblem {
        let place = lines[path].map { SettingsProblem.Origin.file(path: file, line: $0) }
        return SettingsProblem(
            origin: values[path]?.origin ?? place ?? .file(path: file, line: 1), key: path, message: message,
            remedy: remedy)
    }

    private func value(_ path: String) -> SettingValue? {
        if let found = values[path] { return found.value }
        precondition(schema.declaration(of: path) != nil, "setting \(path) is not declared")
        return nil
    }

    private func required<T>(_ path: String, _ value: T?) -> T {
        guard let value else { missing(path) }
        return value
    }

    private func missing(_ path: String) -> Never {
        preconditionFailure("setting \(path) has no value of the kind that was asked for")
    }
}

extension SettingsSchema {
    /// The declaration that covers a concrete path.
    func declaration(of path: String) -> SettingKey? {
        let components = path.split(separator: ".").map(String.init)
        return keys.first { Self.matches($0.components, components) }
    }

    static func matches(_ pattern: [String], _ components: [String]) -> Bool {
        pattern.count == components.count && zip(pattern, components).allSatisfy { $0 == "*" || $0 == $1 }
    }
}
