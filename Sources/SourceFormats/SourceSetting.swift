/// A setting of a source that belongs to its format.
package struct SourceSetting: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case text
        /// Any number of texts.
        case texts
        /// One of a fixed set of words.
        case word([String])
        case flag
        case integer(ClosedRange<Int64>)
    }

    package enum Presence: Sendable, Equatable {
        case required
        case optional
        /// What holds where nothing is given, as it would be written.
        case byDefault([String])
        /// The collector's setting of this name holds; outside a collector what would be written otherwise.
        case inherited(from: String, otherwise: String)
    }

    /// Another setting that must have one of some values for this one to have an effect.
    package struct Condition: Sendable, Equatable {
        package var setting: String
        package var values: [String]
    }

    /// Its name below the source: `csv.delimiter`.
    package var name: String
    package var kind: Kind
    package var presence: Presence
    /// What it says, for the documentation.
    package var summary: String
    package var condition: Condition?

    init(_ name: String, _ kind: Kind, presence: Presence, summary: String, onlyWith condition: Condition? = nil) {
        self.name = name
        self.kind = kind
        self.presence = presence
        self.summary = summary
        self.condition = condition
    }
}

/// The settings that were given for a source, with the declared defaults of the rest. Asking for a setting that its
/// format doesn't declare is a bug and traps.
package struct SourceOptions: Sendable, Hashable {
    private var values: [String: [String]] = [:]
    /// The names of those that the source itself gives.
    private let given: Set<String>

    /// - Parameters:
    ///   - said: by the setting's name below the source, as it is written.
    ///   - given: the names of those that the source itself gives; the rest is its format's own word.
    init(_ said: [String: [String]], declared: [SourceSetting], given: Set<String>) {
        self.given = given
        for setting in declared {
            if let texts = said[setting.name] {
                values[setting.name] = texts
            } else if case .byDefault(let texts) = setting.presence {
                values[setting.name] = texts
            } else if case .inherited(_, let text) = setting.presence {
                values[setting.name] = [text]
            } else {
                values[setting.name] = nil
            }
        }
    }

    /// Whether the source gives it itself.
    func isGiven(_ name: String) -> Bool { given.contains(name) }

    func texts(_ name: String) -> [String]? { values[name] }

    func text(_ name: String) -> String? { values[name]?.first }

    /// A setting that is required or has a default.
    func requiredText(_ name: String) -> String {
        guard let text = text(name) else { preconditionFailure("the setting \(name) has neither value nor default") }
        return text
    }

    func flag(_ name: String) -> Bool { requiredText(name) == "true" }

    func integer(_ name: String) -> Int {
        let text = requiredText(name)
        guard let number = Int(text) else { preconditionFailure("the setting \(name) is \(text), no whole number") }
        return number
    }
}
