/// One thing that is wrong with a configuration: where, what, and what to do.
package struct SettingsProblem: Sendable, Equatable, CustomStringConvertible {
    /// Where a value came from.
    package enum Origin: Sendable, Equatable, CustomStringConvertible {
        /// 1-based line of the configuration file; an empty path where there is none.
        case file(path: String, line: Int)
        case environment(variable: String)
        /// A `--set key=value` flag.
        case flag(String)
        /// Nowhere: the schema's own default.
        case byDefault

        package var description: String {
            switch self {
            case .file(let path, let line): path.isEmpty ? "no configuration file" : "\(path):\(line)"
            case .environment(let variable): "environment variable \(variable)"
            case .flag(let text): "flag --set \(text)"
            case .byDefault: "default"
            }
        }
    }

    package var origin: Origin
    /// The dotted key, or empty where the file as a whole is at fault.
    package var key: String
    /// What is wrong.
    package var message: String
    /// What to do about it.
    package var remedy: String

    package init(origin: Origin, key: String, message: String, remedy: String) {
        self.origin = origin
        self.key = key
        self.message = message
        self.remedy = remedy
    }

    package var description: String {
        let subject = key.isEmpty ? "" : "\(key): "
        return "\(origin): \(subject)\(message); \(remedy)"
    }
}

/// Why a configuration was refused: every problem found, in the order of the file.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    package var problems: [SettingsProblem]

    package init(_ problems: [SettingsProblem]) {
        self.problems = problems
    }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
