/// A part of a whole, kept as the two integers it is made of.
package struct Share: Sendable, Hashable {
    package var numerator: UInt128
    package var denominator: UInt128

    package init(numerator: UInt128, denominator: UInt128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// The most decimals that a percentage is printed with.
    package static let maxDecimals = 12

    /// The share in percent, rounded half up to so many decimals: `49.2`. `nil` where the denominator is zero.
    ///
    /// Rounded on its own, so that the shares of a table may add up to 99.9 or 100.1; see
    /// ``percentages(of:denominator:decimals:)`` for a table that adds up.
    package func percent(decimals: Int) -> String? {
        Ratio(numerator, denominator).percent(decimals: decimals)
    }

    /// The shares of a table in percent, such that they add up to exactly 100 where the numerators add up to the
    /// denominator: largest remainders are rounded up, the others down.
    ///
    /// - Returns: one text per numerator; `nil` where the denominator is zero.
    package static func percentages(of numerators: [UInt128], denominator: UInt128, decimals: Int) -> [String?] {
        precondition((0...maxDecimals).contains(decimals), "\(decimals) decimals")
        guard denominator > 0 else { return numerators.map { _ in nil } }
        let sum = numerators.reduce(0, +)
        let whole = DecimalText.powerOfTen(decimals) * 100
        // What the rows leave out of the denominator takes part in the division as a row of its own.
        let weights = numerators + (denominator > sum ? [denominator - sum] : [])
        let units =
            sum > denominator
            ? numerators.map { Ratio($0, denominator).rounded(times: whole) ?? 0 }
            : Apportionment.largestRemainder(of: whole, weights: weights)
        return units.prefix(numerators.count).map { DecimalText.render($0, decimals: decimals) }
    }
}

/// A quotient of two integers that is only rounded when it is printed.
package struct Ratio: Sendable, Hashable {
    package var numerator: UInt128
    package var denominator: UInt128

    package init(_ numerator: UInt128, _ denominator: UInt128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// `factor` times the quotient, rounded half up. `nil` where the denominator is zero or the result leaves 128 bits.
    package func rounded(times factor: UInt128 = 1) -> UInt128? {
        guard denominator > 0 else { return nil }
        guard numerator.multipliedFullWidth(by: factor).high < denominator else { return nil }
        let (quotient, remainder) = Apportionment.multiplyDivide(numerator, factor, by: denominator)
        // remainder ≥ denominator − remainder is 2 × remainder ≥ denominator without the overflow.
        guard remainder >= denominator - remainder else { return quotient }
        let (up, overflow) = quotient.addingReportingOverflow(1)
        return overflow ? nil : up
    }

    /// `factor` times the quotient, rounded down and rounded up. `nil` as for ``rounded(times:)``.
    package func bounds(times factor: UInt128 = 1) -> (down: UInt128, up: UInt128)? {
        guard denominator > 0 else { return nil }
        guard numerator.multipliedFullWidth(by: factor).high < denominator else { return nil }
        let (quotient, remainder) = Apportionment.multiplyDivide(numerator, factor, by: denominator)
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
        precondition((0...Share.maxDecimals).contains(decimals), "\(decimals) decimals")
        guard let units = rounded(times: DecimalText.powerOfTen(decimals)) else { return nil }
        return DecimalText.render(units, decimals: decimals)
    }

    /// The quotient in percent with so many decimals, half up: `469.96`.
    package func percent(decimals: Int) -> String? {
        precondition((0...Share.maxDecimals).contains(decimals), "\(decimals) decimals")
        guard let units = rounded(times: DecimalText.powerOfTen(decimals) * 100) else { return nil }
        return DecimalText.render(units, decimals: decimals)
    }
}
