/// A rule by which counts were understood although, read plainly, they don't add up.
///
/// What was counted by such a rule is as exact as any other count, but somebody should be able to see how often a
/// source needs it: `steelyard_collector_repaired_total` counts events by rule. Counts that contradict one another are
/// refused, whatever the rules. Raw values index ``UsageRepairCounts``.
package enum UsageRepair: UInt8, CaseIterable, Sendable {
    /// Reasoning stood beside the output and was added to it: the total says so (xAI), the object is told as
    /// Perplexity's, or the source is configured so.
    case reasoningBesideOutput
    /// The output left something out that the total has, as Gemini's thinking does behind OpenAI's shape: output =
    /// total − input.
    case outputFromTotal
    /// What came from a cache stood beside the input, since it is more than the input: the AI SDK before v6.
    case cacheBesideInput
    /// There was a total and nothing else: it was counted as input.
    case totalAsInput
    /// A sender that leaves zeros out gave no input: 0 was counted (Ollama, whose prompt came from its cache).
    case absentInputAsZero

    /// The value of the metric's label.
    package var name: String {
        switch self {
        case .reasoningBesideOutput: "reasoning-beside-output"
        case .outputFromTotal: "output-from-total"
        case .cacheBesideInput: "cache-beside-input"
        case .totalAsInput: "total-as-input"
        case .absentInputAsZero: "absent-input-as-zero"
        }
    }

    /// What the rule does, for the documentation.
    package var summary: String {
        switch self {
        case .reasoningBesideOutput: "reasoning stood beside the output and was added to it"
        case .outputFromTotal: "output = total − input, since the total is more than input and output"
        case .cacheBesideInput: "more came from a cache than the input has, so it was added to the input"
        case .totalAsInput: "a total alone was counted as input"
        case .absentInputAsZero: "an input that a sender leaves out where it is 0 was counted as 0"
        }
    }
}

/// How many events were counted by each rule. A value in place, so that counting allocates nothing.
package struct UsageRepairCounts: Sendable {
    private var counts = InlineArray<5, UInt64>(repeating: 0)

    package init() {
        precondition(
            UsageRepair.allCases.count == counts.count, "\(UsageRepair.allCases.count) rules for \(counts.count) counts"
        )
    }

    package subscript(_ repair: UsageRepair) -> UInt64 { counts[Int(repair.rawValue)] }

    /// Counts one event where it was repaired.
    @inlinable
    package mutating func add(_ repair: UsageRepair?) {
        if let repair { increment(repair, by: 1) }
    }

    package mutating func add(_ other: UsageRepairCounts) {
        for repair in UsageRepair.allCases { increment(repair, by: other[repair]) }
    }

    @usableFromInline
    mutating func increment(_ repair: UsageRepair, by count: UInt64) {
        counts[Int(repair.rawValue)] += count
    }
}
