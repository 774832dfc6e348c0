/// What one event, or a sum of events, used: calls and tokens, as integers.
///
/// `cachedInput` is a subset of `input` and `reasoningOutput` a subset of `output`; subsets are never added to their
/// whole. Sources with additive cache counts (Anthropic, Bedrock) are normalised by their decoder before they get here.
package struct TokenCounts: Sendable, Hashable {
    /// Calls that the counts stand for, in requests.
    package var requests: UInt64
    /// All input (prompt) tokens, cached ones included.
    package var input: UInt64
    /// Input tokens that were read from a cache.
    package var cachedInput: UInt64
    /// All output (completion) tokens, reasoning included.
    package var output: UInt64
    /// Output tokens spent on reasoning.
    package var reasoningOutput: UInt64

    @inlinable
    package init(
        requests: UInt64 = 0, input: UInt64 = 0, cachedInput: UInt64 = 0, output: UInt64 = 0,
        reasoningOutput: UInt64 = 0
    ) {
        self.requests = requests
        self.input = input
        self.cachedInput = cachedInput
        self.output = output
        self.reasoningOutput = reasoningOutput
    }

    /// Adds `other` unless one of the five sums would leave 64 bits.
    ///
    /// - Returns: `false`, with `self` unchanged, if any sum would wrap.
    @inlinable @inline(__always)
    package mutating func add(_ other: TokenCounts) -> Bool {
        let (requests, o1) = self.requests.addingReportingOverflow(other.requests)
        let (input, o2) = self.input.addingReportingOverflow(other.input)
        let (cachedInput, o3) = self.cachedInput.addingReportingOverflow(other.cachedInput)
        let (output, o4) = self.output.addingReportingOverflow(other.output)
        let (reasoningOutput, o5) = self.reasoningOutput.addingReportingOverflow(other.reasoningOutput)
        if o1 || o2 || o3 || o4 || o5 { return false }
        self = TokenCounts(
            requests: requests, input: input, cachedInput: cachedInput, output: output,
            reasoningOutput: reasoningOutput)
        return true
    }
}

/// Sums too wide for 64 bits: totals over tenants and months, as they come out of NUMERIC columns.
package struct WideTokenCounts: Sendable, Hashable {
    package var requests: UInt128
    package var input: UInt128
    package var cachedInput: UInt128
    package var output: UInt128
    package var reasoningOutput: UInt128

    package init(
        requests: UInt128 = 0, input: UInt128 = 0, cachedInput: UInt128 = 0, output: UInt128 = 0,
        reasoningOutput: UInt128 = 0
    ) {
        self.requests = requests
        self.input = input
        self.cachedInput = cachedInput
        self.output = output
        self.reasoningOutput = reasoningOutput
    }

    package init(_ counts: TokenCounts) {
        self.init(
            requests: UInt128(counts.requests), input: UInt128(counts.input),
            cachedInput: UInt128(counts.cachedInput), output: UInt128(counts.output),
            reasoningOutput: UInt128(counts.reasoningOutput))
    }

    /// Input plus output: the figure that token scopes measure.
    package var total: UInt128 { input + output }

    /// Adds; traps on overflow of 128 bits, which no sum of 64-bit records can reach.
    package static func += (left: inout WideTokenCounts, right: WideTokenCounts) {
        left.requests += right.requests
        left.input += right.input
        left.cachedInput += right.cachedInput
        left.output += right.output
        left.reasoningOutput += right.reasoningOutput
    }
}
