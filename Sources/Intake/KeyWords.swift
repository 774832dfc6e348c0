internal import Usage

/// The first 24 bytes of a field name as three machine words, and its length: what names are compared by first.
struct KeyWords: Sendable, Equatable {
    /// The longest name that a format can ask for, in bytes.
    static let maxBytes = 128
    /// How many leading bytes the words hold.
    static let wordBytes = 24

    var word0: UInt64 = 0
    var word1: UInt64 = 0
    var word2: UInt64 = 0
    var count: Int

    /// What an empty place in a table holds.
    static let none = KeyWords(count: -1)

    var isNone: Bool { count < 0 }

    private init(count: Int) {
        self.count = count
    }

    /// The name at `start`, which must lie within `bytes`.
    @inline(__always)
    init(_ bytes: RawSpan, start: Int, count: Int) {
        self.count = count
        word0 = bytes.paddedWord(at: start, count: count)
        if count > 8 { word1 = bytes.paddedWord(at: start + 8, count: count - 8) }
        if count > 16 { word2 = bytes.paddedWord(at: start + 16, count: count - 16) }
    }

    /// A name from a configuration, or `nil` when it is empty or too long.
    init?(configured name: String) {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty, bytes.count <= KeyWords.maxBytes else { return nil }
        unsafe self.init(bytes.span.bytes, start: 0, count: bytes.count)
    }

    @inline(__always)
    var hash: Int {
        let mixed = (word0 ^ (word1 &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(truncatingIfNeeded: count)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 40)
    }
}

extension FieldPlan {
    /// The entry of a node's table for the name at `start`, or -1 where the node doesn't know the name.
    @inline(__always)
    func find(_ bytes: RawSpan, start: Int, count: Int, in node: Int) -> Int {
        let key = KeyWords(bytes, start: start, count: count)
        let node = nodes[node]
        var slot = key.hash & node.entryMask
        while true {
            let index = node.firstEntry + slot
            let candidate = entries[index].key
            if candidate == key {
                if count <= KeyWords.wordBytes || hasRest(of: index, bytes, start: start, count: count) { return index }
            } else if candidate.isNone {
                return -1
            }
            slot = (slot + 1) & node.entryMask
        }
    }

    /// Compares what the words of a long name don't hold.
    private func hasRest(of entry: Int, _ bytes: RawSpan, start: Int, count: Int) -> Bool {
        let name = names[entry]
        for offset in KeyWords.wordBytes..<count where bytes.byte(at: start + offset) != name[offset] { return false }
        return true
    }
}
