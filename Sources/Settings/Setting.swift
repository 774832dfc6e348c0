/// What a change of a setting needs before it holds.
package enum SettingReload: Sendable, Equatable {
    /// SIGHUP.
    case live
    /// A restart.
    case restart
    /// A restart, but SIGHUP reads the file that the setting names again.
    case fileContents
    /// SIGHUP or a restart, by what the entry of a map says beside it: the program compares entries itself.
    case byEntry
}

/// One setting: everything that is known of it, said once.
///
/// From it come the schema and its parsing, reading the value by type, the report of changes after SIGHUP, the name of
/// the environment variable, and its line in `docs/operating`.
package struct Setting<Value: Sendable & Equatable>: Sendable {
    /// Dotted place under its base: `seal.age`, or `time.zone` for a setting of each source.
    package let path: String
    package let type: SettingType<Value>
    package let reload: SettingReload
    /// What it is for, and what happens at its limit, as Markdown. The first sentence stands in problems.
    package let documentation: String
    /// What holds where nobody gives it, for people; `nil` for one that must be given.
    package let defaultText: String?
    /// The value where nobody gives one; `nil` for one that must be given.
    let absentValue: Value?

    /// A setting with a value where nobody gives one.
    package init(
        _ path: String, type: SettingType<Value>, default value: Value, reload: SettingReload = .restart,
        _ documentation: String
    ) {
        self.path = path
        self.type = type
        self.reload = reload
        self.documentation = documentation
        defaultText = type.write(value)
        absentValue = value
    }

    /// A setting that must be given.
    package init(
        _ path: String, required type: SettingType<Value>, reload: SettingReload = .restart, _ documentation: String
    ) {
        self.path = path
        self.type = type
        self.reload = reload
        self.documentation = documentation
        defaultText = nil
        absentValue = nil
    }

    /// A setting that may be left out.
    ///
    /// - Parameter absent: what holds then, for people.
    package init<Wrapped>(
        _ path: String, optional type: SettingType<Wrapped>, absent: String = "none",
        reload: SettingReload = .restart, _ documentation: String
    ) where Value == Wrapped? {
        self.path = path
        self.type = type.optional
        self.reload = reload
        self.documentation = documentation
        defaultText = absent
        absentValue = .some(nil)
    }
}

/// A setting of any type, as schemas, loaders and documents handle it.
package protocol AnySetting: Sendable {
    var path: String { get }
    var reload: SettingReload { get }
    var documentation: String { get }
    /// What holds where nobody gives it, for people; `nil` for one that must be given.
    var defaultText: String? { get }
    /// Whether there is a default value, as opposed to none.
    var hasDefaultValue: Bool { get }
    /// What may be written, with unit and range, for people.
    var valueDescription: String { get }

    /// The texts that a flag or variable stands for.
    func split(_ text: String) -> [String]
    /// The value that is written so; relative paths start at `directory`.
    func read(_ texts: [String], isList: Bool, directory: String) throws(InvalidValue) -> any Sendable
    /// Whether two values are the same; `nil` stands for what holds where nobody gives one.
    func isSame(_ left: (any Sendable)?, as right: (any Sendable)?) -> Bool
}

extension Setting: AnySetting {
    package var hasDefaultValue: Bool { absentValue.map { !type.isAbsent($0) } ?? false }
    package var valueDescription: String { type.description }

    package func split(_ text: String) -> [String] { type.split(text) }

    package func read(_ texts: [String], isList: Bool, directory: String) throws(InvalidValue) -> any Sendable {
        try type.read(texts, isList: isList, directory: directory)
    }

    package func isSame(_ left: (any Sendable)?, as right: (any Sendable)?) -> Bool {
        value(left) == value(right)
    }

    /// The value that was read for this setting, or what holds without one; `nil` where one must be given.
    func value(_ found: (any Sendable)?) -> Value? {
        guard let found else { return absentValue }
        guard let value = found as? Value else {
            preconditionFailure("setting \(path) was read as \(Swift.type(of: found)), not as \(Value.self)")
        }
        return value
    }
}

extension AnySetting {
    /// The first sentence of the documentation.
    var summary: String {
        documentation.firstRange(of: ". ").map { String(documentation[..<$0.lowerBound]) } ?? documentation
    }
}
