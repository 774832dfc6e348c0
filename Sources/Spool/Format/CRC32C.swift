/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), sixteen bytes at a time by tables.
struct CRC32C: Sendable {
    /// What the checksum of everything so far is.
    var value: UInt32 { ~state }

    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of `bytes` alone.
    static func of(_ bytes: RawSpan) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }

    /// Goes on over `bytes`.
    mutating func update(_ bytes: RawSpan) {
        state = unsafe Self.tables.withUnsafeBufferPointer { tables in
            unsafe bytes.withUnsafeBytes { input in unsafe Self.advance(state, over: input, tables) }
        }
    }

    private static let sliceCount = 16
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// Table *k* at 256 × *k*: what a byte does to the state, *k* zero bytes later.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: sliceCount * 256)
        for byte in 0..<256 {
            var state = UInt32(byte)
            for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ polynomial : state >> 1 }
            tables[byte] = state
        }
        for slot in 256..<sliceCount * 256 {
            let shorter = tables[slot - 256]
            tables[slot] = shorter >> 8 ^ tables[Int(shorter & 0xFF)]
        }
        return tables
    }()

    private static func advance(
        _ start: UInt32, over input: UnsafeRawBufferPointer, _ tables: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var state = start
        var offset = 0
        while offset + sliceCount <= input.count {
            let low = unsafe UInt64(littleEndian: input.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let high = unsafe UInt64(littleEndian: input.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            state = unsafe eight(low ^ UInt64(state), tables: tables, later: 8) ^ eight(high, tables: tables, later: 0)
            offset += sliceCount
        }
        while offset < input.count {
            state = unsafe state >> 8 ^ tables[Int((state ^ UInt32(input[offset])) & 0xFF)]
            offset += 1
        }
        return state
    }

    /// What eight bytes do to the state, `later` zero bytes later.
    @inline(__always)
    private static func eight(_ word: UInt64, tables: UnsafeBufferPointer<UInt32>, later: Int) -> UInt32 {
        @inline(__always)
        func lookup(_ byte: Int) -> UInt32 {
            unsafe tables[(later + 7 - byte) &* 256 &+ Int(truncatingIfNeeded: word >> UInt64(8 &* byte) & 0xFF)]
        }
        return lookup(0) ^ lookup(1) ^ lookup(2) ^ lookup(3) ^ lookup(4) ^ lookup(5) ^ lookup(6) ^ lookup(7)
    }
}
