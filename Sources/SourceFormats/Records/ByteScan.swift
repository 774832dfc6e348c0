internal import CProcessor
internal import Glibc

/// Looking at bytes eight or sixteen at a time.
///
/// The word tricks mark each byte that matches with its highest bit. A borrow can mark a byte above the first match
/// wrongly, never one below it, so the lowest mark is exact; that is the only one that is used.
extension RawSpan {
    static var ones: UInt64 { 0x0101_0101_0101_0101 }
    static var highs: UInt64 { 0x8080_8080_8080_8080 }

    /// The byte at `index`, or 0 past the end: a byte that no format allows where one is looked for, so that the end
    /// needs no check of its own.
    @inline(__always)
    func peek(_ index: Int) -> UInt8 {
        // Safe: the index is compared with the count first, and no caller passes a negative one.
        index < byteCount ? unsafe unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self) : 0
    }

    /// Eight bytes from `index`, which must leave room for them.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        // Safe: every caller has compared index + 8 with the count.
        UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
    }

    /// Up to eight bytes from `index`, the rest zero. The `count` bytes must lie within the span.
    @inline(__always)
    func paddedWord(at index: Int, count: Int) -> UInt64 {
        if index &+ 8 <= byteCount {
            let whole = word(at: index)
            return count >= 8 ? whole : whole & ((1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1)
        }
        var value: UInt64 = 0
        for offset in 0..<Swift.min(count, 8) { value |= UInt64(peek(index + offset)) << UInt64(offset * 8) }
        return value
    }

    @inline(__always)
    static func zeroBytes(_ word: UInt64) -> UInt64 {
        (word &- ones) & ~word & highs
    }

    /// Marks quotes, backslashes and control characters.
    @inline(__always)
    static func stringEnds(_ word: UInt64) -> UInt64 {
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let found = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
        return (found | ((word &- (ones &* 0x20)) & ~word)) & highs
    }

    /// How many of the sixteen bytes from `index`, which must leave room for them, come before the first quote,
    /// backslash or control character; 16 where there is none.
    @inline(__always)
    func plainTextBytes(at index: Int) -> Int {
        // Safe: every caller has compared index + 16 with the count.
        unsafe withUnsafeBytes { bytes in
            unsafe Int(steelyard_plain_text_bytes(bytes.baseAddress.unsafelyUnwrapped + index))
        }
    }

    /// The index of the first `byte` at or after `start`, or `byteCount`.
    func firstIndex(of byte: UInt8, from start: Int) -> Int {
        guard start < byteCount else { return byteCount }
        // Safe: the C library looks at no byte behind the span's last one.
        return unsafe withUnsafeBytes { bytes in
            let base = unsafe bytes.baseAddress.unsafelyUnwrapped
            guard let found = unsafe memchr(base + start, Int32(byte), byteCount - start) else { return byteCount }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// The index of the first byte from `start` on that isn't zero.
    func endOfZeros(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= byteCount, word(at: index) == 0 { index &+= 8 }
        while index < byteCount, peek(index) == 0 { index &+= 1 }
        return index
    }

    /// The index of the first zero from `start` to `end`.
    func firstZero(from start: Int, to end: Int) -> Int? {
        let index = extracting(0..<Swift.min(end, byteCount)).firstIndex(of: 0, from: start)
        return index < Swift.min(end, byteCount) ? index : nil
    }

    /// Whether there is nothing but white space from `start` to `end`.
    @inline(__always)
    func isBlank(from start: Int, to end: Int) -> Bool {
        if start < end, peek(start) > 0x20 { return false }
        for index in start..<end {
            switch peek(index) {
            case 0x20, 0x09, 0x0D: continue
            default: return false
            }
        }
        return true
    }
}
