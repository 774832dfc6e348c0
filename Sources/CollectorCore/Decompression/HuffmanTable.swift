/// One Huffman code of RFC 1951 as a lookup table: the next bits, low bit first, give the symbol and its length.
struct HuffmanTable: Sendable {
    static let maxBits = 15

    /// Each entry is `symbol << 4 | length`; 0 where no code leads.
    private(set) var entries: [UInt16]
    private(set) var mask: UInt64

    /// - Parameter lengths: the code length of each symbol, 0 for unused.
    /// - Returns: `nil` where the lengths are no prefix code: over-subscribed, or incomplete with more than one code.
    init?(lengths: ArraySlice<UInt8>) {
        var counts = [Int](repeating: 0, count: Self.maxBits + 1)
        for length in lengths { counts[Int(length)] += 1 }
        counts[0] = 0
        let used = counts.reduce(0, +)
        guard let longest = counts.lastIndex(where: { $0 > 0 }) else {
            // No code at all: legal for distances of a block that holds only literals.
            entries = [0]
            mask = 0
            return
        }
        var free = 1
        var next = [Int](repeating: 0, count: Self.maxBits + 2)
        for bits in 1...Self.maxBits {
            free = free * 2 - counts[bits]
            if free < 0 { return nil }
            next[bits + 1] = (next[bits] + counts[bits]) * 2
        }
        guard free == 0 || (used == 1 && longest == 1) else { return nil }
        entries = [UInt16](repeating: 0, count: 1 << longest)
        mask = UInt64(entries.count - 1)
        for (symbol, length) in lengths.enumerated() where length > 0 {
            let bits = Int(length)
            let code = next[bits]
            next[bits] += 1
            var reversed = 0
            for bit in 0..<bits where code & (1 << bit) != 0 { reversed |= 1 << (bits - 1 - bit) }
            for slot in stride(from: reversed, to: entries.count, by: 1 << bits) {
                entries[slot] = UInt16(symbol) << 4 | UInt16(bits)
            }
        }
    }

    /// The literal and length code of blocks with fixed codes.
    static let fixedLiterals: HuffmanTable? = HuffmanTable(
        lengths: ([UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112)
            + [UInt8](repeating: 7, count: 24) + [UInt8](repeating: 8, count: 8))[...])

    /// The distance code of blocks with fixed codes.
    static let fixedDistances: HuffmanTable? = HuffmanTable(lengths: [UInt8](repeating: 5, count: 32)[...])
}
