internal import UsageModel

/// The shape that a protobuf message of the format must have, field by field.
///
/// Protobuf lets one message be written in many ways, lets readers skip what they don't know, and makes arrays eight
/// times as large as their bytes. This check leaves one way only and bounds every array, before anything is built:
/// known fields, ascending, each at most once unless repeated messages, no defaults, shortest varints.
struct MessageShape: Sendable {
    indirect enum Field: Sendable {
        case varint(max: UInt64)
        case bytes(max: Int)
        case packed(maxCount: Int, maxValue: UInt64)
        case message(MessageShape)
        case messages(MessageShape, maxCount: Int)
    }

    var name: String
    /// By field number, from 1.
    var fields: [(name: String, field: Field)]

    /// Checks the whole of `bytes`.
    ///
    /// - Parameter found: called for each length-delimited field at any depth, with its range in `bytes`.
    func check(_ bytes: RawSpan, found: (Range<Int>) -> Void = { _ in }) throws(BatchError) {
        try check(bytes, range: 0..<bytes.byteCount, found: found)
    }

    private func check(_ bytes: RawSpan, range: Range<Int>, found: (Range<Int>) -> Void) throws(BatchError) {
        var cursor = WireCursor(range)
        var lastNumber: UInt64 = 0
        var occurrences = 0
        while !cursor.isAtEnd {
            let tag = try cursor.varint(in: bytes, name)
            let number = tag >> 3
            guard number >= 1, number <= UInt64(fields.count) else {
                throw BatchError(.badMessage, field: name, "field number \(number) is not part of this format version")
            }
            let (fieldName, field) = fields[Int(number) - 1]
            let path = "\(name).\(fieldName)"
            occurrences = number == lastNumber ? occurrences + 1 : 1
            guard number >= lastNumber, occurrences <= field.maxOccurrences else {
                throw BatchError(.badMessage, field: path, "fields are not in ascending order, or one stands too often")
            }
            lastNumber = number
            guard tag & 7 == field.wireType else {
                throw BatchError(.badMessage, field: path, "wire type \(tag & 7) instead of \(field.wireType)")
            }
            try Self.checkValue(of: field, at: path, in: bytes, cursor: &cursor, found: found)
        }
    }

    private static func checkValue(
        of field: Field, at path: String, in bytes: RawSpan, cursor: inout WireCursor, found: (Range<Int>) -> Void
    ) throws(BatchError) {
        if case .varint(let maximum) = field {
            let value = try cursor.varint(in: bytes, path)
            guard value != 0 else { throw BatchError(.badMessage, field: path, "the default 0 is written out") }
            guard value <= maximum else { throw BatchError(.badMessage, field: path, "\(value) is above \(maximum)") }
            return
        }
        let content = try cursor.lengthDelimited(in: bytes, path)
        found(content)
        switch field {
        case .varint: break
        case .bytes(let maximum):
            guard content.count <= maximum else {
                throw BatchError(.badMessage, field: path, "longer than \(maximum) bytes")
            }
        case .packed(let maxCount, let maxValue):
            try WireCursor.checkPacked(bytes, range: content, path: path, maxCount: maxCount, maxValue: maxValue)
        case .message(let shape), .messages(let shape, _):
            try shape.check(bytes, range: content, found: found)
        }
    }
}

extension MessageShape {
    /// The number that a message begins with, as its field 1; `nil` where it begins with anything else.
    static func firstNumber(of bytes: RawSpan) -> UInt64? {
        var cursor = WireCursor(0..<bytes.byteCount)
        guard let tag = try? cursor.varint(in: bytes, ""), tag == 1 << 3 else { return nil }
        return try? cursor.varint(in: bytes, "")
    }
}

extension MessageShape.Field {
    fileprivate var wireType: UInt64 {
        if case .varint = self { 0 } else { 2 }
    }

    fileprivate var maxOccurrences: Int {
        if case .messages(_, let maxCount) = self { maxCount } else { 1 }
    }
}

/// A place in the part of a protobuf message that is still to be read.
private struct WireCursor {
    var offset: Int
    let end: Int

    init(_ range: Range<Int>) {
        offset = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { offset == end }

    /// Reads one varint in its shortest form.
    mutating func varint(in bytes: RawSpan, _ path: String) throws(BatchError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < end {
            let byte = bytes.byte(at: offset)
            offset += 1
            if shift == 63, byte > 1 { throw BatchError(.badMessage, field: path, "a varint leaves 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                if byte == 0, shift > 0 { throw BatchError(.badMessage, field: path, "a varint isn't shortest") }
                return value
            }
            shift += 7
        }
        throw BatchError(.badMessage, field: path, "cut short within a varint")
    }

    mutating func lengthDelimited(in bytes: RawSpan, _ path: String) throws(BatchError) -> Range<Int> {
        let length = try varint(in: bytes, path)
        guard length > 0 else { throw BatchError(.badMessage, field: path, "empty, so it must be left out") }
        guard length <= UInt64(end - offset) else {
            throw BatchError(.badMessage, field: path, "\(length) bytes long, but \(end - offset) are left")
        }
        let start = offset
        offset += Int(length)
        return start..<offset
    }

    static func checkPacked(
        _ bytes: RawSpan, range: Range<Int>, path: String, maxCount: Int, maxValue: UInt64
    ) throws(BatchError) {
        var cursor = WireCursor(range)
        var count = 0
        while !cursor.isAtEnd {
            let value = try cursor.varint(in: bytes, path)
            count += 1
            guard count <= maxCount else { throw BatchError(.badMessage, field: path, "more than \(maxCount) values") }
            guard value <= maxValue else { throw BatchError(.badMessage, field: path, "\(value) is above \(maxValue)") }
        }
    }
}
