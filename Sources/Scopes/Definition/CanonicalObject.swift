internal import TextFormats

/// An object of a canonical form while it is read: members by name, each of the type that is asked for.
///
/// Members that nobody asks for are found by the caller, who compares what was read with the text.
struct CanonicalObject {
    private var members: [String: JSONValue] = [:]

    init(text: String) throws(CanonicalFormError) {
        let value: JSONValue
        do throws(CanonicalJSONError) {
            value = try JSONValue(canonical: text)
        } catch {
            throw CanonicalFormError(error.description)
        }
        try self.init(value, name: "The whole")
    }

    private init(_ value: JSONValue, name: String) throws(CanonicalFormError) {
        guard case .object(let members) = value else { throw CanonicalFormError("\(name) is no object.") }
        for member in members { self.members[member.name] = member.value }
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    func string(_ name: String) throws(CanonicalFormError) -> String {
        guard case .string(let text) = try value(name) else { throw Self.mismatch(name, expected: "a text") }
        return text
    }

    func bool(_ name: String) throws(CanonicalFormError) -> Bool {
        guard case .bool(let value) = try value(name) else { throw Self.mismatch(name, expected: "true or false") }
        return value
    }

    func integer(_ name: String) throws(CanonicalFormError) -> Int {
        guard case .integer(let value) = try value(name) else { throw Self.mismatch(name, expected: "a whole number") }
        return Int(value)
    }

    /// A whole number that is written as a text of digits.
    func digits<Value: FixedWidthInteger>(_ name: String) throws(CanonicalFormError) -> Value {
        guard let value = Value(try string(name)) else {
            throw Self.mismatch(name, expected: "a text of digits, or too large")
        }
        return value
    }

    func object(_ name: String) throws(CanonicalFormError) -> CanonicalObject {
        try CanonicalObject(try value(name), name: name)
    }

    func objects<Value>(
        _ name: String, _ read: (CanonicalObject) throws(CanonicalFormError) -> Value
    ) throws(CanonicalFormError) -> [Value] {
        var result: [Value] = []
        for element in try elements(name) { result.append(try read(CanonicalObject(element, name: name))) }
        return result
    }

    func strings(_ name: String) throws(CanonicalFormError) -> [String] {
        var result: [String] = []
        for element in try elements(name) {
            guard case .string(let text) = element else { throw Self.mismatch(name, expected: "a list of texts") }
            result.append(text)
        }
        return result
    }

    /// A word that means something here.
    func word<Value>(_ name: String, _ parse: (String) -> Value?) throws(CanonicalFormError) -> Value {
        try Self.parsed(try string(name), of: name, by: parse)
    }

    func words<Value>(_ name: String, _ parse: (String) -> Value?) throws(CanonicalFormError) -> [Value] {
        var result: [Value] = []
        for text in try strings(name) { result.append(try Self.parsed(text, of: name, by: parse)) }
        return result
    }

    private func value(_ name: String) throws(CanonicalFormError) -> JSONValue {
        guard let value = members[name] else { throw CanonicalFormError("The member \(name) is missing.") }
        return value
    }

    private func elements(_ name: String) throws(CanonicalFormError) -> [JSONValue] {
        guard case .array(let elements) = try value(name) else { throw Self.mismatch(name, expected: "a list") }
        return elements
    }

    private static func parsed<Value>(
        _ text: String, of name: String, by parse: (String) -> Value?
    ) throws(CanonicalFormError) -> Value {
        guard let value = parse(text) else {
            throw CanonicalFormError("\(name) is '\(text.excerpt)', which means nothing here.")
        }
        return value
    }

    private static func mismatch(_ name: String, expected: String) -> CanonicalFormError {
        CanonicalFormError("\(name) is not \(expected).")
    }
}
