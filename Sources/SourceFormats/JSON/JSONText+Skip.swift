internal import UsageModel

extension JSONText {
    /// Reads a value of any kind without keeping it, as strictly as one that is kept. `depth` is how many arrays and
    /// objects are open around it.
    static func skipValue(_ bytes: RawSpan, _ start: Int, depth: Int) throws(Fault) -> Int {
        switch bytes.peek(start) {
        case UInt8(ascii: "\""):
            return try stringEnd(bytes, start + 1).quote + 1
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            return try skipContainer(bytes, start, depth: depth)
        case UInt8(ascii: "-"), 0x30...0x39:
            var kind = RecordValues.Kind.integer
            var value: UInt64 = 0
            return try number(bytes, start, kind: &kind, value: &value)
        default:
            return try literal(bytes, start)
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
        let end = try stringEnd(bytes, start + 1).quote
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
