import Testing

@testable import Market

@Suite struct ZipfWeightsTests {
    @Test func `an exponent of one divides by the rank`() {
        let weights = ZipfWeights.weights(count: 1_000, exponentMilli: 1_000)
        let one: UInt128 = 1 << 62
        for (index, weight) in weights.enumerated() {
            let exact = one / UInt128(index + 1)
            let distance = weight > exact ? weight - exact : exact - weight
            #expect(distance <= exact >> 32, "rank \(index + 1)")
        }
    }

    @Test func `an exponent of one half is the inverse root`() {
        let weights = ZipfWeights.weights(count: 100, exponentMilli: 500)
        let one: UInt128 = 1 << 62
        #expect(weights[3] == one / 2)
        #expect(weights[15] == one / 4)
        #expect(weights[99] >= one / 10 - (one >> 34) && weights[99] <= one / 10 + (one >> 34))
    }

    @Test func `an exponent of zero makes all equal and no weight is lost`() {
        #expect(Set(ZipfWeights.weights(count: 50, exponentMilli: 0)) == [1 << 62])
        let steep = ZipfWeights.weights(count: 100_000, exponentMilli: 5_000)
        #expect(steep.allSatisfy { $0 >= 1 })
        #expect(zip(steep, steep.dropFirst()).allSatisfy { $0 >= $1 })
    }

    @Test(arguments: [0, 1, 2, 3, 4, 15, 16, 17, 1 << 62, UInt128.max] as [UInt128])
    func `square roots are floors`(value: UInt128) {
        let root = ZipfWeights.squareRoot(value)
        #expect(root * root <= value)
        let (next, overflow) = (root + 1).multipliedReportingOverflow(by: root + 1)
        #expect(overflow || next > value)
    }
}
