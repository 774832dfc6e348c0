package import TextFormats

/// A step of a trend at which growth takes off.
///
/// **The rule.** Let *d(t)* be a step's amount per day, and *g(t)* = *d(t)* ÷ *d(t − 1)* its growth. The acceleration
/// *a(t)* = *g(t)* ÷ *g(t − 1)* is the change of growth; its logarithm is the second difference of log *d*. Step *t* is
/// an inflection point where
///
/// 1. it grows, and not only back: *d(t)* is larger than *d(t − 1)* and than *d(t − 2)*;
/// 2. its growth is much stronger than before: *a(t)* ≥ ``leastAcceleration``;
/// 3. it is where growth changed most: *a(t)* is larger than *a(t − 1)* and not smaller than *a(t + 1)*;
/// 4. it lasts: the step after it is still ``leastAcceleration`` times what growth as before would have given at *t*:
///    *d(t + 1)* ÷ *d(t − 1)* ≥ ``leastAcceleration`` × *g(t − 1)*. That leaves out single outliers. At the last step
///    nobody knows yet, and the point is provisional.
///
/// Turning points as local extremes of a logarithmic series, small and short-lived ones left out, are the method of
/// Bry and Boschan (*Cyclical Analysis of Time Series*, NBER 1971) as Harding and Pagan restate it (*Dissecting the
/// cycle*, Journal of Monetary Economics 49, 2002); here it is applied to growth in place of the level. Growth that
/// eases is not reported: it follows every take-off.
///
/// Everything is compared as products of whole numbers. No logarithm is taken and nothing is rounded.
package struct Inflection: Sendable {
    /// What one step of a series comes to.
    package struct Step: Sendable, Hashable {
        /// 0 where it is less: nothing grows to or from that.
        package let amount: UInt128
        /// At least 1.
        package var days: Int

        package init(amount: Int128, days: Int) {
            self.amount = amount > 0 ? amount.magnitude : 0
            self.days = days
        }
    }

    /// By how much growth must exceed that of the step before: a quarter.
    package static let leastAcceleration = Ratio(5, over: 4)

    /// The place of the step in its series.
    package let index: Int
    /// Whether it is the last step of the series, so that nothing says yet whether it lasts.
    package let isProvisional: Bool
    private let ratio: WideRatio

    /// How many times the growth of the step before the step's growth is, rounded half up: `1.63`.
    package func acceleration(decimals: Int) -> String? { ratio.decimal(decimals) }

    /// The inflection points of a series, in order. The first two steps can't be any: they have no growth to compare.
    ///
    /// - Complexity: O(*n*).
    package static func points(in series: [Step]) -> [Inflection] {
        let accelerations = series.indices.map { change(series, from: $0, to: $0) }
        return series.indices.compactMap { index in
            guard let here = accelerations[index], here.isAtLeast(leastAcceleration),
                grows(series[index - 1], to: series[index]), grows(series[index - 2], to: series[index])
            else { return nil }
            if let before = accelerations[index - 1], !(before < here) { return nil }
            let isLast = index == series.count - 1
            if !isLast {
                if let after = accelerations[index + 1], here < after { return nil }
                guard let held = change(series, from: index, to: index + 1), held.isAtLeast(leastAcceleration) else {
                    return nil
                }
            }
            return Inflection(index: index, isProvisional: isLast, ratio: here)
        }
    }

    /// What a later step is, per day, of what growth as before `index` would have given at `index`: with `later` equal
    /// to `index`, the acceleration. `nil` where there is no growth before.
    private static func change(_ series: [Step], from index: Int, to later: Int) -> WideRatio? {
        guard index >= 2 else { return nil }
        let (first, second, third) = (series[index - 2], series[index - 1], series[later])
        guard first.amount > 0, second.amount > 0 else { return nil }
        let days = UInt128(second.days)
        return WideRatio(
            .product(third.amount, first.amount, days, days),
            over: .product(second.amount, second.amount, UInt128(third.days), UInt128(first.days)))
    }

    private static func grows(_ before: Step, to after: Step) -> Bool {
        BigUInt.product(before.amount, UInt128(after.days)) < .product(after.amount, UInt128(before.days))
    }
}
