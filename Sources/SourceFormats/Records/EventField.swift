/// The parts of an event that a source can hold; raw values index the tables of a ``FieldPlan``.
enum EventField: UInt8, CaseIterable {
    case provider
    case tenant
    case model
    case region
    case layer
    case workload
    case modality
    case time
    case requests
    /// Input tokens with the cached ones among them.
    case input
    /// Input tokens that may or may not hold the cached ones: it depends on the fields beside them.
    case splitInput
    /// Cached input that is part of the input.
    case cachedInput
    /// Input read from a cache: on top of `splitInput`, part of `input`.
    case cacheRead
    /// Input written to a cache: on top of `splitInput`, part of `input`.
    case cacheWrite
    /// Input found in a cache, where ``cacheMiss`` is the rest of the input (DeepSeek).
    case cacheHit
    case cacheMiss
    case output
    case reasoningOutput
    /// Input plus output, as the source added them up.
    case total
    /// The sender's name for the event.
    case id
    /// An object that is ignored with all that it holds.
    case ignoredObject

    static let count = EventField.allCases.count
}

/// One place that a value may come from.
struct FieldSource: Sendable {
    var field: EventField
    /// The place as the source names it: a dotted path or a column.
    var name: String
}
