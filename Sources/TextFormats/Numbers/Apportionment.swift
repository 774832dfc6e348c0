/// Dividing a whole among parts in integers, so that the parts always add up to the whole.
package enum Apportionment {
    /// Divides `total` in proportion to `weights` by the largest-remainder method (Hamilton's).
    ///
    /// Every part is its exact quota rounded down, and what is left goes, one each, to the largest remainders; of equal
    /// remainders the earlier part is served first, so that the same input always gives the same parts. All weights
    /// zero: all parts zero.
    ///
    /// - Precondition: the weights add up within 128 bits.
    /// - Complexity: O(*n* log *n*).
    package static func largestRemainder(of total: UInt128, weights: [UInt128]) -> [UInt128] {
        let sum = weights.reduce(0, +)
        guard sum > 0 else { return weights.map { _ in 0 } }
        var parts: [UInt128] = []
        parts.reserveCapacity(weights.count)
        var remainders: [(index: Int, remainder: UInt128)] = []
        remainders.reserveCapacity(weights.count)
        var rest = total
        for (index, weight) in weights.enumerated() {
            let (part, remainder) = multiplyDivide(total, times: weight, by: sum)
            parts.append(part)
            remainders.append((index, remainder))
            rest -= part
        }
        guard rest > 0 else { return parts }
        remainders.sort { $0.remainder != $1.remainder ? $0.remainder > $1.remainder : $0.index < $1.index }
        for entry in remainders.prefix(Int(rest)) { parts[entry.index] += 1 }
        return parts
    }

    /// `a` × `b` ÷ `divisor` without a limit on the product.
    ///
    /// - Precondition: the quotient fits in 128 bits.
    package static func multiplyDivide(_ a: UInt128, times b: UInt128, by divisor: UInt128) -> (
        quotient: UInt128, remainder: UInt128
    ) {
        let (narrow, overflow) = a.multipliedReportingOverflow(by: b)
        if !overflow { return narrow.quotientAndRemainder(dividingBy: divisor) }
        let product = a.multipliedFullWidth(by: b)
        precondition(product.high < divisor, "quotient of \(a) × \(b) ÷ \(divisor) leaves 128 bits")
        return divisor.dividingFullWidth(product)
    }
}
