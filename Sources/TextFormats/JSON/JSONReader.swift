/// Why a text is no JSON that a request may be.
package struct JSONReadingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member at fault, such as `digests.3`; empty for the whole.
    package var place: String
    /// A sentence that names the place.
    package var description: String

    package init(_ description: String, place: String = "") {
        self.description = description
        self.place = place
    }
}

extension JSONValue {
    /// The most objects and arrays that a request may nest, the outermost included.
    package static let maxRequestDepth = 16

    /// Reads a request strictly: RFC 8259, with nothing that two readers could take differently. Members that repeat,
    /// numbers that aren't whole or don't fit 64 bits, `-0`, lone surrogates, invalid UTF-8 and a byte order mark are
    /// errors.
    ///
    /// The bytes' number is the caller's to bound, before it has them all.
    ///
    /// - Throws: ``JSONReadingError`` naming the member, or the byte where there is none.
    package init(
        request bytes: [UInt8], maxDepth: Int = JSONValue.maxRequestDepth
    ) throws(JSONReadingError) {
        var reader = JSONReader(bytes, maxDepth: maxDepth)
        self = try reader.document()
    }

    /// What kind of value it is, for a sentence such as "… must be a text, not a list".
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        case .encoded: "JSON"
        }
    }
}

private struct JSONReader {
    private let bytes: [UInt8]
    private let maxDepth: Int
    private var index = 0
    /// Names and numbers of the members that the reader is inside of.
    private var path: [String] = []

    init(_ bytes: [UInt8], maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    mutating func document() throws(JSONReadingError) -> JSONValue {
        skipSpace()
        guard peek != nil else { throw JSONReadingError("The body is empty; it must be a JSON object.") }
        let value = try value(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw error("something stands behind the value") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONReadingError) -> JSONValue {
        switch peek {
        case UInt8(ascii: "{"):
            guard depth < maxDepth else { throw error("values are nested more than \(maxDepth) deep") }
            return .object(try members(depth: depth))
        case UInt8(ascii: "["):
            guard depth < maxDepth else { throw error("values are nested more than \(maxDepth) deep") }
            return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?: return .integer(try integer())
        default: throw error("a value was expected")
        }
    }

    private mutating func members(depth: Int) throws(JSONReadingError) -> [JSONMember] {
        var members: [JSONMember] = []
        var names: Set<[UInt8]> = []
        index += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw error("a member's name in quotes was expected") }
            let name = try string()
            path.append(name.excerpt)
            // By bytes: names of canonically equivalent characters are different names.
            guard names.insert(Array(name.utf8)).inserted else { throw faulty("stands there twice") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("a colon was expected") }
            skipSpace()
            members.append(JSONMember(name, try value(depth: depth + 1)))
            path.removeLast()
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error("a comma or } was expected") }
        return members
    }

    private mutating func elements(depth: Int) throws(JSONReadingError) -> [JSONValue] {
        var elements: [JSONValue] = []
        index += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        repeat {
            skipSpace()
            path.append(String(elements.count))
            elements.append(try value(depth: depth + 1))
            path.removeLast()
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("a comma or ] was expected") }
        return elements
    }

    private mutating func integer() throws(JSONReadingError) -> Int64 {
        let start = index
        let ofNumbers: (UInt8) -> Bool = { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
        }
        while let byte = peek, ofNumbers(byte) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), !digits.isEmpty,
            digits == "0" || !digits.hasPrefix("0"), text != "-0"
        else { throw faulty("must be a whole number in plain digits, not \(text.excerpt)") }
        guard let value = Int64(text) else {
            throw faulty("is a number beyond what fits: \(Int64.min) to \(Int64.max)")
        }
        return value
    }

    // MARK: Texts

    private mutating func string() throws(JSONReadingError) -> String {
        index += 1
        var text: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw error("a text is not valid UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try escaped(to: &text)
            case 0..<0x20: throw error("a control character stands in a text")
            default: text.append(byte)
            }
        }
        throw error("a text isn't closed")
    }

    private mutating func escaped(to text: inout [UInt8]) throws(JSONReadingError) {
        guard let byte = peek else { throw error("a text isn't closed") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), take(UInt8(ascii: "\\")) {
                guard take(UInt8(ascii: "u")) else { throw error("half a character is escaped") }
                units.append(try codeUnit())
            }
            guard let string = String(validating: units, as: UTF16.self) else {
                throw error("half a character is escaped")
            }
            text.append(contentsOf: string.utf8)
        default: throw error("no character is escaped like that")
        }
    }

    private mutating func codeUnit() throws(JSONReadingError) -> UInt16 {
        let digits = bytes[index...].prefix(4)
        // `UInt16(_:radix:)` would take a sign.
        guard digits.count == 4, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("no character is escaped like that") }
        index += 4
        return value
    }

    // MARK: Parts

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ word: StaticString) throws(JSONReadingError) {
        for byte in "\(word)".utf8 {
            guard take(byte) else { throw error("\(word) was expected") }
        }
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { index += 1 }
    }

    private var place: String { path.joined(separator: ".") }

    /// About the member that the reader is at.
    private func faulty(_ what: String) -> JSONReadingError {
        JSONReadingError("\(path.isEmpty ? "The body" : place) \(what).", place: place)
    }

    /// About a byte.
    private func error(_ what: String) -> JSONReadingError {
        let inside = path.isEmpty ? "" : ", in \(place)"
        return JSONReadingError("The body is no JSON: at byte \(index)\(inside), \(what).", place: place)
    }
}
