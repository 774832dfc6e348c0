extension GzipDecompressor {
    private static let hasChecksum: UInt8 = 2
    private static let hasExtra: UInt8 = 4
    private static let hasName: UInt8 = 8
    private static let hasComment: UInt8 = 16

    /// Reads the next part of a member's header; its optional parts are passed over.
    func readHeader() throws(DecompressionError) -> Bool {
        switch state {
        case .start:
            guard bitCount > 0 || !input.isEmpty else { return false }
            header = []
            state = .fixedHeader
            return true
        case .fixedHeader:
            guard collect(10) else { return false }
            guard header[0] == 0x1F, header[1] == 0x8B, header[2] == 8, header[3] & 0xE0 == 0 else {
                throw corrupt(memberCount == 0 ? "no gzip header" : "bytes behind the last member")
            }
            state = header[3] & Self.hasExtra != 0 ? .extraLength : .name
        case .extraLength:
            guard let length = take(16) else { return false }
            state = .extra(remaining: length)
        case .extra(let remaining):
            guard remaining > 0 else {
                state = .name
                return true
            }
            guard take(8) != nil else { return false }
            state = .extra(remaining: remaining - 1)
        case .name:
            guard try skipText(if: Self.hasName) else { return false }
            state = .comment
        case .comment:
            guard try skipText(if: Self.hasComment) else { return false }
            state = .headerChecksum
        default:
            if header[3] & Self.hasChecksum != 0, take(16) == nil { return false }
            beginMember()
        }
        return true
    }

    func readTrailer() throws(DecompressionError) -> Bool {
        guard collect(8) else { return false }
        func number(_ start: Int) -> UInt32 {
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(header[start + $1]) << UInt32(8 * $1) }
        }
        guard number(0) == checksum.value else { throw corrupt("checksum doesn't match") }
        guard number(4) == UInt32(truncatingIfNeeded: memberBytes) else { throw corrupt("length doesn't match") }
        memberCount += 1
        state = .start
        return true
    }

    private func beginMember() {
        isLastBlock = false
        memberBytes = 0
        checksum = CRC32()
        state = .blockHeader
    }

    /// Fills `header` up to `count` bytes.
    private func collect(_ count: Int) -> Bool {
        while header.count < count {
            guard let byte = take(8) else { return false }
            header.append(UInt8(byte))
        }
        return true
    }

    /// Passes over a text that ends with a zero byte, where the flag says that there is one.
    private func skipText(if flag: UInt8) throws(DecompressionError) -> Bool {
        guard header[3] & flag != 0 else { return true }
        while let byte = take(8) {
            if byte == 0 { return true }
        }
        return false
    }
}
