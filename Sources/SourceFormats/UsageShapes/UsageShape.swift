package import UsageModel

/// One shape of `usage` objects that is known: a row of `docs/usage-shapes.md`.
///
/// Rows say what is so and prove it by an example, which the tests read; the names that are looked for are listed once,
/// in ``UsagePlaces``, and what they mean beside one another is decided in ``EventAssembler``.
package struct UsageShape: Sendable {
    /// Whose it is.
    package var name: String
    /// By what it is told from others.
    package var isToldBy: String
    package var input: String
    /// What came from a cache; always within the input that is counted.
    package var cached: String
    package var output: String
    /// What was spent on reasoning; always within the output that is counted.
    package var reasoning: String
    /// Where this is written, or who measured it.
    package var source: String
    /// An object as the sender writes it.
    package var example: String
    /// Input, cached input, output and reasoning output of the example.
    package var counts: [UInt64]
    /// The rule by which the example is counted, where it needs one.
    package var repair: UsageRepair?

    init(
        _ name: String, isToldBy: String, input: String, cached: String, output: String, reasoning: String,
        source: String, example: String, counts: [UInt64], repair: UsageRepair? = nil
    ) {
        self.name = name
        self.isToldBy = isToldBy
        self.input = input
        self.cached = cached
        self.output = output
        self.reasoning = reasoning
        self.source = source
        self.example = example
        self.counts = counts
        self.repair = repair
    }
}
