/// Spelling out text that was written with escapes, into a buffer with fixed room.
enum Unescape {
    /// The text doesn't fit: it is longer than any name may be.
    static let doesNotFit = -1
    /// Half of a surrogate pair stands alone, so that the text has no UTF-8 form.
    static let loneSurrogate = -2

    /// Spells out a JSON string whose escapes have been checked.
    ///
    /// - Parameter replacesHalves: whether half of a surrogate pair becomes U+FFFD instead of being told.
    /// - Returns: the number of bytes written from `at`, or ``doesNotFit`` or ``loneSurrogate``.
    static func json(
        _ bytes: RawSpan, from start: Int, to end: Int, into target: inout [UInt8], at: Int, room: Int,
        replacesHalves: Bool = false
    ) -> Int {
        var index = start
        var count = 0
        while index < end {
            // Checked before each write: what is written last may overrun the room by the 4 bytes of one scalar at
            // most, and callers leave those free.
            if count > room { return doesNotFit }
            let byte = bytes.peek(index)
            guard byte == UInt8(ascii: "\\") else {
                target[at + count] = byte
                count += 1
                index += 1
                continue
            }
            let letter = bytes.peek(index + 1)
            guard letter == UInt8(ascii: "u") else {
                target[at + count] = plain(letter)
                count += 1
                index += 2
                continue
            }
            var scalar = hex(bytes, index + 2)
            index += 6
            // A scalar beyond U+FFFF is written as two escapes; a half alone stands for none.
            if scalar & 0xF800 == 0xD800 {
                let low = hex(bytes, index + 2)
                let isPair =
                    scalar & 0xFC00 == 0xD800 && index + 6 <= end && bytes.peek(index) == UInt8(ascii: "\\")
                    && bytes.peek(index + 1) == UInt8(ascii: "u") && low & 0xFC00 == 0xDC00
                if isPair {
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
                    index += 6
                } else if replacesHalves {
                    scalar = 0xFFFD
                } else {
                    return loneSurrogate
                }
            }
            count += put(scalar, into: &target, at: at + count)
        }
        return count > room ? doesNotFit : count
    }

    /// Spells out the inside of a quoted CSV field, where a quote is written twice.
    static func csv(
        _ bytes: RawSpan, from start: Int, to end: Int, into target: inout [UInt8], at: Int, room: Int
    ) -> Int {
        var index = start
        var count = 0
        while index < end {
            if count >= room { return doesNotFit }
            let byte = bytes.peek(index)
            target[at + count] = byte
            count += 1
            index += byte == UInt8(ascii: "\"") ? 2 : 1
        }
        return count
    }

    private static func plain(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    private static func hex(_ bytes: RawSpan, _ start: Int) -> UInt32 {
        var value: UInt32 = 0
        for offset in 0..<4 { value = value << 4 | (JSONText.hexValue(bytes.peek(start + offset)) ?? 0) }
        return value
    }

    /// Writes a scalar as UTF-8; returns its length.
    private static func put(_ scalar: UInt32, into target: inout [UInt8], at: Int) -> Int {
        func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        switch scalar {
        case 0..<0x80:
            target[at] = byte(scalar)
            return 1
        case 0x80..<0x800:
            target[at] = byte(0xC0 | scalar >> 6)
            target[at + 1] = byte(0x80 | scalar & 0x3F)
            return 2
        case 0x800..<0x10000:
            target[at] = byte(0xE0 | scalar >> 12)
            target[at + 1] = byte(0x80 | scalar >> 6 & 0x3F)
            target[at + 2] = byte(0x80 | scalar & 0x3F)
            return 3
        default:
            target[at] = byte(0xF0 | scalar >> 18)
            target[at + 1] = byte(0x80 | scalar >> 12 & 0x3F)
            target[at + 2] = byte(0x80 | scalar >> 6 & 0x3F)
            target[at + 3] = byte(0x80 | scalar & 0x3F)
            return 4
        }
    }
}
