/// What is added to sums or taken away from them: token counts that may be negative.
package struct SignedTokenCounts: Sendable, Hashable {
    package var requests: Int128
    package var input: Int128
    package var cachedInput: Int128
    package var output: Int128
    package var reasoningOutput: Int128

    @inlinable
    package init(
        requests: Int128 = 0, input: Int128 = 0, cachedInput: Int128 = 0, output: Int128 = 0,
        reasoningOutput: Int128 = 0
    ) {
        self.requests = requests
        self.input = input
        self.cachedInput = cachedInput
        self.output = output
        self.reasoningOutput = reasoningOutput
    }

    @inlinable
    package init(_ counts: TokenCounts) {
        self.init(
            requests: Int128(counts.requests), input: Int128(counts.input), cachedInput: Int128(counts.cachedInput),
            output: Int128(counts.output), reasoningOutput: Int128(counts.reasoningOutput))
    }

    /// Traps beyond 127 bits, which no sum of 64-bit records can reach.
    package init(_ counts: WideTokenCounts) {
        self.init(
            requests: Int128(counts.requests), input: Int128(counts.input), cachedInput: Int128(counts.cachedInput),
            output: Int128(counts.output), reasoningOutput: Int128(counts.reasoningOutput))
    }

    /// Input plus output: the figure that token scopes measure.
    @inlinable package var total: Int128 { input + output }

    /// Whether all five are 0.
    @inlinable package var isZero: Bool {
        requests | input | cachedInput | output | reasoningOutput == 0
    }

    /// Adds; traps on overflow of 128 bits, which no sum of 64-bit records, or of rows of segments within their bounds,
    /// can reach.
    @inlinable
    package static func += (left: inout SignedTokenCounts, right: SignedTokenCounts) {
        left.requests += right.requests
        left.input += right.input
        left.cachedInput += right.cachedInput
        left.output += right.output
        left.reasoningOutput += right.reasoningOutput
    }

    @inlinable
    package static prefix func - (counts: SignedTokenCounts) -> SignedTokenCounts {
        SignedTokenCounts(
            requests: -counts.requests, input: -counts.input, cachedInput: -counts.cachedInput,
            output: -counts.output, reasoningOutput: -counts.reasoningOutput)
    }
}
