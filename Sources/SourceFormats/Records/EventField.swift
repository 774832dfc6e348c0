internal import UsageModel

/// The parts of an event that a source can hold: **the one list of fields**.
///
/// Masks, plans, the settings that place a field and those that give it a constant or a default all come from here. A
/// new field is a case with its row in ``properties``, its meaning in ``EventAssembler``, and a line in each format
/// that reads it under a name of its own. Raw values index the tables of a ``FieldPlan``.
package enum EventField: UInt8, CaseIterable, Sendable {
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
    /// Input on top of every other input, such as what tools brought into a prompt.
    case additionalInput
    /// Cached input that is part of the input unless it is more than it.
    case looseCachedInput
    /// Input in the sender's second best count, for objects without the best.
    case spareInput
    /// Output on top of the output, other than reasoning.
    case additionalOutput
    /// Output on top of the output that was spent on reasoning.
    case additionalReasoning
    /// Output in the sender's second best count.
    case spareOutput
    /// A word that says whether cache counts are on top of the input (`anthropic`) or part of it.
    case cacheMeaning
    /// Something whose being there says that cache counts are part of the input.
    case cacheWithinSign
    /// Something whose being there says that reasoning is on top of the output, whatever the total.
    case reasoningBesideSign
    /// Whether the counts are the sender's own estimate.
    case estimated
    /// A value that only a filter looks at.
    case condition
    /// Tokens of the kind that ``tokenType`` says.
    case typedTokens
    /// Whether ``typedTokens`` are input or output.
    case tokenType

    /// What a value of the field may be.
    package enum Kind: Sendable, Equatable {
        /// A name under `NameRule`, of at most so many bytes.
        case name(maxBytes: Int)
        /// One of a fixed set of words.
        case word([String])
        case time
        case count
        /// Any text of at most so many bytes: it is only ever compared.
        case id(maxBytes: Int)
        case object
        /// Something that is true or not.
        case flag
        /// Something of any kind: that it is there is what counts.
        case sign
    }

    /// Where settings may speak of a field.
    package struct Uses: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `fields.NAME`: a mapping says where the field is.
        package static let place = Uses(rawValue: 1)
        /// `constants.NAME`: a mapping says what it is in all records.
        package static let constant = Uses(rawValue: 2)
        /// `NAME`: a source says what it is in records that don't say it.
        package static let byDefault = Uses(rawValue: 4)
    }

    /// One row of the list.
    package struct Properties: Sendable {
        /// The field's name in settings, and in rejections where a source has no place for it.
        package var name: String
        package var kind: Kind
        /// What it is, with its article, for the documentation of settings: `the tenant`.
        package var noun: String
        package var uses: Uses
    }

    package var properties: Properties {
        switch self {
        case .provider:
            Self.name(
                "provider", maxBytes: Limits.maxProviderNameBytes, noun: "the provider", uses: [.place, .constant])
        case .tenant: Self.name("tenant", maxBytes: Limits.maxTenantNameBytes, noun: "the tenant", uses: Self.anywhere)
        case .model: Self.name("model", maxBytes: Limits.maxModelNameBytes, noun: "the model", uses: Self.anywhere)
        case .region: Self.name("region", maxBytes: Limits.maxRegionNameBytes, noun: "the region", uses: Self.anywhere)
        case .layer: Self.word("layer", words: Layer.allCases.map(\.name), noun: "the layer")
        case .workload: Self.word("workload", words: Workload.allCases.map(\.name), noun: "the workload")
        case .modality: Self.word("modality", words: Modality.allCases.map(\.name), noun: "the modality")
        case .time: Properties(name: "time", kind: .time, noun: "the time", uses: .place)
        case .requests: Self.count("requests", noun: "how many calls the record stands for; 1 where it is absent")
        case .input: Self.count("input-tokens", noun: "the number of input tokens, those from a cache among them")
        case .splitInput: Self.count("split-input-tokens", noun: "input tokens of an undecided kind", uses: [])
        case .cachedInput: Self.count("cached-input-tokens", noun: "the number of input tokens that came from a cache")
        case .cacheRead: Self.count("cache-read-tokens", noun: "input read from a cache, beside the input", uses: [])
        case .cacheWrite: Self.count("cache-write-tokens", noun: "input written to a cache, beside the input", uses: [])
        case .cacheHit: Self.count("cache-hit-tokens", noun: "input found in a cache", uses: [])
        case .cacheMiss: Self.count("cache-miss-tokens", noun: "input not found in a cache", uses: [])
        case .output: Self.count("output-tokens", noun: "the number of output tokens, reasoning among them")
        case .reasoningOutput:
            Self.count("reasoning-output-tokens", noun: "the number of output tokens spent on reasoning")
        case .total:
            Properties(
                name: "total-tokens", kind: .count, noun: "input plus output, which must be their sum", uses: .place)
        case .id: Properties(name: "id", kind: .id(maxBytes: Limits.maxEventIDBytes), noun: "the id", uses: .place)
        case .ignoredObject: Properties(name: "attributes", kind: .object, noun: "an ignored object", uses: [])
        case .additionalInput:
            Self.count(
                "additional-input-tokens", noun: "input tokens beside the input, such as those written to a cache")
        case .looseCachedInput:
            Self.count("loose-cached-tokens", noun: "cached input, part of the input where it fits in", uses: [])
        case .spareInput: Self.count("spare-input-tokens", noun: "input in a second count", uses: [])
        case .additionalOutput:
            Self.count(
                "additional-output-tokens",
                noun: "output tokens beside the output; with the place of reasoning-output-tokens those spent on it")
        case .additionalReasoning:
            Self.count("additional-reasoning-tokens", noun: "output spent on reasoning, beside the output", uses: [])
        case .spareOutput: Self.count("spare-output-tokens", noun: "output in a second count", uses: [])
        case .cacheMeaning: Self.sign("cache-meaning", noun: "what cache counts mean")
        case .cacheWithinSign: Self.sign("cache-within-sign", noun: "a sign that cache counts are part of the input")
        case .reasoningBesideSign:
            Self.sign("reasoning-beside-sign", noun: "a sign that reasoning is beside the output")
        case .estimated:
            Properties(
                name: "estimated", kind: .flag, noun: "whether the counts are the sender's estimate", uses: .place)
        case .condition: Properties(name: "condition", kind: .object, noun: "what a filter looks at", uses: [])
        case .typedTokens:
            Properties(
                name: "tokens", kind: .count, noun: "the number of tokens of the kind that token-type says",
                uses: .place)
        case .tokenType:
            Properties(
                name: "token-type", kind: .word(TokenType.words),
                noun: "the kind of the tokens: \(TokenType.words.joined(separator: ", "))", uses: .place)
        }
    }

    /// The field's name in settings.
    package var name: String { properties.name }

    /// The fields that settings may speak of in this way, in order.
    package static func all(for use: Uses) -> [EventField] { allCases.filter { $0.properties.uses.contains(use) } }

    static let count = EventField.allCases.count

    private static let anywhere: Uses = [.place, .constant, .byDefault]

    private static func name(_ name: String, maxBytes: Int, noun: String, uses: Uses) -> Properties {
        Properties(name: name, kind: .name(maxBytes: maxBytes), noun: noun, uses: uses)
    }

    private static func word(_ name: String, words: [String], noun: String) -> Properties {
        Properties(name: name, kind: .word(words), noun: noun, uses: anywhere)
    }

    private static func sign(_ name: String, noun: String) -> Properties {
        Properties(name: name, kind: .sign, noun: noun, uses: [])
    }

    private static func count(_ name: String, noun: String, uses: Uses = [.place, .constant]) -> Properties {
        Properties(name: name, kind: .count, noun: noun, uses: uses)
    }
}

/// What a record counts that holds one count and says which.
enum TokenType {
    static let input = ["input", "prompt"]
    static let output = ["output", "completion"]
    static let words = input + output
}

/// One place that a value may come from.
struct FieldSource: Sendable {
    var field: EventField
    /// The place as the source names it: a dotted path or a column.
    var name: String
}

/// For each field the mask of its sources, by value: a lookup is a load at a fixed offset, since callers name the
/// field.
struct FieldMasks: Sendable {
    private var bits = InlineArray<34, UInt64>(repeating: 0)

    init() {
        precondition(EventField.count == bits.count, "\(EventField.count) fields for \(bits.count) masks")
    }

    subscript(_ field: EventField) -> UInt64 {
        @inline(__always) get { bits[Int(field.rawValue)] }
        set { bits[Int(field.rawValue)] = newValue }
    }
}
