/// Settings that belong together, declared as stored properties: a ``Setting`` each, arrays of them, ``NamedSettings``,
/// or groups within the group.
///
/// The properties are found by reflection, in the order of their declaration, so that a setting is written down once.
/// A group that holds settings itself is one table in `docs/operating`.
package protocol SettingKeys: Sendable {}

/// A map whose keys are names that the configuration chooses: `sources.gateway.paths`. What stands under each name is
/// declared by `Keys`.
package struct NamedSettings<Keys: SettingKeys>: Sendable {
    package let path: String
    package let keys: Keys

    package init(_ path: String, _ keys: Keys) {
        self.path = path
        self.keys = keys
    }
}

/// Every setting of one program.
package struct SettingsSchema<Keys: SettingKeys>: Sendable {
    /// Goes before every environment variable: `STEELYARD_COLLECTOR` makes `seal.age` overridable as
    /// `STEELYARD_COLLECTOR_SEAL_AGE`.
    package let environmentPrefix: String
    package let keys: Keys
    /// In the order of their declaration.
    package let settings: [DeclaredSetting]
    private let byPath: [String: DeclaredSetting]

    package init(_ keys: Keys, environmentPrefix: String) {
        self.keys = keys
        self.environmentPrefix = environmentPrefix
        settings = Declarations(keys).settings
        byPath = Dictionary(settings.map { ($0.path, $0) }) { first, _ in
            preconditionFailure("setting \(first.path) is declared twice")
        }
    }

    /// The variable that names the configuration file. It is no setting.
    package var configurationVariable: String { environmentPrefix + "_CONFIG" }

    /// The environment variable of a setting by its concrete path.
    package func variable(for path: String) -> String {
        "\(environmentPrefix)_\(path)".uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    }

    /// The declaration that covers a concrete path.
    func declaration(of path: String) -> DeclaredSetting? {
        if let exact = byPath[path] { return exact }
        let components = path.split(separator: ".").map(String.init)
        return settings.first { $0.matches(components) }
    }
}

/// A setting at its place in a schema.
package struct DeclaredSetting: Sendable {
    /// Dotted place in the file. `*` stands for a name that the file chooses: `sources.*.paths`.
    package let path: String
    /// The group that declares it, by the names of properties: `sources.files`.
    package let group: String
    package let setting: any AnySetting
    /// ``path`` taken apart.
    let components: [String]

    init(path: String, group: String, setting: any AnySetting) {
        self.path = path
        self.group = group
        self.setting = setting
        components = path.split(separator: ".").map(String.init)
    }

    func matches(_ concrete: [String]) -> Bool {
        components.count == concrete.count && zip(components, concrete).allSatisfy { $0 == "*" || $0 == $1 }
    }

    /// Whether it stands below a place that has no name chosen by the file in it.
    func isIn(section: [String]) -> Bool { components.count > section.count && components.starts(with: section) }

    /// Whether it stands below a concrete place.
    func isBelow(_ concrete: [String]) -> Bool {
        components.count > concrete.count && zip(components, concrete).allSatisfy { $0 == "*" || $0 == $1 }
    }

    /// The concrete paths, one for each name that `*` can stand for.
    func concretePaths(_ names: [String: [String]]) -> [String] {
        guard let star = components.firstIndex(of: "*") else { return [path] }
        let (prefix, rest) = (components[..<star], components[(star + 1)...])
        return (names[prefix.joined(separator: ".")] ?? []).map { name in
            (prefix + [name] + rest).joined(separator: ".")
        }
    }
}

/// Finds the settings that a group declares.
private struct Declarations {
    var settings: [DeclaredSetting] = []

    init(_ keys: any SettingKeys) {
        collect(keys, base: "", group: "")
    }

    private mutating func collect(_ keys: any SettingKeys, base: String, group: String) {
        for child in Mirror(reflecting: keys).children {
            let label = child.label ?? ""
            let inner = group.isEmpty ? label : "\(group).\(label)"
            switch child.value {
            case let setting as any AnySetting: add([setting], base: base, group: group)
            case let list as [any AnySetting]: add(list, base: base, group: group)
            case let map as any AnyNamedSettings:
                collect(map.anyKeys, base: "\(base)\(map.path).*.", group: inner)
            case let nested as any SettingKeys: collect(nested, base: base, group: inner)
            default: preconditionFailure("\(type(of: keys)).\(label) is no setting and no group of settings")
            }
        }
    }

    private mutating func add(_ list: [any AnySetting], base: String, group: String) {
        settings += list.map { DeclaredSetting(path: base + $0.path, group: group, setting: $0) }
    }
}

private protocol AnyNamedSettings {
    var path: String { get }
    var anyKeys: any SettingKeys { get }
}

extension NamedSettings: AnyNamedSettings {
    var anyKeys: any SettingKeys { keys }
}
