internal import TextFormats

/// A part of a whole, kept as the two integers it is made of.
package struct Share: Sendable, Hashable {
    package var numerator: UInt128
    package var denominator: UInt128

    package init(numerator: UInt128, denominator: UInt128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// The most decimals that a percentage is printed with.
    package static let maxDecimals = Ratio.maxDecimals

    /// The share in percent, rounded half up to so many decimals: `49.2`. `nil` where the denominator is zero.
    ///
    /// Rounded on its own, so that the shares of a table may add up to 99.9 or 100.1; see
    /// ``percentages(of:denominator:decimals:)`` for a table that adds up.
    package func percent(decimals: Int) -> String? {
        Ratio(numerator, over: denominator).percent(decimals: decimals)
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
            ? numerators.map { Ratio($0, over: denominator).rounded(times: whole) ?? 0 }
            : Apportionment.largestRemainder(of: whole, weights: weights)
        return units.prefix(numerators.count).map { DecimalText.render($0, decimals: decimals) }
    }
}
