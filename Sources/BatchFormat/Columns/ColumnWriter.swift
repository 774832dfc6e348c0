/// Writes the fields of a protobuf message one after the other, in its one canonical form: what SwiftProtobuf writes,
/// but without an array for each column and a pass for its length.
struct ColumnWriter {
    /// The message so far.
    private(set) var bytes: [UInt8] = []
    /// Where in the message the contents of columns and texts stand.
    private(set) var columns: [Range<Int>] = []
    /// Where a column is written before its length is known.
    private var column: [UInt8] = []

    /// The most bytes of a varint of 32 and of 64 bits.
    private static let maxShortBytes = 5
    private static let maxLongBytes = 10

    /// A number; 0 is left out.
    mutating func number(_ value: UInt64, field: UInt64) {
        if value == 0 { return }
        append(varint: field << 3)
        append(varint: value)
    }

    /// Bytes; none are left out.
    mutating func text(_ text: [UInt8], field: UInt64) {
        if text.isEmpty { return }
        append(contents: text[...], field: field)
        columns.append(bytes.count - text.count..<bytes.count)
    }

    /// Another message, with the places of its columns.
    mutating func message(_ other: ColumnWriter, field: UInt64) {
        append(contents: other.bytes[...], field: field)
        let start = bytes.count - other.bytes.count
        columns += other.columns.map { $0.lowerBound + start..<$0.upperBound + start }
    }

    /// A message that was written elsewhere.
    mutating func append(message: [UInt8]) { bytes += message }

    /// Numbers of 32 bits, packed.
    mutating func numbers(_ numbers: [UInt32], field: UInt64) {
        write(field, count: numbers.count, maxBytes: Self.maxShortBytes, isShortened: false) { UInt64(numbers[$0]) }
    }

    /// A packed column of numbers of 32 bits; where all of them are the same it is that one alone.
    @inline(__always)
    mutating func column(_ field: UInt64, count: Int, short value: (Int) -> UInt32) {
        write(field, count: count, maxBytes: Self.maxShortBytes, isShortened: true) { UInt64(value($0)) }
    }

    /// A packed column of numbers of 64 bits; where all of them are the same it is that one alone.
    @inline(__always)
    mutating func column(_ field: UInt64, count: Int, long value: (Int) -> UInt64) {
        write(field, count: count, maxBytes: Self.maxLongBytes, isShortened: true, value)
    }

    @inline(__always)
    private mutating func write(
        _ field: UInt64, count: Int, maxBytes: Int, isShortened: Bool, _ value: (Int) -> UInt64
    ) {
        if count == 0 { return }
        if column.count < count * maxBytes { column = [UInt8](repeating: 0, count: count * maxBytes) }
        let first = value(0)
        var isConstant = isShortened
        // Safe: each value takes at most `maxBytes`, and there is room for as many.
        var end = unsafe column.withUnsafeMutableBufferPointer { target in
            var end = 0
            for index in 0..<count {
                var rest = value(index)
                if rest != first { isConstant = false }
                while rest >= 0x80 {
                    unsafe target[end] = UInt8(truncatingIfNeeded: rest) | 0x80
                    rest >>= 7
                    end &+= 1
                }
                unsafe target[end] = UInt8(truncatingIfNeeded: rest)
                end &+= 1
            }
            return end
        }
        if isConstant { end /= count }
        append(contents: column[..<end], field: field)
        columns.append(bytes.count - end..<bytes.count)
    }

    private mutating func append(contents: ArraySlice<UInt8>, field: UInt64) {
        append(varint: field << 3 | 2)
        append(varint: UInt64(contents.count))
        bytes += contents
    }

    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
