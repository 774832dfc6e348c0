/// A non-negative decimal as its digits were written: `mantissa` × 10^-`scale`. No rounding ever happens on reading.
struct ExactDecimal: Equatable {
    enum Problem: Error, Equatable {
        case malformed(String)
    }

    var mantissa: UInt64
    var scale: Int

    init(mantissa: UInt64, scale: Int) {
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Reads `12`, `0.085` or `8.163e-05`.
    init(_ text: String) throws {
        var scanner = ByteScanner(Array(text.utf8))
        self = try scanner.decimal()
        guard scanner.position == text.utf8.count else { throw Problem.malformed(text) }
    }

    /// `self` × `factor`, rounded half up to an integer, exactly.
    func timesRoundedHalfUp(_ factor: UInt64) -> UInt64 {
        Self.roundedHalfUp(UInt128(mantissa) * UInt128(factor), scale: scale)
    }

    /// `value` × 10^-`scale`, rounded half up; traps where the result leaves 64 bits.
    static func roundedHalfUp(_ value: UInt128, scale: Int) -> UInt64 {
        let unit = powersOfTen[scale]
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: unit)
        return UInt64(quotient) + (remainder >= unit - remainder ? 1 : 0)
    }

    /// 10^0 to 10^38, the powers that fit 128 bits.
    static let powersOfTen: [UInt128] = (0..<38).reduce(into: [1]) { powers, _ in
        powers.append(powers[powers.count - 1] * 10)
    }
}
