internal import TextFormats

/// A part of a whole, kept as the two integers it is made of.
package struct Share: Sendable, Hashable {
    /// Below 0 where more was taken back than counted.
    package var numerator: Int128
    package var denominator: Int128

    package init(numerator: Int128, denominator: Int128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// The most decimals that a percentage is printed with.
    package static let maxDecimals = Ratio.maxDecimals

    /// The share in percent, rounded half away from zero to so many decimals: `49.2`. `nil` where the denominator is
    /// zero or less: nothing is a share of that.
    ///
    /// Rounded on its own, so that the shares of a table may add up to 99.9 or 100.1; see
    /// ``percentages(of:denominator:decimals:)`` for a table that adds up.
    package func percent(decimals: Int) -> String? {
        guard denominator > 0 else { return nil }
        return Ratio(numerator.magnitude, over: denominator.magnitude).percent(decimals: decimals)
            .map { Self.signed($0, isNegative: numerator < 0) }
    }

    /// The shares of a table in percent, such that they add up to exactly 100 where the numerators add up to the
    /// denominator: largest remainders are rounded up, the others down.
    ///
    /// Where one of them is below zero each is rounded on its own.
    ///
    /// - Returns: one text per numerator; `nil` where the denominator is zero or less.
    package static func percentages(of numerators: [Int128], denominator: Int128, decimals: Int) -> [String?] {
        precondition((0...maxDecimals).contains(decimals), "\(decimals) decimals")
        guard denominator > 0 else { return numerators.map { _ in nil } }
        let sum = numerators.reduce(0, +)
        guard sum <= denominator, numerators.allSatisfy({ $0 >= 0 }) else {
            return numerators.map { Share(numerator: $0, denominator: denominator).percent(decimals: decimals) }
        }
        let whole = DecimalText.powerOfTen(decimals) * 100
        // What the rows leave out of the denominator takes part in the division as a row of its own.
        let weights = numerators + (denominator > sum ? [denominator - sum] : [])
        return Apportionment.largestRemainder(of: whole, weights: weights.map(\.magnitude))
            .prefix(numerators.count).map { DecimalText.render($0, decimals: decimals) }
    }

    /// A number's text with its sign; nothing but zeros has none.
    static func signed(_ text: String, isNegative: Bool) -> String {
        isNegative && text.utf8.contains { $0 >= 0x31 && $0 <= 0x39 } ? "-" + text : text
    }
}
