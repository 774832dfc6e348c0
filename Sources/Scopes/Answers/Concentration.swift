internal import TextFormats

/// How much of a market its largest entities hold: CR1, CR3 and the Herfindahl–Hirschman index, from exact integers.
package struct Concentration: Sendable, Hashable {
    /// What the entities hold, largest first. Entities that aren't named one by one can't be part of it.
    private let amounts: [Int128]
    /// The whole.
    package let denominator: Int128

    /// - Parameters:
    ///   - amounts: one for each entity, in any order; none below 0.
    ///   - denominator: the whole, at least the sum of the amounts.
    package init(of amounts: [Int128], denominator: Int128) {
        precondition(amounts.allSatisfy { $0 >= 0 }, "a part of \(amounts) is less than nothing")
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

    /// The Herfindahl–Hirschman index, the sum of the squares of the shares in percent, from 0 to 10,000, with so many
    /// decimals, rounded half up.
    ///
    /// - Returns: `nil` where the market is empty.
    package func hhi(decimals: Int) -> String? {
        precondition((0...Share.maxDecimals).contains(decimals), "\(decimals) decimals")
        guard denominator > 0 else { return nil }
        let squares = amounts.reduce(BigUInt(0)) { $0 + .product($1.magnitude, $1.magnitude) }
        let whole = denominator.magnitude
        return WideRatio(squares * BigUInt(10_000), over: .product(whole, whole)).decimal(decimals)
    }
}

extension ShareTable {
    /// How concentrated the table is; `nil` where it gathers entities that it doesn't name, whose squares are unknown,
    /// where the parts are more than the whole, as they can be against a total that somebody published, and where an
    /// entity has less than nothing.
    package var concentration: Concentration? {
        guard !rows.contains(where: { $0.isGathered || $0.numerator < 0 }), denominator >= 0,
            rows.reduce(0, { $0 + $1.numerator }) <= denominator
        else { return nil }
        return Concentration(of: rows.map(\.numerator), denominator: denominator)
    }
}
