import TestSupport
import Testing
import TextFormats

@Suite struct BigUIntTests {
    @Test func `products and sums are those of integers`() {
        withSeeds(200) { seed, random in
            let (a, b) = (
                UInt128(UInt64.random(in: 0 ... .max, using: &random)),
                UInt128(UInt32.random(in: 0 ... .max, using: &random))
            )
            #expect(
                BigUInt(a) * BigUInt(b) == BigUInt(a * b) && BigUInt(a) + BigUInt(b) == BigUInt(a + b), "seed \(seed)")
            let (c, d) = (
                UInt128.random(in: 0 ... .max, using: &random), UInt128.random(in: 0 ... .max, using: &random)
            )
            // (c + d)² = c² + 2cd + d², whatever its size.
            let sum = BigUInt(c) + BigUInt(d)
            #expect(sum * sum == .product(c, c) + .product(2, c, d) + .product(d, d), "seed \(seed)")
            #expect((BigUInt(c) < BigUInt(d)) == (c < d), "seed \(seed)")
            #expect(BigUInt.product(c, d) < .product(c, d) + BigUInt(1), "seed \(seed)")
            let ratio = WideRatio(BigUInt(a), over: BigUInt(b + 1))
            #expect(ratio.decimal(3) == Ratio(a, over: b + 1).decimal(3), "seed \(seed)")
        }
        #expect(WideRatio(.product(.max, .max), over: BigUInt(1)).rounded() == nil)
    }
}
