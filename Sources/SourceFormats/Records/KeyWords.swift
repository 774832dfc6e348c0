internal import UsageModel

/// A field name as machine words, for comparing it with what stands in a record without a loop.
///
/// The first and the last eight bytes overlap in names of up to 15 bytes; two more words fill the gap in longer ones.
struct KeyWords: Sendable, Equatable {
    /// The longest name that a format can ask for, in bytes.
    static let maxBytes = 128
    /// How many bytes of a name the words hold.
    static let wordBytes = 32

    /// The first eight bytes, padded with zeros.
    var head: UInt64 = 0
    /// The last eight bytes; 0 in names shorter than that.
    var tail: UInt64 = 0
    /// Bytes 8 to 15 of names longer than 16 bytes.
    var middle: UInt64 = 0
    /// Bytes 16 to 23 of names longer than 24 bytes.
    var laterMiddle: UInt64 = 0
    /// The length in bytes; negative in an empty place of a table.
    var count: Int

    static let none = KeyWords(count: -1)

    var isNone: Bool { count < 0 }

    private init(count: Int) {
        self.count = count
    }

    /// The name of `count` bytes at `start`, which must lie within `bytes`.
    @inline(__always)
    init(_ bytes: RawSpan, start: Int, count: Int) {
        self.count = count
        guard count >= 8 else {
            head = bytes.paddedWord(at: start, count: count)
            return
        }
        head = bytes.word(at: start)
        tail = bytes.word(at: start &+ count &- 8)
        if count > 16 { middle = bytes.word(at: start &+ 8) }
        if count > 24 { laterMiddle = bytes.word(at: start &+ 16) }
    }

    /// A name from a configuration, or `nil` when it is empty, too long, or could only be written with escapes.
    init?(configured name: String) {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty, bytes.count <= KeyWords.maxBytes,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else { return nil }
        unsafe self.init(bytes.span.bytes, start: 0, count: bytes.count)
    }

    @inline(__always)
    var hash: Int {
        let mixed =
            (head ^ (tail &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(truncatingIfNeeded: count)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed &>> 40)
    }
}

extension FieldPlan {
    /// The entry of a node's table for the name of `count` bytes at `start`, or -1 where the node doesn't know it.
    func find(_ bytes: RawSpan, start: Int, count: Int, in node: Int) -> Int {
        let key = KeyWords(bytes, start: start, count: count)
        let node = nodes[node]
        var slot = key.hash & node.entryMask
        while true {
            let index = node.firstEntry &+ slot
            let candidate = entries[index].key
            if candidate == key {
                if count <= KeyWords.wordBytes || hasRest(of: index, bytes, start: start, count: count) { return index }
            } else if candidate.isNone {
                return -1
            }
            slot = (slot &+ 1) & node.entryMask
        }
    }

    /// Whether the name of the given entry and its closing quote stand at `start`, without looking for the quote first.
    /// May say no where it can't tell.
    @inline(__always)
    func holds(_ entry: Int, _ bytes: RawSpan, at start: Int) -> Bool {
        let key = entries[entry].key
        let count = key.count
        let quote = start &+ count
        guard bytes.peek(quote) == UInt8(ascii: "\"") else { return false }
        // From here on start ..< quote is known to be within the bytes.
        if count < 8 {
            guard start &+ 8 <= bytes.byteCount else { return false }
            return bytes.word(at: start) & ((1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1) == key.head
        }
        guard bytes.word(at: start) == key.head, bytes.word(at: quote &- 8) == key.tail else { return false }
        if count <= 16 { return true }
        guard bytes.word(at: start &+ 8) == key.middle else { return false }
        return count <= 24 || (count <= KeyWords.wordBytes && bytes.word(at: start &+ 16) == key.laterMiddle)
    }

    /// Compares what the words of a very long name don't hold.
    private func hasRest(of entry: Int, _ bytes: RawSpan, start: Int, count: Int) -> Bool {
        let name = names[entry]
        for offset in 24..<count where bytes.peek(start + offset) != name[offset] { return false }
        return true
    }
}
