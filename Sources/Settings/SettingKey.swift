/// What a setting's value may be. Every kind is written as text or as a list of texts; the kind says how it is read and
/// what range it must lie in.
package enum SettingKind: Sendable {
    /// Any non-empty text.
    case text
    /// Lower-case letters, digits and inner hyphens, so that the value can stand in a URI or a file name.
    case identifier(maxBytes: Int)
    /// One of a fixed set of words.
    case choice([String])
    /// `true` or `false`.
    case flag
    /// A whole number.
    case integer(ClosedRange<Int64>)
    /// A whole number with a unit: `250ms`, `10s`, `5m`, `12h`, `400d`.
    case duration(ClosedRange<Duration>)
    /// A whole number of bytes, with or without a unit: `4096`, `64KiB`, `1GB`.
    case bytes(ClosedRange<Int>)
    /// An address to listen on: `127.0.0.1:4680`, `[::1]:0`, `localhost:4680`.
    case address
    /// An absolute URL with one of the given schemes.
    case url(schemes: [String])
    /// The path of a file or directory. Relative ones are taken from the directory of the configuration file.
    case path
    /// Any number of texts; a single text stands for a list of one, and an empty list says that there are none.
    case texts
    /// One or more paths or globs; relative ones are taken from the directory of the configuration file.
    case paths
}

/// Whether a setting must be given.
package enum SettingPresence: Sendable {
    case required
    case optional
    /// The value, as it would be written, that holds where none is given.
    case byDefault(String)
}

/// One declared setting: its place, its kind and what it is for.
package struct SettingKey: Sendable {
    /// Dotted place in the file. `*` stands for a name that the file chooses: `sources.*.paths`.
    package var path: String
    package var kind: SettingKind
    package var presence: SettingPresence
    /// One line for `--help` and problems.
    package var summary: String

    package init(_ path: String, _ kind: SettingKind, _ presence: SettingPresence, _ summary: String) {
        self.path = path
        self.kind = kind
        self.presence = presence
        self.summary = summary
    }

    /// ``path`` taken apart.
    var components: [String] { path.split(separator: ".").map(String.init) }
}

/// Every setting of one program.
package struct SettingsSchema: Sendable {
    /// Goes before every environment variable: `STEELYARD_COLLECTOR` makes `seal.age` overridable as
    /// `STEELYARD_COLLECTOR_SEAL_AGE`.
    package var environmentPrefix: String
    package var keys: [SettingKey]
    /// Variables with the prefix that are not settings and are not to be reported as unknown.
    package var ignoredVariables: Set<String>

    package init(environmentPrefix: String, keys: [SettingKey], ignoredVariables: Set<String> = []) {
        self.environmentPrefix = environmentPrefix
        self.keys = keys
        self.ignoredVariables = ignoredVariables
    }
}
