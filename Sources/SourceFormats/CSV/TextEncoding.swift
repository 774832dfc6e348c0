/// How a CSV file's text is encoded.
package enum TextEncoding: String, Sendable, Hashable, CaseIterable {
    case utf8 = "utf-8"
    /// Chinese spreadsheets' own, and its superset.
    case gbk
    case gb18030
    /// With a byte order mark that says the order; little-endian without one.
    case utf16 = "utf-16"
    case utf16LittleEndian = "utf-16le"
    case utf16BigEndian = "utf-16be"
}

/// Turns pieces of a text into UTF-8, and knows where each line of the one begins in the other.
struct TextDecoder: Sendable {
    /// Places that are the same in both, each behind a line end or behind zeros, in order; the end of what was decoded is
    /// the last.
    struct Place: Sendable {
        var decoded: Int
        var raw: Int
    }

    private let table: GB18030Table?
    private let isWide: Bool
    /// For UTF-16.
    var isBigEndian: Bool
    private(set) var decoded: [UInt8] = []
    private(set) var places: [Place] = []

    /// - Returns: `nil` for UTF-8, which needs none.
    /// - Throws: ``SourceFormatError`` where this system can't.
    init?(_ encoding: TextEncoding, setting: String) throws(SourceFormatError) {
        isBigEndian = encoding == .utf16BigEndian
        switch encoding {
        case .utf8: return nil
        case .utf16, .utf16LittleEndian, .utf16BigEndian: (table, isWide) = (nil, true)
        case .gbk, .gb18030:
            guard let shared = GB18030Table.shared else {
                throw SourceFormatError(
                    setting: setting, message: "this system's C library has no table of \(encoding.rawValue)",
                    remedy: "install its character sets (Fedora: glibc-gconv-extra), or convert the files to UTF-8")
            }
            (table, isWide) = (shared, false)
        }
    }

    /// Decodes as many whole characters as `bytes` holds; at the end of input all of them.
    mutating func decode(_ bytes: RawSpan, endOfInput: Bool) {
        decoded.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        var index = 0
        var isBehindZero = false
        while index < bytes.byteCount {
            let (scalar, length) = isWide ? wide(bytes, index) : narrow(bytes, index)
            if isBehindZero, scalar != 0 || length == 0 { places.append(Place(decoded: decoded.count, raw: index)) }
            isBehindZero = scalar == 0 && length > 0
            if length == 0 {
                guard endOfInput else { break }
                // A character that the end cuts.
                put(0xFFFD)
                index = bytes.byteCount
                break
            }
            put(scalar)
            index += length
            if scalar == 0x0A { places.append(Place(decoded: decoded.count, raw: index)) }
        }
        if places.last?.decoded != decoded.count { places.append(Place(decoded: decoded.count, raw: index)) }
    }

    /// The decoded text, which is given back by ``restore(_:)`` when it was read.
    mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &decoded)
        return taken
    }

    mutating func restore(_ taken: inout [UInt8]) { swap(&taken, &decoded) }

    /// Where the place is in what was decoded that is `decoded` bytes behind the start of the text.
    func raw(_ decoded: Int) -> Int {
        if decoded == 0 { return 0 }
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].decoded < decoded { low = middle + 1 } else { high = middle }
        }
        precondition(
            low < places.count && places[low].decoded == decoded,
            "byte \(decoded) of a decoded text is no line's end and no zeros'")
        return places[low].raw
    }

    /// A character of UTF-16 and its length in bytes; 0 where it isn't whole.
    private func wide(_ bytes: RawSpan, _ index: Int) -> (UInt32, Int) {
        guard index + 2 <= bytes.byteCount else { return (0, 0) }
        let first = unit(bytes, index)
        guard first & 0xF800 == 0xD800 else { return (first, 2) }
        guard index + 4 <= bytes.byteCount else { return (0, 0) }
        let second = unit(bytes, index + 2)
        guard first & 0xFC00 == 0xD800, second & 0xFC00 == 0xDC00 else { return (0xFFFD, 2) }
        return (0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF), 4)
    }

    private func unit(_ bytes: RawSpan, _ index: Int) -> UInt32 {
        let (first, second) = (UInt32(bytes.peek(index)), UInt32(bytes.peek(index + 1)))
        return isBigEndian ? first << 8 | second : second << 8 | first
    }

    private func narrow(_ bytes: RawSpan, _ index: Int) -> (UInt32, Int) {
        let first = bytes.peek(index)
        if first < 0x80 { return (UInt32(first), 1) }
        // Of Windows' GBK alone.
        if first == 0x80 { return (0x20AC, 1) }
        guard first != 0xFF, let table else { return (0xFFFD, 1) }
        guard index + 2 <= bytes.byteCount else { return (0, 0) }
        let second = bytes.peek(index + 1)
        if second &- 0x30 < 10 {
            guard index + 4 <= bytes.byteCount else { return (0, 0) }
            let scalar = table.four(
                first: first, second: second, third: bytes.peek(index + 2), fourth: bytes.peek(index + 3))
            return scalar.map { ($0, 4) } ?? (0xFFFD, 1)
        }
        return table.two(lead: first, trail: second).map { ($0, 2) } ?? (0xFFFD, 1)
    }

    /// Writes a scalar as UTF-8.
    private mutating func put(_ scalar: UInt32) {
        func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        switch scalar {
        case 0..<0x80: decoded.append(byte(scalar))
        case 0x80..<0x800: decoded += [byte(0xC0 | scalar >> 6), byte(0x80 | scalar & 0x3F)]
        case 0x800..<0x10000:
            decoded += [byte(0xE0 | scalar >> 12), byte(0x80 | scalar >> 6 & 0x3F), byte(0x80 | scalar & 0x3F)]
        default:
            decoded += [
                byte(0xF0 | scalar >> 18), byte(0x80 | scalar >> 12 & 0x3F), byte(0x80 | scalar >> 6 & 0x3F),
                byte(0x80 | scalar & 0x3F),
            ]
        }
    }
}
