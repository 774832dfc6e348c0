/// How much of a market its largest entities hold: CR1, CR3 and the Herfindahl–Hirschman index, from exact integers.
package struct Concentration: Sendable, Hashable {
    /// What the entities hold, largest first. Entities that aren't named one by one can't be part of it.
    private let amounts: [UInt128]
    /// The whole.
    package let denominator: UInt128

    /// - Parameters:
    ///   - amounts: one for each entity, in any order.
    ///   - denominator: the whole, at least the sum of the amounts.
    package init(of amounts: [UInt128], denominator: UInt128) {
        precondition(amounts.reduce(0, +) <= denominator, "parts of \(amounts) are more than \(denominator)")
        self.amounts = amounts.sorted(by: >)
        self.denominator = denominator
    }

    /// The share of the so many largest entities together; of all, where there are fewer.
    package func ratio(of largest: Int) -> Share {
        precondition(largest > 0, "the \(largest) largest")
        return Share(numerator: amounts.prefix(largest).reduce(0, +), denominator: denominator)
    }

    /// The share of the largest entity.
    package var cr1: Share { ratio(of: 1) }
    /// The share of the three largest.
    package var cr3: Share { ratio(of: 3) }

    /// The sum of the squares of the shares, from 0 to 1; times 10,000 it is the index as it is usually stated.
    ///
    /// - Returns: `nil` where the whole is so large that its square leaves 128 bits (from 2^64 on).
    package var herfindahl: Ratio? {
        let (square, overflow) = denominator.multipliedReportingOverflow(by: denominator)
        // Parts of a whole: the sum of their squares is at most the square of the whole.
        return overflow ? nil : Ratio(amounts.reduce(0) { $0 + $1 * $1 }, square)
    }

    /// The Herfindahl–Hirschman index in its usual unit, from 0 to 10,000, with so many decimals, rounded half up.
    ///
    /// - Returns: `nil` where the market is empty, and where ``herfindahl`` is.
    package func hhi(decimals: Int) -> String? {
        precondition((0...Share.maxDecimals).contains(decimals), "\(decimals) decimals")
        guard let herfindahl, let units = herfindahl.rounded(times: 10_000 * DecimalText.powerOfTen(decimals)) else {
            return nil
        }
        return DecimalText.render(units, decimals: decimals)
    }
}

extension ShareTable {
    /// How concentrated the table is; `nil` where it gathers entities that it doesn't name, whose squares are unknown.
    package var concentration: Concentration? {
        guard !rows.contains(where: \.isGathered) else { return nil }
        return Concentration(of: rows.map(\.numerator), denominator: denominator)
    }
}
