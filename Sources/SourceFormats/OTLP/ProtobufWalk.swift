internal import UsageModel

/// Protobuf's wire format in place: fields of one message, one after the other, without a copy.
///
/// Every length is held against what is left before it is used, so that no bytes can lead outside of their message;
/// nesting is what the caller goes into, and nothing here recurses.
struct ProtobufWalk {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        /// The content of a string, bytes or message, as a range of the span.
        case bytes(Range<Int>)
    }

    private(set) var index: Int
    let end: Int

    init(_ range: Range<Int>) {
        index = range.lowerBound
        end = range.upperBound
    }

    /// The next field and its number; `nil` behind the last one.
    ///
    /// - Throws: a fault of kind `badProtobuf` where the bytes break the format.
    @inline(__always)
    mutating func next(_ bytes: RawSpan) throws(Fault) -> (field: UInt32, value: Value)? {
        guard index < end else { return nil }
        let tag = try varint(bytes)
        let field = tag >> 3
        guard field > 0, field <= 0x1FFF_FFFF else { throw bad }
        let number = UInt32(truncatingIfNeeded: field)
        switch tag & 7 {
        case 0: return (number, .varint(try varint(bytes)))
        case 1:
            guard end &- index >= 8 else { throw bad }
            let value = bytes.word(at: index)
            index &+= 8
            return (number, .fixed64(value))
        case 2:
            let count = try varint(bytes)
            guard count <= UInt64(end &- index) else { throw bad }
            let start = index
            index &+= Int(truncatingIfNeeded: count)
            return (number, .bytes(start..<index))
        case 5:
            guard end &- index >= 4 else { throw bad }
            let value = UInt32(truncatingIfNeeded: bytes.paddedWord(at: index, count: 4))
            index &+= 4
            return (number, .fixed32(value))
        // Groups (3 and 4) went out of use before OTLP began.
        default: throw bad
        }
    }

    @inline(__always)
    private mutating func varint(_ bytes: RawSpan) throws(Fault) -> UInt64 {
        guard index < end else { throw bad }
        let first = bytes.peek(index)
        index &+= 1
        if first < 0x80 { return UInt64(first) }
        return try longVarint(bytes, first: first)
    }

    private mutating func longVarint(_ bytes: RawSpan, first: UInt8) throws(Fault) -> UInt64 {
        var value = UInt64(first & 0x7F)
        for shift in stride(from: UInt64(7), to: 64, by: 7) {
            guard index < end else { throw bad }
            let byte = bytes.peek(index)
            index += 1
            // Ten bytes hold 70 bits; those beyond 64 must be zero.
            if shift == 63, byte > 1 { throw bad }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw bad
    }

    private var bad: Fault { Fault(.badProtobuf, at: index) }
}
