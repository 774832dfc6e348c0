/// The SHA-256 of a batch's sealed bytes: what identifies it across epochs, processes and copies.
///
/// This is only the value; computing it is `BatchFormat`'s (``BatchDigest/init(of:)`` there).
package struct BatchDigest: Sendable, Hashable, CustomStringConvertible {
    package static let byteCount = 32

    private var words: InlineArray<4, UInt64>

    /// The digest with exactly these 32 bytes; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = InlineArray(repeating: 0)
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
    }

    /// The digest that 64 hexadecimal digits spell; `nil` for anything else.
    package init?(hex: String) {
        guard let bytes = Hexadecimal.bytes(hex) else { return nil }
        self.init(bytes: bytes)
    }

    package var bytes: [UInt8] {
        (0..<Self.byteCount).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> (56 - 8 * UInt64($0 % 8))) }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hexadecimal.text(bytes) }
    package var description: String { hex }

    package static func == (left: BatchDigest, right: BatchDigest) -> Bool {
        (0..<4).allSatisfy { left.words[$0] == right.words[$0] }
    }

    package func hash(into hasher: inout Hasher) {
        for index in 0..<4 { hasher.combine(words[index]) }
    }
}
