/// Why a text is no value of a setting, and what to write instead.
package struct InvalidValue: Error, Equatable {
    package var message: String
    package var remedy: String

    package init(_ message: String, remedy: String) {
        self.message = message
        self.remedy = remedy
    }
}

/// How many texts a value takes, and how they are written on a command line, where there are no brackets.
enum SettingForm: Sendable {
    case single
    /// Separated by commas; `[]` stands for none.
    case list
    /// Separated by commas that aren't a glob's own; at least one.
    case globs
}

/// What may be written for a setting, and the value that it stands for.
///
/// A value is written as one text or, for the types that take one, as a list of texts.
package struct SettingType<Value: Sendable & Equatable>: Sendable {
    /// What may be written, with unit and range: `duration, 50ms to 1h`.
    package let description: String
    /// How a value is written.
    package let write: @Sendable (Value) -> String
    let form: SettingForm
    private let convert: @Sendable (_ texts: [String], _ directory: String) throws(InvalidValue) -> Value
    /// Whether a value stands for none at all.
    let isAbsent: @Sendable (Value) -> Bool

    /// A type that is written as one text.
    ///
    /// - Parameters:
    ///   - description: what may be written, with unit and range.
    ///   - write: writes a value so that `read` gives it back.
    package init(
        _ description: String, write: @escaping @Sendable (Value) -> String,
        read: @escaping @Sendable (_ text: String) throws(InvalidValue) -> Value
    ) {
        self.init(description, form: .single, write: write) { texts, _ throws(InvalidValue) in try read(texts[0]) }
    }

    init(
        _ description: String, form: SettingForm, write: @escaping @Sendable (Value) -> String,
        isAbsent: @escaping @Sendable (Value) -> Bool = { _ in false },
        convert: @escaping @Sendable (_ texts: [String], _ directory: String) throws(InvalidValue) -> Value
    ) {
        self.description = description
        self.form = form
        self.write = write
        self.isAbsent = isAbsent
        self.convert = convert
    }

    /// The same for a setting that may be left out.
    var optional: SettingType<Value?> {
        let (write, convert) = (write, convert)
        return SettingType<Value?>(
            description, form: form, write: { $0.map(write) ?? "" }, isAbsent: { $0 == nil },
            convert: { texts, directory throws(InvalidValue) in try convert(texts, directory) })
    }

    /// The value that a single text stands for, outside of a configuration.
    package func value(of text: String) throws(InvalidValue) -> Value { try read([text], isList: false, directory: "") }

    /// Flags and variables give lists with commas. Nothing at all is a slip, of a variable that isn't set; a list
    /// without anything in it is `[]`, as in the file.
    func split(_ text: String) -> [String] {
        switch form {
        case .single: return [text]
        case .globs: return GlobList.split(text)
        case .list:
            if text == "[]" { return [] }
            let parts = text.split(separator: ",").map(String.init)
            return parts.isEmpty ? [""] : parts
        }
    }

    /// The value that is written so; relative paths start at `directory`.
    func read(_ texts: [String], isList: Bool, directory: String) throws(InvalidValue) -> Value {
        switch form {
        case .list:
            guard texts.allSatisfy({ !$0.isEmpty }) else {
                throw InvalidValue("holds an empty text", remedy: "give a value, or [] for none")
            }
        case .globs:
            guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
                throw InvalidValue("is an empty list", remedy: "give at least one value, or leave the key out")
            }
        case .single:
            guard !isList, texts.count == 1 else { throw InvalidValue("is a list", remedy: "give a single value") }
            guard !texts[0].isEmpty else {
                throw InvalidValue("is empty", remedy: "give a value, or leave the key out")
            }
        }
        return try convert(texts, directory)
    }
}

// MARK: Texts

extension SettingType where Value == String {
    /// Any text but an empty one.
    package static var text: Self { SettingType("text", write: { $0 }, read: { $0 }) }

    /// The path of a file or directory. Relative ones are taken from the directory of the configuration file.
    package static var path: Self {
        SettingType("path", form: .single, write: { $0 }) { texts, directory in resolve(texts[0], in: directory) }
    }

    /// Lower-case letters, digits and inner hyphens, so that the value can stand in a URI or a file name.
    package static func identifier(maxBytes: Int) -> Self {
        SettingType("lower-case letters, digits, inner hyphens; at most \(maxBytes)", write: { $0 }) {
            text throws(InvalidValue) in
            let isFine = text.utf8.allSatisfy {
                ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: "-")
            }
            guard isFine, !text.hasPrefix("-"), !text.hasSuffix("-"), text.utf8.count <= maxBytes else {
                throw InvalidValue(
                    "\"\(text)\" is not an identifier",
                    remedy: "use lower-case letters, digits and inner hyphens, at most \(maxBytes) of them")
            }
            return text
        }
    }

    /// A URL with one of some schemes, without user and password and without a slash at its end.
    package static func url(schemes: [String]) -> Self {
        let example = "\(schemes.first ?? "https")://host:port"
        return SettingType("`\(example)`", write: { $0 }) { text throws(InvalidValue) in
            for scheme in schemes where text.hasPrefix("\(scheme)://") {
                let rest = text.dropFirst(scheme.utf8.count + 3)
                let authority = rest.prefix { $0 != "/" }
                if !authority.isEmpty, !authority.contains("@"), !text.contains(where: \.isWhitespace) {
                    return text.hasSuffix("/") ? String(text.dropLast()) : text
                }
            }
            throw InvalidValue(
                "\"\(text)\" is not a URL that can be used here", remedy: "give \(example), without user or password")
        }
    }
}

extension SettingType where Value == [String] {
    /// Any number of texts; a single text stands for a list of one, and an empty list says that there are none.
    package static var texts: Self {
        SettingType("list of texts", form: .list, write: Self.written) { texts, _ in texts }
    }

    /// One or more paths or globs; relative ones are taken from the directory of the configuration file.
    package static var globs: Self {
        SettingType("paths or globs", form: .globs, write: Self.written) { texts, directory in
            texts.map { resolve($0, in: directory) }
        }
    }

    /// Any number of paths; relative ones are taken from the directory of the configuration file.
    package static var paths: Self {
        SettingType("list of paths", form: .list, write: Self.written) { texts, directory in
            texts.map { resolve($0, in: directory) }
        }
    }

    private static func written(_ texts: [String]) -> String { "[\(texts.joined(separator: ", "))]" }
}

extension SettingType {
    /// Any number of texts, each of which stands for a value.
    ///
    /// - Parameters:
    ///   - description: what may be written, for one value.
    ///   - write: writes a value so that `read` gives it back.
    package static func list<Element>(
        of description: String, write: @escaping @Sendable (Element) -> String,
        read: @escaping @Sendable (_ text: String) throws(InvalidValue) -> Element
    ) -> Self where Value == [Element] {
        SettingType(
            "list of \(description)", form: .list,
            write: { values in "[\(values.map(write).joined(separator: ", "))]" },
            convert: { texts, _ throws(InvalidValue) in
                var values: [Element] = []
                for text in texts { values.append(try read(text)) }
                return values
            })
    }
}

private func resolve(_ path: String, in directory: String) -> String {
    if path.hasPrefix("/") { return path }
    let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return directory.isEmpty || directory == "." ? relative : "\(directory)/\(relative)"
}

// MARK: Choices and numbers

extension SettingType {
    /// One of some words, each of which stands for a value.
    package static func choice(_ values: [Value], name: @escaping @Sendable (Value) -> String) -> Self {
        let names = values.map { "`\(name($0))`" }.joined(separator: ", ")
        return SettingType(names, write: name) { text throws(InvalidValue) in
            if let value = values.first(where: { name($0) == text }) { return value }
            throw InvalidValue(
                "\"\(text)\" is not known", remedy: "give one of \(values.map(name).joined(separator: ", "))")
        }
    }
}

extension SettingType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the words of an enumeration.
    package static func choice(of type: Value.Type) -> Self { choice(Array(type.allCases), name: { $0.rawValue }) }
}

extension SettingType where Value == String {
    /// One of some words.
    package static func choice(_ words: [String]) -> Self { choice(words, name: { $0 }) }
}

extension SettingType where Value == Bool {
    package static var flag: Self {
        SettingType("`true` or `false`", write: { String($0) }) { text throws(InvalidValue) in
            guard let flag = Bool(text) else {
                throw InvalidValue("\"\(text)\" is neither true nor false", remedy: "give true or false")
            }
            return flag
        }
    }
}

extension SettingType where Value == Int {
    /// A whole number of something: `rows`, `connections`, `percent`.
    package static func count(_ range: ClosedRange<Int>, of unit: String) -> Self {
        let bounds = "\(Units.grouped(range.lowerBound)) to \(Units.grouped(range.upperBound))"
        return SettingType("\(unit), \(bounds)", write: { String($0) }) { text throws(InvalidValue) in
            guard let number = Int(text), String(number) == text, range.contains(number) else {
                throw InvalidValue(
                    "\"\(text)\" is not a whole number in range",
                    remedy: "give \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    /// A whole number of bytes, with or without a unit: `4096`, `64KiB`, `1GB`.
    package static func bytes(_ range: ClosedRange<Int>) -> Self {
        let bounds = "\(Units.describe(bytes: range.lowerBound)) to \(Units.describe(bytes: range.upperBound))"
        return SettingType("size, \(bounds)", write: { Units.describe(bytes: $0) }) { text throws(InvalidValue) in
            try Units.readBytes(text, in: range)
        }
    }
}

extension SettingType where Value == Duration {
    /// A whole number with a unit: `250ms`, `10s`, `5m`, `12h`, `400d`.
    package static func duration(_ range: ClosedRange<Duration>) -> Self {
        let bounds = "\(Units.describe(range.lowerBound)) to \(Units.describe(range.upperBound))"
        return SettingType("duration, \(bounds)", write: { Units.describe($0) }) { text throws(InvalidValue) in
            try Units.readDuration(text, in: range)
        }
    }
}

extension SettingType where Value == ListenAddress {
    /// An address to listen on: `127.0.0.1:4680`, `[::1]:0`, `localhost:4680`.
    package static var address: Self {
        SettingType("address", write: { $0.description }) { text throws(InvalidValue) in
            guard let address = ListenAddress(text) else {
                throw InvalidValue(
                    "\"\(text)\" is not an address", remedy: "give host:port such as 127.0.0.1:4680 or [::1]:0")
            }
            return address
        }
    }
}
