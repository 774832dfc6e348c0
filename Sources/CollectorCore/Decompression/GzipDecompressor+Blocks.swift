extension GzipDecompressor {
    /// Base and extra bits of length symbols 257 to 285.
    private static let lengthBases: [(base: Int, extra: Int)] = [
        (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1), (19, 2),
        (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4), (131, 5),
        (163, 5), (195, 5), (227, 5), (258, 0),
    ]
    /// Base and extra bits of distance symbols 0 to 29.
    private static let distanceBases: [(base: Int, extra: Int)] = [
        (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3), (33, 4), (49, 4), (65, 5),
        (97, 5), (129, 6), (193, 6), (257, 7), (385, 7), (513, 8), (769, 8), (1_025, 9), (1_537, 9), (2_049, 10),
        (3_073, 10), (4_097, 11), (6_145, 11), (8_193, 12), (12_289, 12), (16_385, 13), (24_577, 13),
    ]
    /// The order in which code lengths of code lengths stand.
    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    func readBlockHeader() throws(DecompressionError) -> Bool {
        if isLastBlock {
            dropToByte()
            header = []
            state = .trailer
            return true
        }
        guard let value = take(3) else { return false }
        isLastBlock = value & 1 == 1
        switch value >> 1 {
        case 0:
            dropToByte()
            state = .storedHeader
        case 1:
            literals = HuffmanTable.fixedLiterals
            distances = HuffmanTable.fixedDistances
            state = .symbols
        case 2: state = .codeCounts
        default: throw corrupt("unknown block type")
        }
        return true
    }

    func readStoredHeader() throws(DecompressionError) -> Bool {
        guard let value = take(32) else { return false }
        guard value & 0xFFFF == ~(value >> 16) & 0xFFFF else { throw corrupt("stored block with a wrong length") }
        state = .stored(remaining: value & 0xFFFF)
        return true
    }

    func copyStored(_ remaining: Int, _ output: inout [UInt8], until end: Int) -> Bool {
        var left = remaining
        while left > 0, output.count < end {
            guard let byte = take(8) else {
                state = .stored(remaining: left)
                return false
            }
            emit(UInt8(byte), &output)
            left -= 1
        }
        state = left == 0 ? .blockHeader : .stored(remaining: left)
        return true
    }

    func readCodeCounts() -> Bool {
        guard let value = take(14) else { return false }
        counts = ((value & 31) + 257, (value >> 5 & 31) + 1, (value >> 10) + 4)
        lengthLengths = []
        state = .codeLengthLengths
        return true
    }

    func readCodeLengthLengths() throws(DecompressionError) -> Bool {
        while lengthLengths.count < counts.lengths {
            guard let length = take(3) else { return false }
            lengthLengths.append(UInt8(length))
        }
        var ordered = [UInt8](repeating: 0, count: 19)
        for (index, length) in lengthLengths.enumerated() { ordered[Self.lengthOrder[index]] = length }
        guard counts.literals <= 286, counts.distances <= 30, let table = HuffmanTable(lengths: ordered[...]) else {
            throw corrupt("block with a wrong code of code lengths")
        }
        literals = table
        lengths = []
        state = .codeLengths
        return true
    }

    func readCodeLengths() throws(DecompressionError) -> Bool {
        let wanted = counts.literals + counts.distances
        guard let table = literals else { throw corrupt("block without code lengths") }
        while lengths.count < wanted {
            refill()
            let entry = table.entries[Int(bits & table.mask)]
            let used = Int(entry & 15)
            if used == 0 || used > bitCount {
                if used == 0, bitCount >= HuffmanTable.maxBits { throw corrupt("code length that no code gives") }
                return false
            }
            let symbol = Int(entry >> 4)
            let extra = symbol < 16 ? 0 : [2, 3, 7][symbol - 16]
            guard bitCount >= used + extra else { return false }
            let repeats = Int(bits >> UInt64(used) & (1 << UInt64(extra) - 1))
            bits >>= UInt64(used + extra)
            bitCount -= used + extra
            try addLengths(symbol, repeats: repeats, wanted: wanted)
        }
        guard lengths[256] > 0, let literals = HuffmanTable(lengths: lengths[..<counts.literals]),
            let distances = HuffmanTable(lengths: lengths[counts.literals...])
        else { throw corrupt("block with wrong code lengths") }
        self.literals = literals
        self.distances = distances
        state = .symbols
        return true
    }

    private func addLengths(_ symbol: Int, repeats: Int, wanted: Int) throws(DecompressionError) {
        let count: Int
        let length: UInt8
        switch symbol {
        case 16:
            guard let last = lengths.last else { throw corrupt("repeated code length before the first") }
            (count, length) = (repeats + 3, last)
        case 17: (count, length) = (repeats + 3, 0)
        case 18: (count, length) = (repeats + 11, 0)
        default: (count, length) = (1, UInt8(symbol))
        }
        guard lengths.count + count <= wanted else { throw corrupt("more code lengths than codes") }
        lengths.append(contentsOf: repeatElement(length, count: count))
    }

    func readSymbols(_ output: inout [UInt8], until end: Int) throws(DecompressionError) -> Bool {
        guard let literals, let distances else { throw corrupt("block without codes") }
        while output.count < end {
            refill()
            let entry = literals.entries[Int(bits & literals.mask)]
            let used = Int(entry & 15)
            if used == 0 || used > bitCount {
                if used == 0, bitCount >= HuffmanTable.maxBits { throw corrupt("symbol that no code gives") }
                return false
            }
            let symbol = Int(entry >> 4)
            if symbol < 256 {
                bits >>= UInt64(used)
                bitCount -= used
                emit(UInt8(symbol), &output)
            } else if symbol == 256 {
                bits >>= UInt64(used)
                bitCount -= used
                state = .blockHeader
                return true
            } else {
                guard try copyMatch(symbol - 257, after: used, distances: distances, to: &output) else { return false }
            }
        }
        return true
    }

    /// Reads the rest of a length and its distance, all or nothing, and copies. `false` means that bits are missing.
    private func copyMatch(
        _ index: Int, after used: Int, distances table: HuffmanTable, to output: inout [UInt8]
    ) throws(DecompressionError) -> Bool {
        guard index < Self.lengthBases.count else { throw corrupt("length symbol out of range") }
        let (lengthBase, lengthExtra) = Self.lengthBases[index]
        var taken = used
        let length = lengthBase + Int(bits >> UInt64(taken) & (1 << UInt64(lengthExtra) - 1))
        taken += lengthExtra
        guard bitCount >= taken else { return false }
        let entry = table.entries[Int(bits >> UInt64(taken) & table.mask)]
        let distanceUsed = Int(entry & 15)
        if distanceUsed == 0 {
            if bitCount >= taken + HuffmanTable.maxBits { throw corrupt("distance that no code gives") }
            return false
        }
        taken += distanceUsed
        let symbol = Int(entry >> 4)
        guard symbol < Self.distanceBases.count else { throw corrupt("distance symbol out of range") }
        let (distanceBase, distanceExtra) = Self.distanceBases[symbol]
        let distance = distanceBase + Int(bits >> UInt64(taken) & (1 << UInt64(distanceExtra) - 1))
        taken += distanceExtra
        guard bitCount >= taken else { return false }
        guard UInt64(distance) <= memberBytes else { throw corrupt("distance beyond the start") }
        bits >>= UInt64(taken)
        bitCount -= taken
        var from = (windowPosition - distance) & (Self.windowBytes - 1)
        for _ in 0..<length {
            emit(window[from], &output)
            from = (from + 1) & (Self.windowBytes - 1)
        }
        return true
    }
}
