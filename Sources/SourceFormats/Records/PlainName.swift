/// The names that need no closer look: letters, digits and `_ - . / :`, starting with a letter, a digit or `_`.
///
/// Nearly all names are such; all of them satisfy `NameRule` (held to by a test), which decides about the others.
enum PlainName {
    /// Whether the `count` bytes at `start`, at least one and within `bytes`, are such a name.
    @inline(__always)
    static func holds(_ bytes: RawSpan, from start: Int, count: Int) -> Bool {
        let first = bytes.peek(start)
        let lower = first | 0x20
        guard lower &- 0x61 < 26 || first &- 0x30 < 10 || first == UInt8(ascii: "_") else { return false }
        var index = start
        var left = count
        while left > 0 {
            let word = bytes.paddedWord(at: index, count: left)
            let plain = plainBytes(word)
            let wanted =
                left >= 8 ? RawSpan.highs : RawSpan.highs & ((1 &<< UInt64(truncatingIfNeeded: left &* 8)) &- 1)
            if plain & wanted != wanted { return false }
            index &+= 8
            left &-= 8
        }
        return true
    }

    /// Marks each plain byte with its highest bit. Bytes are first made smaller than 128, so that no sum carries over
    /// into the next one.
    @inline(__always)
    static func plainBytes(_ word: UInt64) -> UInt64 {
        let ones = RawSpan.ones
        let seven = word & ~RawSpan.highs
        let lower = seven | (ones &* 0x20)
        let letters = (lower &+ (ones &* 0x1F)) & ~(lower &+ (ones &* 0x05))  // 'a'...'z'
        let others = (seven &+ (ones &* 0x53)) & ~(seven &+ (ones &* 0x45))  // '-'...':'
        let underscore = ~((seven ^ (ones &* 0x5F)) &+ (ones &* 0x7F))
        return (letters | others | underscore) & ~word & RawSpan.highs
    }
}
