internal import UsageModel

/// A column of a segment: integers as their distance from the least of them, byte by byte.
///
/// First come the least value (zigzag, as a varint of at most 19 bytes) and how many bytes the largest distance takes,
/// 0 to 16; then all lowest bytes, all second bytes, and so on. The low bytes of counts look random and cost what they
/// cost; the high ones are nearly all alike and cost nothing; a column of one value takes none at all.
struct SegmentColumn {
    /// The least value.
    let base: Int128
    /// Bytes of a distance.
    let width: Int
    let count: Int
    /// Where the lowest bytes begin in the content.
    let start: Int

    static let maxWidth = 16

    /// Writes a column.
    ///
    /// - Parameter boundaries: takes where long runs of bytes begin, for ``ZstdFrame``.
    static func append(_ values: [Int128], to content: inout [UInt8], boundaries: inout [Int]) {
        var (low, high) = (values.first ?? 0, values.first ?? 0)
        for value in values {
            low = min(low, value)
            high = max(high, value)
        }
        let largest = UInt128(bitPattern: high &- low)
        let width = (UInt128.bitWidth - largest.leadingZeroBitCount + 7) / 8
        Varint.append(zigzag: low, to: &content)
        content.append(UInt8(width))
        // Most columns fit 64 bits, where shifting is cheap.
        if width <= 8 {
            let distances = values.map { UInt64(truncatingIfNeeded: $0 &- low) }
            appendBytes(of: distances, width: width, to: &content, &boundaries)
        } else {
            let distances = values.map { UInt128(bitPattern: $0 &- low) }
            appendBytes(of: distances, width: width, to: &content, &boundaries)
        }
        begin(values.count, at: content.count, &boundaries)
    }

    private static func appendBytes(
        of distances: [some FixedWidthInteger], width: Int, to content: inout [UInt8], _ boundaries: inout [Int]
    ) {
        for byte in 0..<width {
            begin(distances.count, at: content.count, &boundaries)
            let run = unsafe [UInt8](unsafeUninitializedCapacity: distances.count) { buffer, count in
                for distance in distances {
                    unsafe buffer[count] = UInt8(truncatingIfNeeded: distance &>> (8 * byte))
                    count += 1
                }
            }
            content.append(contentsOf: run)
        }
    }

    private static func begin(_ count: Int, at offset: Int, _ boundaries: inout [Int]) {
        if count >= BatchEncoder.minBlockBytes, boundaries.last != offset { boundaries.append(offset) }
    }

    /// Reads where a column of `count` values stands, and leaves `offset` behind it.
    init(count: Int, in content: RawSpan, at offset: inout Int, _ name: String) throws(SegmentError) {
        base = try Varint.readZigzag(content, &offset)
        guard offset < content.byteCount else { throw SegmentError(.badContent, "\(name): cut short") }
        width = Int(content.byte(at: offset))
        offset += 1
        guard width <= Self.maxWidth, width * count <= content.byteCount - offset else {
            throw SegmentError(
                .badContent,
                "\(name): \(count) values of \(width) bytes, but \(content.byteCount - offset) bytes follow")
        }
        self.count = count
        start = offset
        offset += width * count
    }

    /// The value at `index`, of a column that ``lies(within:in:)`` bounds: so it can't wrap.
    ///
    /// - Precondition: `index` is below ``count``.
    @inline(__always)
    func value(at index: Int, in content: RawSpan) -> Int128 {
        if width <= 8 { return base &+ Int128(distance(at: index, in: content)) }
        var distance: UInt128 = 0
        for byte in 0..<width {
            distance |= UInt128(content.byte(at: start + byte * count + index)) << UInt128(8 * byte)
        }
        return base &+ Int128(bitPattern: distance)
    }

    @inline(__always)
    private func distance(at index: Int, in content: RawSpan) -> UInt64 {
        var distance: UInt64 = 0
        var offset = start + index
        var shift: UInt64 = 0
        for _ in 0..<width {
            // Safe: the column's bytes were found to be there when it was read, and the index is below the count.
            distance |= UInt64(unsafe content.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)) &<< shift
            offset &+= count
            shift &+= 8
        }
        return distance
    }

    /// Whether every value lies within bounds.
    func lies(within bounds: ClosedRange<Int128>, in content: RawSpan) -> Bool {
        guard count > 0, bounds.contains(base) else { return false }
        // What is left above the least value, which no bounds of ours let wrap.
        let room = UInt128(bitPattern: bounds.upperBound &- base)
        if width < Self.maxWidth, UInt128(1) << UInt128(8 * width) - 1 <= room { return true }
        for index in 0..<count {
            var distance: UInt128 = 0
            for byte in 0..<width {
                distance |= UInt128(content.byte(at: start + byte * count + index)) << UInt128(8 * byte)
            }
            if distance > room { return false }
        }
        return true
    }

    /// The sum over some of the values, each run of bytes summed for itself.
    func sum(over rows: Range<Int>, in content: RawSpan) -> Int128 {
        var sum = base &* Int128(rows.count)
        for byte in 0..<width {
            var bytes: UInt64 = 0
            let run = content.extracting(
                start + byte * count + rows.lowerBound..<start + byte * count + rows.upperBound)
            for offset in 0..<run.byteCount { bytes &+= UInt64(run.byte(at: offset)) }
            sum &+= Int128(bytes) << Int128(8 * byte)
        }
        return sum
    }
}

/// Integers in the fewest groups of seven bits, the lowest first.
enum Varint {
    static func append(_ value: UInt128, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    static func append(zigzag value: Int128, to bytes: inout [UInt8]) {
        append(UInt128(bitPattern: value << 1 ^ value >> 127), to: &bytes)
    }

    /// Reads an integer in its shortest form and leaves `offset` behind it.
    static func read(_ bytes: RawSpan, _ offset: inout Int) throws(SegmentError) -> UInt128 {
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while offset < bytes.byteCount {
            let byte = bytes.byte(at: offset)
            offset += 1
            // 18 groups are 126 bits, so the 19th holds two.
            guard shift < 126 || byte <= 3 else { break }
            value |= UInt128(byte & 0x7F) << shift
            if byte < 0x80 {
                guard byte != 0 || shift == 0 else { break }
                return value
            }
            shift += 7
        }
        throw SegmentError(.badContent, "an integer is cut short, too long, or not in its shortest form")
    }

    static func readZigzag(_ bytes: RawSpan, _ offset: inout Int) throws(SegmentError) -> Int128 {
        let value = try read(bytes, &offset)
        return Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1)
    }
}
