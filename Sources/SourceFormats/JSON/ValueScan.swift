internal import UsageModel

/// Finds where a JSON value ends, in pieces of any size, by its brackets and quotes alone.
struct ValueScan: Sendable {
    /// One bit for each array or object that is open, the innermost lowest: 1 for an object.
    private var open: UInt64 = 0
    private var level: UInt8 = 0
    private var isInString = false
    var isEscaped = false
    private var hasBegun = false
    /// Whether the value is an object.
    private(set) var isObject = false
    /// Whether an array or object holds nothing but white space.
    private(set) var isEmpty = true

    /// The index behind the value, or `nil` where its end isn't among `bytes`. `start` is the first byte that hasn't
    /// been looked at; `depth` is how many arrays and objects are open around the value.
    mutating func end(_ bytes: RawSpan, from start: Int, depth: Int) throws(Fault) -> Int? {
        var index = start
        while index < bytes.byteCount {
            if isInString {
                index = passString(bytes, from: index)
                if !isInString, level == 0 { return index }
                continue
            }
            let byte = bytes.peek(index)
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                isEmpty = false
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                try push(byte == UInt8(ascii: "{"), depth: depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of what is around it ends a number or a word.
                if level == 0 { return index }
                guard (open & 1 == 1) == (byte == UInt8(ascii: "}")) else { throw Fault(.expectedCommaOrEnd) }
                open >>= 1
                level -= 1
                if level == 0 { return index + 1 }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if level == 0 { return index }
                if byte == UInt8(ascii: ",") { isEmpty = false }
            case UInt8(ascii: ":"): guard level > 0 else { throw Fault(.expectedCommaOrEnd) }
            default: isEmpty = false
            }
            hasBegun = true
            index += 1
        }
        return nil
    }

    private mutating func push(_ isObject: Bool, depth: Int) throws(Fault) {
        guard depth + Int(level) < Limits.maxJSONDepth else { throw Fault(.tooDeep) }
        if hasBegun {
            guard level > 0 else { throw Fault(.expectedCommaOrEnd) }
            isEmpty = false
        } else {
            self.isObject = isObject
        }
        open = open << 1 | (isObject ? 1 : 0)
        level += 1
    }

    /// Goes on behind the string's closing quote, or to the end of the bytes.
    private mutating func passString(_ bytes: RawSpan, from start: Int) -> Int {
        var index = start
        while index < bytes.byteCount {
            if !isEscaped, index + 16 <= bytes.byteCount {
                let plain = bytes.plainTextBytes(at: index)
                index += plain
                if plain == 16 { continue }
            }
            let byte = bytes.peek(index)
            index += 1
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                return index
            }
        }
        return index
    }

    static let encodedBytes = 10

    var encoded: [UInt8] {
        let flags: [Bool] = [isInString, isEscaped, hasBegun, isObject, isEmpty]
        let packed = flags.enumerated().reduce(UInt8(0)) { $0 | ($1.element ? 1 << UInt8($1.offset) : 0) }
        return (0..<8).map { UInt8(truncatingIfNeeded: open >> UInt64(8 * $0)) } + [level, packed]
    }

    init() {}

    init?(encoded bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.encodedBytes else { return nil }
        let all = Array(bytes)
        for offset in 0..<8 { open |= UInt64(all[offset]) << UInt64(8 * offset) }
        level = all[8]
        func flag(_ bit: UInt8) -> Bool { all[9] & 1 << bit != 0 }
        (isInString, isEscaped, hasBegun, isObject, isEmpty) = (flag(0), flag(1), flag(2), flag(3), flag(4))
        guard level <= Limits.maxJSONDepth else { return nil }
    }
}
