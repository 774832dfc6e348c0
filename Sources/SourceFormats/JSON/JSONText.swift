internal import UsageModel

/// JSON (RFC 8259) in place: every function starts at an index and returns the index after what it read, or throws
/// what is wrong there. Nothing is copied.
enum JSONText {
    /// A string's closing quote, and whether it holds escapes.
    struct StringEnd {
        var quote: Int
        var isEscaped: Bool
    }

    @inline(__always)
    static func skipSpace(_ bytes: RawSpan, _ start: Int) -> Int {
        if bytes.peek(start) > 0x20 { return start }
        return skipLongSpace(bytes, start)
    }

    private static func skipLongSpace(_ bytes: RawSpan, _ start: Int) -> Int {
        var index = start
        while index < bytes.byteCount {
            switch bytes.peek(index) {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return index
            }
        }
        return index
    }

    /// Finds the end of the string whose first byte after the opening quote is at `start`.
    @inline(__always)
    static func stringEnd(_ bytes: RawSpan, _ start: Int) throws(Fault) -> StringEnd {
        var index = start
        while index &+ 16 <= bytes.byteCount {
            let plain = bytes.plainTextBytes(at: index)
            index &+= plain
            if plain == 16 { continue }
            if bytes.peek(index) == UInt8(ascii: "\"") { return StringEnd(quote: index, isEscaped: false) }
            break
        }
        return try stringEndSlowly(bytes, index)
    }

    /// Goes on from a byte that may be an escape, a control character or near the end.
    private static func stringEndSlowly(_ bytes: RawSpan, _ start: Int) throws(Fault) -> StringEnd {
        try stringEnd(bytes, start, isRead: true)
    }

    /// Finds the end of a string that isn't read: whatever stands in it, its quote ends it. Neither a control character
    /// nor an escape that JSON doesn't have does any harm there.
    static func skippedStringEnd(_ bytes: RawSpan, _ start: Int) throws(Fault) -> StringEnd {
        try stringEnd(bytes, start, isRead: false)
    }

    @inline(__always)
    private static func stringEnd(_ bytes: RawSpan, _ start: Int, isRead: Bool) throws(Fault) -> StringEnd {
        var index = start
        var isEscaped = false
        while index < bytes.byteCount {
            if index &+ 16 <= bytes.byteCount {
                let plain = bytes.plainTextBytes(at: index)
                index &+= plain
                if plain == 16 { continue }
            } else if index &+ 8 <= bytes.byteCount {
                let marks = RawSpan.stringEnds(bytes.word(at: index))
                if marks == 0 {
                    index &+= 8
                    continue
                }
                index &+= marks.trailingZeroBitCount / 8
            }
            switch bytes.peek(index) {
            case UInt8(ascii: "\""): return StringEnd(quote: index, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                index = isRead ? try escapeEnd(bytes, index) : index + 2
            case 0..<0x20 where isRead: throw Fault(.controlCharacter, at: index)
            default: index += 1
            }
        }
        throw Fault(.unexpectedEnd, at: bytes.byteCount)
    }

    /// Checks the escape whose backslash is at `start`.
    private static func escapeEnd(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        guard start + 1 < bytes.byteCount else { throw Fault(.unexpectedEnd, at: bytes.byteCount) }
        switch bytes.peek(start + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            for offset in 2..<6 {
                guard start + offset < bytes.byteCount else { throw Fault(.unexpectedEnd, at: bytes.byteCount) }
                guard hexValue(bytes.peek(start + offset)) != nil else { throw Fault(.badEscape, at: start) }
            }
            return start + 6
        default: throw Fault(.badEscape, at: start)
        }
    }

    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x41 + 10)
        case 0x61...0x66: UInt32(byte - 0x61 + 10)
        default: nil
        }
    }

    /// Reads a number by JSON's grammar: no leading zero, no bare point, no plus. `value` gets its whole digits, modulo
    /// 2^64.
    @inline(__always)
    static func number(
        _ bytes: RawSpan, _ start: Int, kind: inout RecordValues.Kind, value: inout UInt64
    ) throws(Fault) -> Int {
        var index = start
        kind = .integer
        if bytes.peek(index) == UInt8(ascii: "-") {
            kind = .negativeInteger
            index &+= 1
        }
        let first = index
        while true {
            let digit = bytes.peek(index) &- 0x30
            if digit > 9 { break }
            value = value &* 10 &+ UInt64(digit)
            index &+= 1
        }
        let digits = index &- first
        if digits == 0 {
            throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .badNumber, at: start)
        }
        if digits > 1, bytes.peek(first) == 0x30 { throw Fault(.badNumber, at: start) }
        switch bytes.peek(index) {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            return try fraction(bytes, index, numberStart: start, kind: &kind)
        default: return index
        }
    }

    /// Reads what follows the whole digits of a number: a fraction, an exponent or both.
    private static func fraction(
        _ bytes: RawSpan, _ start: Int, numberStart: Int, kind: inout RecordValues.Kind
    ) throws(Fault) -> Int {
        var index = start
        kind = .fraction
        if bytes.peek(index) == UInt8(ascii: ".") {
            index += 1
            index = try digits(bytes, index, numberStart: numberStart)
        }
        if bytes.peek(index) | 0x20 == UInt8(ascii: "e") {
            index += 1
            if bytes.peek(index) == UInt8(ascii: "+") || bytes.peek(index) == UInt8(ascii: "-") { index += 1 }
            index = try digits(bytes, index, numberStart: numberStart)
        }
        return index
    }

    private static func digits(_ bytes: RawSpan, _ start: Int, numberStart: Int) throws(Fault) -> Int {
        var index = start
        while isDigit(bytes.peek(index)) { index += 1 }
        if index == start { throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .badNumber, at: numberStart) }
        return index
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// Reads `true`, `false` or `null`; returns the index after it.
    static func literal(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        switch bytes.peek(start) {
        case UInt8(ascii: "t"): return try word("true", in: bytes, at: start)
        case UInt8(ascii: "f"): return try word("false", in: bytes, at: start)
        case UInt8(ascii: "n"): return try word("null", in: bytes, at: start)
        default: throw Fault(start >= bytes.byteCount ? .unexpectedEnd : .expectedValue, at: start)
        }
    }

    private static func word(_ word: StaticString, in bytes: RawSpan, at start: Int) throws(Fault) -> Int {
        for offset in 0..<word.utf8CodeUnitCount {
            guard start + offset < bytes.byteCount else { throw Fault(.unexpectedEnd, at: bytes.byteCount) }
            // Safe: the offset is below the literal's own length.
            guard bytes.peek(start + offset) == (unsafe word.utf8Start[offset]) else {
                throw Fault(.expectedValue, at: start)
            }
        }
        return start + word.utf8CodeUnitCount
    }
}

// MARK: Values that nobody asked for

extension JSONText {
    /// Reads a value of any kind without keeping it: its structure as strictly as that of one that is kept, but numbers
    /// that are none (`NaN`) and what strings hold do no harm. `depth` is how many arrays and objects are open around
    /// it.
    static func skipValue(_ bytes: RawSpan, _ start: Int, depth: Int) throws(Fault) -> Int {
        switch bytes.peek(start) {
        case UInt8(ascii: "\""):
            return try skippedStringEnd(bytes, start + 1).quote + 1
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            return try skipContainer(bytes, start, depth: depth)
        case UInt8(ascii: "-") where !isDigit(bytes.peek(start + 1)):
            return try skipNoNumber(bytes, start + 1)
        case UInt8(ascii: "-"), 0x30...0x39:
            var kind = RecordValues.Kind.integer
            var value: UInt64 = 0
            return try number(bytes, start, kind: &kind, value: &value)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            return try literal(bytes, start)
        case UInt8(ascii: "n") where bytes.peek(start + 1) == UInt8(ascii: "u"):
            return try literal(bytes, start)
        default:
            return try skipNoNumber(bytes, start)
        }
    }

    /// Reads what Python, Lua and JavaScript write for numbers that are none.
    private static func skipNoNumber(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        switch bytes.peek(start) {
        case UInt8(ascii: "N"): try word("NaN", in: bytes, at: start)
        case UInt8(ascii: "n"): try word("nan", in: bytes, at: start)
        case UInt8(ascii: "I"): try word("Infinity", in: bytes, at: start)
        case UInt8(ascii: "i"): try word("inf", in: bytes, at: start)
        default: throw Fault(start >= bytes.byteCount ? .unexpectedEnd : .expectedValue, at: start)
        }
    }

    /// Reads an array or object with everything in it. One bit per level says which of the two is open, so that the
    /// nesting costs no memory and no recursion.
    private static func skipContainer(_ bytes: RawSpan, _ start: Int, depth: Int) throws(Fault) -> Int {
        var open: UInt64 = 0  // bit 0: the innermost; 1 = object
        var level = 0
        var index = start
        while true {
            // At the start of a value.
            let byte = bytes.peek(index)
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                // The limit keeps the levels within the bits of `open`.
                guard depth + level < Limits.maxJSONDepth else { throw Fault(.tooDeep, at: index) }
                let isObject = byte == UInt8(ascii: "{")
                open = open << 1 | (isObject ? 1 : 0)
                level += 1
                index = skipSpace(bytes, index + 1)
                if bytes.peek(index) != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { index = try skipName(bytes, index) }
                    continue
                }
            } else {
                index = try skipValue(bytes, index, depth: depth) - 1
            }
            // At the last byte of a value: close what closes here, then go to the next one.
            index += 1
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                open >>= 1
                level -= 1
            }
            while true {
                if level == 0 { return index }
                index = skipSpace(bytes, index)
                let isObject = open & 1 == 1
                let next = bytes.peek(index)
                if next == UInt8(ascii: ",") {
                    index = skipSpace(bytes, index + 1)
                    if isObject { index = try skipName(bytes, index) }
                    break
                }
                guard next == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedCommaOrEnd, at: index)
                }
                open >>= 1
                level -= 1
                index += 1
            }
        }
    }

    /// Reads a name, its colon and the space after it.
    private static func skipName(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        guard bytes.peek(start) == UInt8(ascii: "\"") else {
            throw Fault(start >= bytes.byteCount ? .unexpectedEnd : .expectedName, at: start)
        }
        let end = try skippedStringEnd(bytes, start + 1).quote
        return try colon(bytes, end + 1)
    }

    /// Reads the colon after a name and the space around it.
    @inline(__always)
    static func colon(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        let index = skipSpace(bytes, start)
        guard bytes.peek(index) == UInt8(ascii: ":") else {
            throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedColon, at: index)
        }
        return skipSpace(bytes, index + 1)
    }
}
