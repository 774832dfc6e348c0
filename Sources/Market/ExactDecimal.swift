/// A decimal number as it is written, as a whole number of millionths.
struct ExactDecimal: Hashable {
    static let decimals = 6
    static let unit: UInt64 = 1_000_000
    /// The most digits before the point.
    static let maxWholeDigits = 9

    var millionths: UInt64

    /// Parses `49`, `49.2`, `0.000001`; at most six decimals, no sign, no exponent.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), (1...Self.maxWholeDigits).contains(parts[0].count) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : parts[0].prefix(0)
        guard parts.count == 1 || (1...Self.decimals).contains(fraction.count) else { return nil }
        var value: UInt64 = 0
        for byte in Array(parts[0]) + Array(fraction) {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + UInt64(byte - 0x30)
        }
        for _ in fraction.count..<Self.decimals { value *= 10 }
        millionths = value
    }
}
