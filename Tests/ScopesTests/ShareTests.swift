import TestSupport
import Testing
internal import TextFormats

@testable import Scopes

@Suite struct ShareTests {
    @Test(
        arguments: [
            (1, 3, 1, "33.3"), (2, 3, 1, "66.7"), (1, 8, 2, "12.50"), (1, 200, 0, "1"), (1, 201, 0, "0"),
            (0, 5, 1, "0.0"),
            (5, 5, 1, "100.0"), (1, 1_000_000, 1, "0.0"), (45, 1_000, 1, "4.5"), (1, 2_000, 1, "0.1"),
        ] as [(Int128, Int128, Int, String)])
    func `percent rounds half up`(numerator: Int128, denominator: Int128, decimals: Int, expected: String) {
        #expect(Share(numerator: numerator, denominator: denominator).percent(decimals: decimals) == expected)
    }

    @Test func `a share of nothing is no number`() {
        #expect(Share(numerator: 0, denominator: 0).percent(decimals: 1) == nil)
        #expect(Share.percentages(of: [0, 0], denominator: 0, decimals: 1) == [nil, nil])
    }

    @Test func `figures near 128 bits stay exact`() {
        let huge = Int128.max
        #expect(Share(numerator: huge, denominator: huge).percent(decimals: 12) == "100.000000000000")
        #expect(Share(numerator: huge / 2, denominator: huge).percent(decimals: 1) == "50.0")
        let most = UInt128.max
        #expect(Ratio(most, over: 1).rounded() == most)
        #expect(Ratio(most, over: 1).rounded(times: 2) == nil)
        #expect(Apportionment.largestRemainder(of: most, weights: [1, 1]) == [most / 2 + 1, most / 2])
    }

    @Test func `the percentages of a table add up to exactly 100`() {
        withSeeds(300) { seed, random in
            let count = Int.random(in: 1...40, using: &random)
            let bits = Int.random(in: 1...110, using: &random)
            let numerators = (0..<count).map { _ in Int128.random(in: 0...(1 << Int128(bits)), using: &random) }
            let sum = numerators.reduce(0, +)
            guard sum > 0 else { return }
            let decimals = Int.random(in: 0...6, using: &random)
            let texts = Share.percentages(of: numerators, denominator: sum, decimals: decimals)
            let units = texts.map { text in text.flatMap { Int128($0.filter { $0 != "." }) } ?? 0 }
            #expect(!texts.contains(nil), "seed \(seed)")
            let whole = Int128(DecimalText.powerOfTen(decimals) * 100)
            #expect(units.reduce(0, +) == whole, "seed \(seed)")
            for (unit, numerator) in zip(units, numerators) {
                // Never further than one unit from the quota, and never less than its floor.
                let (low, _) = Apportionment.multiplyDivide(
                    numerator.magnitude, times: whole.magnitude, by: sum.magnitude)
                #expect(unit.magnitude == low || unit.magnitude == low + 1, "seed \(seed)")
            }
        }
    }

    @Test func `what the rows leave out keeps its part of the hundred`() {
        #expect(Share.percentages(of: [1, 1], denominator: 3, decimals: 1) == ["33.4", "33.3"])
        #expect(
            Share.percentages(of: [492, 270, 170, 68], denominator: 1_000, decimals: 1) == [
                "49.2", "27.0", "17.0", "6.8",
            ])
    }

    @Test func `apportionment reaches its total and is stable`() {
        withSeeds(200) { seed, random in
            let weights = (0..<Int.random(in: 1...50, using: &random)).map { _ in
                UInt128.random(in: 0...1_000_000, using: &random)
            }
            let total = UInt128.random(in: 0...10_000_000_000_000, using: &random)
            let parts = Apportionment.largestRemainder(of: total, weights: weights)
            let reached = parts.reduce(0, +)
            #expect(reached == (weights.contains { $0 > 0 } ? total : 0), "seed \(seed)")
            #expect(parts == Apportionment.largestRemainder(of: total, weights: weights), "seed \(seed)")
            #expect(zip(parts, weights).allSatisfy { $1 > 0 || $0 == 0 }, "seed \(seed)")
        }
    }

    @Test func `growth is exact and signed`() {
        let published = Growth(previous: 114_200_000_000_000, current: 536_700_000_000_000)
        #expect(published.percent(decimals: 2) == "+369.96")
        #expect(published.multiple(decimals: 2) == "4.70")
        #expect(Growth(previous: 200, current: 199).percent(decimals: 1) == "-0.5")
        #expect(Growth(previous: 1_000_000, current: 999_999).percent(decimals: 1) == "0.0")
        #expect(Growth(previous: 7, current: 7).percent(decimals: 1) == "0.0")
        #expect(Growth(previous: 7, current: 0).percent(decimals: 0) == "-100")
        #expect(Growth(previous: nil, current: 7).percent(decimals: 1) == nil)
        #expect(Growth(previous: 0, current: 7).percent(decimals: 1) == nil)
        #expect(Growth(previous: 0, current: 7).multiple(decimals: 1) == nil)
    }
}
