/// A whole number without a limit, for products of counts that leave 128 bits: multiplied, added and compared exactly.
package struct BigUInt: Sendable, Hashable, Comparable {
    /// From the lowest 64 bits on, without zeros at the end; empty for 0.
    private var limbs: [UInt64]

    package init(_ value: UInt128) {
        self.init(limbs: [UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64)])
    }

    private init(limbs: [UInt64]) {
        self.limbs = Array(limbs[..<((limbs.lastIndex { $0 != 0 } ?? -1) + 1)])
    }

    /// The product of some numbers; 1 of none.
    package static func product(_ factors: UInt128...) -> BigUInt {
        factors.reduce(BigUInt(1)) { $0 * BigUInt($1) }
    }

    package static func + (left: BigUInt, right: BigUInt) -> BigUInt {
        var sum: [UInt64] = []
        var carry: UInt128 = 0
        for index in 0..<max(left.limbs.count, right.limbs.count) {
            let one = index < left.limbs.count ? UInt128(left.limbs[index]) : 0
            let other = index < right.limbs.count ? UInt128(right.limbs[index]) : 0
            carry += one + other
            sum.append(UInt64(truncatingIfNeeded: carry))
            carry >>= 64
        }
        return BigUInt(limbs: sum + [UInt64(carry)])
    }

    /// - Complexity: O(*n* × *m*) of the numbers' 64-bit digits.
    package static func * (left: BigUInt, right: BigUInt) -> BigUInt {
        var product = [UInt64](repeating: 0, count: left.limbs.count + right.limbs.count)
        for (low, one) in left.limbs.enumerated() {
            var carry: UInt128 = 0
            for (high, other) in right.limbs.enumerated() {
                // (2^64 − 1)² + 2 × (2^64 − 1) is 2^128 − 1: this can't overflow.
                carry += UInt128(one) * UInt128(other) + UInt128(product[low + high])
                product[low + high] = UInt64(truncatingIfNeeded: carry)
                carry >>= 64
            }
            product[low + right.limbs.count] = UInt64(carry)
        }
        return BigUInt(limbs: product)
    }

    package static func < (left: BigUInt, right: BigUInt) -> Bool {
        if left.limbs.count != right.limbs.count { return left.limbs.count < right.limbs.count }
        for (one, other) in zip(left.limbs.reversed(), right.limbs.reversed()) where one != other { return one < other }
        return false
    }
}

/// A quotient of two whole numbers without a limit; only rounded when it is printed.
package struct WideRatio: Sendable {
    package let numerator: BigUInt
    /// Never 0.
    package let denominator: BigUInt

    /// - Precondition: the denominator isn't 0.
    package init(_ numerator: BigUInt, over denominator: BigUInt) {
        precondition(denominator > BigUInt(0), "a quotient by nothing")
        self.numerator = numerator
        self.denominator = denominator
    }

    package static func < (left: WideRatio, right: WideRatio) -> Bool {
        left.numerator * right.denominator < right.numerator * left.denominator
    }

    /// Whether the quotient is at least another.
    package func isAtLeast(_ other: Ratio) -> Bool {
        !(numerator * BigUInt(other.denominator) < BigUInt(other.numerator) * denominator)
    }

    /// `factor` times the quotient, rounded half up; `nil` from 2^120 on.
    package func rounded(times factor: UInt128 = 1) -> UInt128? {
        let doubled = numerator * BigUInt(factor) * BigUInt(2)
        // The largest unit with (2 × unit − 1) × denominator ≤ 2 × factor × numerator; found by halving.
        func fits(_ unit: UInt128) -> Bool { !(doubled < BigUInt(unit * 2 - 1) * denominator) }
        var low: UInt128 = 0
        var high: UInt128 = 1 << 120
        guard !fits(high) else { return nil }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if fits(middle) { low = middle } else { high = middle }
        }
        return low
    }

    /// The quotient with so many decimals, half up: `1.63`; `nil` where it is as large as ``rounded(times:)`` refuses.
    package func decimal(_ decimals: Int) -> String? {
        precondition((0...Ratio.maxDecimals).contains(decimals), "\(decimals) decimals")
        return rounded(times: DecimalText.powerOfTen(decimals)).map { DecimalText.render($0, decimals: decimals) }
    }
}
