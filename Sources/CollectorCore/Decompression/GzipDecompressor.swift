/// gzip members one after another (RFC 1952), by an inflater (RFC 1951) of our own.
///
/// Ours, because no package in the build offers zlib's stream to Swift, and because this one can't be made to touch
/// memory that isn't its own: bounds are checked, the window is 32 KiB, and every call's output is limited. CRC-32 and
/// length of each member are verified.
final class GzipDecompressor: Decompressor {
    enum State {
        /// Between members, or before the first.
        case start
        /// `wanted` more bytes of the 10 fixed ones.
        case fixedHeader
        case extraLength
        case extra(remaining: Int)
        case name
        case comment
        case headerChecksum
        case blockHeader
        case storedHeader
        case stored(remaining: Int)
        case codeCounts
        case codeLengthLengths
        case codeLengths
        case symbols
        case trailer
    }

    static let windowBytes = 32 << 10

    var state = State.start
    /// Bits that were taken from the input but not used yet, the next one lowest.
    var bits: UInt64 = 0
    var bitCount = 0
    var input: ArraySlice<UInt8> = []
    var header: [UInt8] = []
    var isLastBlock = false
    var window = [UInt8](repeating: 0, count: windowBytes)
    var windowPosition = 0
    /// Bytes that the open member has given so far.
    var memberBytes: UInt64 = 0
    var checksum = CRC32()
    /// Counts of the dynamic block's codes: literals, distances, code lengths.
    var counts = (literals: 0, distances: 0, lengths: 0)
    var lengthLengths: [UInt8] = []
    var lengths: [UInt8] = []
    var literals = HuffmanTable.fixedLiterals
    var distances = HuffmanTable.fixedDistances

    var isAtEnd: Bool {
        if case .start = state { return bitCount == 0 && memberCount > 0 }
        return false
    }

    var memberCount = 0

    func decompress(
        _ input: ArraySlice<UInt8>, into output: inout [UInt8], limit: Int
    ) throws(DecompressionError) -> (consumed: Int, produced: Int) {
        self.input = input
        defer { self.input = [] }
        let before = output.count
        while output.count - before < max(1, limit) {
            guard try step(&output, until: before + max(1, limit)) else { break }
        }
        return (input.count - self.input.count, output.count - before)
    }

    /// Does what the state asks for. `false` means that more input is needed.
    private func step(_ output: inout [UInt8], until end: Int) throws(DecompressionError) -> Bool {
        switch state {
        case .start, .fixedHeader, .extraLength, .extra, .name, .comment, .headerChecksum: return try readHeader()
        case .blockHeader: return try readBlockHeader()
        case .storedHeader: return try readStoredHeader()
        case .stored(let remaining): return copyStored(remaining, &output, until: end)
        case .codeCounts: return readCodeCounts()
        case .codeLengthLengths: return try readCodeLengthLengths()
        case .codeLengths: return try readCodeLengths()
        case .symbols: return try readSymbols(&output, until: end)
        case .trailer: return try readTrailer()
        }
    }

    // MARK: Bits

    /// Fills the bit buffer as far as the input goes.
    @inline(__always)
    func refill() {
        while bitCount <= 56, let byte = input.popFirst() {
            bits |= UInt64(byte) << UInt64(bitCount)
            bitCount += 8
        }
    }

    func take(_ count: Int) -> Int? {
        if bitCount < count { refill() }
        guard bitCount >= count else { return nil }
        let value = bits & (1 << UInt64(count) - 1)
        bits >>= UInt64(count)
        bitCount -= count
        return Int(value)
    }

    func dropToByte() {
        let odd = bitCount % 8
        bits >>= UInt64(odd)
        bitCount -= odd
    }

    // MARK: Output

    @inline(__always)
    func emit(_ byte: UInt8, _ output: inout [UInt8]) {
        output.append(byte)
        window[windowPosition] = byte
        windowPosition = (windowPosition + 1) & (Self.windowBytes - 1)
        checksum.add(byte)
        memberBytes += 1
    }

    func corrupt(_ what: String) -> DecompressionError {
        DecompressionError(.corrupt, "is not readable as gzip: \(what)")
    }
}

/// CRC-32 as gzip uses it.
struct CRC32: Sendable {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }

    private var state: UInt32 = .max
    private let table = Self.table

    var value: UInt32 { ~state }

    @inline(__always)
    mutating func add(_ byte: UInt8) {
        state = table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8
    }
}
