internal import TextFormats

/// A decimal number as it is written, as a whole number of millionths.
struct ExactDecimal: Hashable {
    static let decimals = 6
    static let unit: UInt64 = 1_000_000
    /// The most digits before the point.
    static let maxWholeDigits = 9

    var millionths: UInt64

    /// Parses `49`, `49.2`, `0.000001`; at most six decimals, no sign, no exponent.
    init?(_ text: String) {
        guard let value = DecimalText.parse(text, decimals: Self.decimals, wholeDigits: Self.maxWholeDigits) else {
            return nil
        }
        millionths = UInt64(value)
    }
}
