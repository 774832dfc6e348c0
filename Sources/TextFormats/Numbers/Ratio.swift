/// A quotient of two integers that is only rounded when it is printed.
package struct Ratio: Sendable, Hashable {
    package var numerator: UInt128
    package var denominator: UInt128

    /// The most decimals that a quotient is printed with.
    package static let maxDecimals = 12

    package init(_ numerator: UInt128, over denominator: UInt128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// `factor` times the quotient, rounded half up. `nil` where the denominator is zero or the result leaves 128 bits.
    package func rounded(times factor: UInt128 = 1) -> UInt128? {
        guard denominator > 0 else { return nil }
        guard numerator.multipliedFullWidth(by: factor).high < denominator else { return nil }
        let (quotient, remainder) = Apportionment.multiplyDivide(numerator, times: factor, by: denominator)
        // remainder ≥ denominator − remainder is 2 × remainder ≥ denominator without the overflow.
        guard remainder >= denominator - remainder else { return quotient }
        let (up, overflow) = quotient.addingReportingOverflow(1)
        return overflow ? nil : up
    }

    /// `factor` times the quotient, rounded down and rounded up. `nil` as for ``rounded(times:)``.
    package func bounds(times factor: UInt128 = 1) -> (down: UInt128, up: UInt128)? {
        guard denominator > 0 else { return nil }
        guard numerator.multipliedFullWidth(by: factor).high < denominator else { return nil }
        let (quotient, remainder) = Apportionment.multiplyDivide(numerator, times: factor, by: denominator)
        guard remainder > 0 else { return (quotient, quotient) }
        let (up, overflow) = quotient.addingReportingOverflow(1)
        return overflow ? nil : (quotient, up)
    }

    /// The quotient as a whole number, half to even. `nil` where the denominator is zero.
    package var roundedHalfToEven: UInt128? {
        guard denominator > 0 else { return nil }
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        let rest = denominator - remainder
        let isUp = remainder > rest || (remainder == rest && !quotient.isMultiple(of: 2))
        return isUp ? quotient + 1 : quotient
    }

    /// The quotient with so many decimals, half up: `4.70`.
    package func decimal(_ decimals: Int) -> String? {
        precondition((0...Self.maxDecimals).contains(decimals), "\(decimals) decimals")
        guard let units = rounded(times: DecimalText.powerOfTen(decimals)) else { return nil }
        return DecimalText.render(units, decimals: decimals)
    }

    /// The quotient in percent with so many decimals, half up: `469.96`.
    package func percent(decimals: Int) -> String? {
        precondition((0...Self.maxDecimals).contains(decimals), "\(decimals) decimals")
        guard let units = rounded(times: DecimalText.powerOfTen(decimals) * 100) else { return nil }
        return DecimalText.render(units, decimals: decimals)
    }
}
