/// Why a text is not the canonical JSON that it should be.
package struct CanonicalJSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

// Canonical JSON is RFC 8785 (JSON Canonicalization Scheme) for what we use of JSON: objects, arrays, strings, integers
// and booleans. Members are sorted by the UTF-16 code units of their names, nothing stands between tokens, and each
// character has one spelling. Numbers are IEEE doubles there, so that integers beyond 2^53 travel as strings of digits.
extension JSONValue {
    /// The largest integer, in either direction, that RFC 8785 can write down exactly.
    package static let maxCanonicalInteger: Int64 = (1 << 53) - 1
    /// How deep values may be nested when they are read.
    package static let maxCanonicalDepth = 32

    /// The value in its canonical form.
    ///
    /// - Precondition: no `null`, nothing that was written already, no integer beyond ``maxCanonicalInteger``, and
    ///   no member of an object twice.
    package var canonical: String {
        String(decoding: sorted.encoded, as: UTF8.self)
    }

    private var sorted: JSONValue {
        switch self {
        case .null: preconditionFailure("canonical forms leave out what isn't there")
        case .encoded: preconditionFailure("what was written already can't be put in order")
        case .bool, .string: return self
        case .integer(let value):
            precondition(value.magnitude <= Self.maxCanonicalInteger.magnitude, "\(value) has no canonical form")
            return self
        case .array(let elements): return .array(elements.map(\.sorted))
        case .object(let members):
            let members = members.sorted { Self.isBefore(left: $0.name, right: $1.name) }
            for (one, next) in zip(members, members.dropFirst()) {
                precondition(Self.isBefore(left: one.name, right: next.name), "the member \(one.name) twice")
            }
            return .object(members.map { JSONMember($0.name, $0.value.sorted) })
        }
    }

    fileprivate static func isBefore(left: String, right: String) -> Bool {
        left.utf16.lexicographicallyPrecedes(right.utf16)
    }

    /// Reads a value from its canonical form, and nothing else: white space, another order, another spelling of a
    /// character or number, a member twice and `null` are errors.
    package init(canonical text: String) throws(CanonicalJSONError) {
        var reader = CanonicalJSONReader(text)
        self = try reader.value(depth: 0)
        try reader.finish()
        // Every spelling that the reader lets through and the writer doesn't use.
        guard encoded.elementsEqual(text.utf8) else {
            throw CanonicalJSONError("A text in this JSON is not in its canonical spelling.")
        }
    }
}

private struct CanonicalJSONReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    func finish() throws(CanonicalJSONError) {
        guard index == bytes.count else { throw error("something stands behind the value") }
    }

    mutating func value(depth: Int) throws(CanonicalJSONError) -> JSONValue {
        guard depth <= JSONValue.maxCanonicalDepth else {
            throw error("values are nested more than \(JSONValue.maxCanonicalDepth) deep")
        }
        switch peek {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        default: return .integer(try integer())
        }
    }

    // MARK: Parts

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ word: StaticString) throws(CanonicalJSONError) {
        for byte in "\(word)".utf8 {
            guard take(byte) else { throw error("\(word) was expected") }
        }
    }

    private mutating func members(depth: Int) throws(CanonicalJSONError) -> [JSONMember] {
        var members: [JSONMember] = []
        try expect("{")
        if take(UInt8(ascii: "}")) { return members }
        repeat {
            guard peek == UInt8(ascii: "\"") else { throw error("a member's name was expected") }
            let name = try string()
            if let last = members.last, !JSONValue.isBefore(left: last.name, right: name) {
                throw error("the member \(name.excerpt) is there twice or out of order")
            }
            try expect(":")
            members.append(JSONMember(name, try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        try expect("}")
        return members
    }

    private mutating func elements(depth: Int) throws(CanonicalJSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        try expect("[")
        if take(UInt8(ascii: "]")) { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        try expect("]")
        return elements
    }

    private mutating func integer() throws(CanonicalJSONError) -> Int64 {
        let start = index
        _ = take(UInt8(ascii: "-"))
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        let digits = String(decoding: bytes[start..<index], as: UTF8.self)
        // `String(value) == digits` refuses leading zeros and -0.
        guard let value = Int64(digits), String(value) == digits,
            value.magnitude <= JSONValue.maxCanonicalInteger.magnitude
        else { throw error("a text, a whole number, true, false, an object or a list was expected") }
        return value
    }

    private mutating func string() throws(CanonicalJSONError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(try escaped())
            case 0..<0x20: throw error("a control character stands in a text")
            default: text.append(byte)
            }
        }
        throw error("a text isn't closed")
    }

    /// The character of an escape: only those below U+0020, quotes and backslashes have one in canonical JSON.
    private mutating func escaped() throws(CanonicalJSONError) -> UInt8 {
        guard let byte = peek else { throw error("a text isn't closed") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return byte
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "u"):
            let digits = bytes[index...].prefix(4)
            guard digits.count == 4, let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16),
                value < 0x20
            else { throw error("a character is escaped that canonical JSON writes as it is") }
            index += 4
            return UInt8(value)
        default: throw error("no character is escaped like that")
        }
    }

    private func error(_ what: String) -> CanonicalJSONError {
        CanonicalJSONError("This is no canonical JSON (RFC 8785): at byte \(index), \(what).")
    }
}
