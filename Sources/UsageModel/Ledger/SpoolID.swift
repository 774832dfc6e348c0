/// The 16 random bytes that a spool was given when it was made.
///
/// Together with a batch's spool sequence they make every sealed batch unique, whichever directory it is copied to.
package struct SpoolID: Sendable, Hashable, CustomStringConvertible {
    package static let byteCount = 16

    private var high: UInt64
    private var low: UInt64

    /// Makes an identity from a source of random numbers.
    package init(using generator: inout some RandomNumberGenerator) {
        high = generator.next()
        low = generator.next()
    }

    /// The identity with exactly these 16 bytes; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The identity that 32 hexadecimal digits spell, as in `spool_id` of the control plane; `nil` for anything else.
    package init?(hex: String) {
        guard let bytes = Hexadecimal.bytes(hex) else { return nil }
        self.init(bytes: bytes)
    }

    package var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    }

    /// 32 lower-case hexadecimal digits.
    package var hex: String { Hexadecimal.text(bytes) }
    package var description: String { hex }
}
