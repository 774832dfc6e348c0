internal import UsageModel

/// Bytes of a file in short: tells them from others without keeping them.
package struct FileFingerprint: Sendable, Hashable, Codable {
    /// The most leading bytes of a file that its fingerprint covers.
    package static let maxBytes = 1_024

    /// How many bytes it covers; 0 for none.
    package var length: Int
    /// FNV-1a over those bytes, 64 bits.
    package var hash: UInt64

    package static let empty = FileFingerprint(length: 0, hash: 0xcbf2_9ce4_8422_2325)

    package init(length: Int, hash: UInt64) {
        self.length = length
        self.hash = hash
    }

    /// - Parameter bytes: all that it is to cover.
    package init(_ bytes: RawSpan) {
        self = .empty
        extend(by: bytes)
    }

    package init(_ bytes: some Sequence<UInt8>) {
        self = .empty
        for byte in bytes {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            length += 1
        }
    }

    /// Covers bytes that follow those that it covers.
    mutating func extend(by bytes: RawSpan) {
        for index in 0..<bytes.byteCount {
            hash = (hash ^ UInt64(bytes.byte(at: index))) &* 0x0000_0100_0000_01b3
        }
        length += bytes.byteCount
    }

    /// Whether bytes begin with those that it covers.
    func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= length && FileFingerprint(bytes.prefix(length)) == self
    }
}
