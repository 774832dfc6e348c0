/// Zipf weights 1 ÷ rank^exponent in fixed point: integers only, so that no machine's `pow` decides how a market looks.
enum ZipfWeights {
    private static let fractionBits = 40
    private static let one: UInt128 = 1 << 62

    /// The weights of ranks 1 to `count`, the first being 2^62.
    ///
    /// - Parameter exponentMilli: the exponent in thousandths, at most 5,000.
    /// - Complexity: O(*count*).
    static func weights(count: Int, exponentMilli: UInt64) -> [UInt128] {
        let roots = halvingRoots()
        return (0..<count).map { index in
            let logarithm = binaryLogarithm(UInt64(index + 1))
            let power = logarithm * UInt128(exponentMilli) / 1_000
            return max(1, inversePowerOfTwo(power, roots: roots))
        }
    }

    /// log2(n) with 40 fraction bits, by squaring the mantissa once per bit.
    static func binaryLogarithm(_ n: UInt64) -> UInt128 {
        let whole = 63 - n.leadingZeroBitCount
        var mantissa = (UInt128(n) << 62) >> UInt128(whole)
        var result = UInt128(whole) << UInt128(fractionBits)
        for bit in stride(from: fractionBits - 1, through: 0, by: -1) {
            mantissa = (mantissa * mantissa) >> 62
            if mantissa >= one << 1 {
                mantissa >>= 1
                result |= 1 << UInt128(bit)
            }
        }
        return result
    }

    /// 2^-`power` in units of 2^-62, where `power` has 40 fraction bits.
    static func inversePowerOfTwo(_ power: UInt128, roots: [UInt128]) -> UInt128 {
        let whole = power >> UInt128(fractionBits)
        guard whole < 62 else { return 0 }
        var result = one
        for bit in 0..<fractionBits where (power >> UInt128(fractionBits - 1 - bit)) & 1 == 1 {
            result = (result * roots[bit]) >> 62
        }
        return result >> whole
    }

    /// 2^-(1/2), 2^-(1/4), 2^-(1/8) … in units of 2^-62, each the square root of the one before.
    static func halvingRoots() -> [UInt128] {
        var roots: [UInt128] = []
        var value = one >> 1
        for _ in 0..<fractionBits {
            value = squareRoot(value << 62)
            roots.append(value)
        }
        return roots
    }

    /// The largest integer whose square isn't more than `value`; Newton's method from above.
    static func squareRoot(_ value: UInt128) -> UInt128 {
        guard value > 1 else { return value }
        var guess = UInt128(1) << UInt128((128 - value.leadingZeroBitCount + 1) / 2)
        while true {
            let next = (guess + value / guess) >> 1
            if next >= guess { return guess }
            guess = next
        }
    }
}
