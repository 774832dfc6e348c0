import Testing
import UsageModel

@Suite struct TokenCountsTests {
    @Test func `adding stops before any of the five sums wraps`() {
        let one = TokenCounts(requests: 1, input: 1, cachedInput: 1, output: 1, reasoningOutput: 1)
        for full in [
            TokenCounts(requests: .max), TokenCounts(input: .max), TokenCounts(cachedInput: .max),
            TokenCounts(output: .max), TokenCounts(reasoningOutput: .max),
        ] {
            var sum = full
            let isAdded = sum.add(one)
            #expect(!isAdded)
            #expect(sum == full)
        }
        var sum = one
        let isAdded = sum.add(one)
        #expect(isAdded)
        #expect(sum == TokenCounts(requests: 2, input: 2, cachedInput: 2, output: 2, reasoningOutput: 2))
    }
}
