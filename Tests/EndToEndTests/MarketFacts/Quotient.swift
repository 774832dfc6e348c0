/// A quotient of whole numbers, printed as the published figures are: rounded half up, in integers throughout.
struct Quotient {
    var numerator: UInt128
    var denominator: UInt128

    init(_ numerator: UInt128, _ denominator: UInt128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// `49.2`, `137`.
    func printed(decimals: Int) -> String {
        let scale = ExactDecimal.powersOfTen[decimals]
        let (whole, rest) = (numerator * scale).quotientAndRemainder(dividingBy: denominator)
        let rounded = whole + (rest >= denominator - rest ? 1 : 0)
        guard decimals > 0 else { return String(rounded) }
        let fraction = String(rounded % scale)
        return "\(rounded / scale)." + String(repeating: "0", count: decimals - fraction.utf8.count) + fraction
    }
}

extension Double {
    /// As the facts file has it: `27.0`, `369.96`; so many decimals are what was published.
    var asPublished: String { String(self) }
}

/// Amounts of money as answers write them, in hundredths of the currency's unit.
enum Hundredths {
    static func of(_ text: String?) throws -> UInt128 {
        let decimal = try ExactDecimal(text ?? "")
        return UInt128(decimal.mantissa) * ExactDecimal.powersOfTen[max(0, 2 - decimal.scale)]
            / ExactDecimal.powersOfTen[max(0, decimal.scale - 2)]
    }
}
