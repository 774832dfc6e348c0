internal import UsageModel

/// **The one table of attribute names**: three generations of `gen_ai.*`, and traceloop's, openinference's, vLLM's and
/// LiteLLM's. Within a field the preferred name stands first; where several are there their counts must agree.
enum OTLPNames {
    /// Fields of usage. Cached tokens are part of input and reasoning tokens of output in all of them, and what was
    /// written to a cache is part of the input and needs no place here.
    static let counts: [(field: EventField, names: [String])] = [
        (
            .input,
            [
                "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt",
                "llm.usage.prompt_tokens",
            ]
        ),
        (
            .cachedInput,
            [
                "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
                "llm.token_count.prompt_details.cache_read",
            ]
        ),
        (
            .output,
            [
                "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
                "llm.usage.completion_tokens",
            ]
        ),
        (
            .reasoningOutput,
            [
                "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
                "llm.token_count.completion_details.reasoning",
            ]
        ),
        (.total, ["gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total"]),
    ]

    /// Where the model is; what answered comes before what was asked for.
    static let models = [
        "gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "embedding.model_name",
    ]

    static let responseID = "gen_ai.response.id"

    /// Attributes that say what a record is about.
    enum Role: Int16, CaseIterable {
        case operation = -2
        case spanKind = -3
        case requestType = -4
        case tokenType = -5
        case tokenModality = -6

        var name: String {
            switch self {
            case .operation: "gen_ai.operation.name"
            case .spanKind: "openinference.span.kind"
            case .requestType: "llm.request.type"
            case .tokenType: "gen_ai.token.type"
            case .tokenModality: "gen_ai.token.modality"
            }
        }

        /// What LiteLLM's first exporter says of a call, both as an operation and as a type of request.
        private static let functionsOfLiteLLM = [
            "acompletion", "atext_completion", "aembedding", "aresponses", "anthropic_messages",
        ]

        /// The values under which a call of a model is counted; the others repeat one, or are none. Agents, workflows and
        /// tools have spans of their own around the calls that they make.
        var inferenceValues: [String] {
            switch self {
            case .operation:
                [
                    "chat", "text_completion", "generate_content", "embeddings", "completion", "messages", "responses",
                    "embedding",
                ] + Self.functionsOfLiteLLM
            case .spanKind: ["LLM", "EMBEDDING"]
            case .requestType:
                ["chat", "completion", "embedding", "text_completion", "responses"] + Self.functionsOfLiteLLM
            case .tokenType, .tokenModality: []
            }
        }
    }

    /// Metrics that are counted.
    enum Metric: CaseIterable {
        /// A histogram whose sum is tokens of the kind that an attribute says, and whose count is calls.
        case tokenUsage
        case input, output, cachedInput, reasoningOutput
        case embeddingInput
        /// A histogram beside the counters: its count is calls, and its sum says again what they say.
        case inputOfCalls

        var name: String {
            switch self {
            case .tokenUsage: "gen_ai.client.token.usage"
            case .input: "gen_ai.client.inference.usage.input_tokens"
            case .output: "gen_ai.client.inference.usage.output_tokens"
            case .cachedInput: "gen_ai.client.inference.usage.cache_read.input_tokens"
            case .reasoningOutput: "gen_ai.client.inference.usage.reasoning.output_tokens"
            case .embeddingInput: "gen_ai.client.embeddings.operation.input_tokens"
            case .inputOfCalls: "gen_ai.client.inference.operation.input_tokens"
            }
        }
    }
}

/// A table of names, by the bytes that stand in a record.
struct NameTable: Sendable {
    private var keys: [KeyWords]
    private var names: [[UInt8]]
    private var values: [Int16]
    private let mask: Int

    /// - Parameter entries: names of at most `KeyWords.maxBytes`; the first of a name that is there twice is kept.
    init(_ entries: [(name: String, value: Int16)]) {
        var size = 8
        while size < entries.count * 2 { size *= 2 }
        mask = size - 1
        keys = Array(repeating: .none, count: size)
        names = Array(repeating: [], count: size)
        values = Array(repeating: NameTable.unknown, count: size)
        for (name, value) in entries {
            guard let key = KeyWords(configured: name) else { continue }
            let bytes = Array(name.utf8)
            var slot = key.hash & mask
            while !keys[slot].isNone, names[slot] != bytes { slot = (slot + 1) & mask }
            guard keys[slot].isNone else { continue }
            keys[slot] = key
            names[slot] = bytes
            values[slot] = value
        }
    }

    static let unknown: Int16 = -1

    /// The value of the name in a range of bytes, or ``unknown``.
    @inline(__always)
    func find(_ bytes: RawSpan, _ range: Range<Int>) -> Int16 {
        let key = KeyWords(bytes, start: range.lowerBound, count: range.count)
        var slot = key.hash & mask
        while true {
            let candidate = keys[slot]
            if candidate.isNone { return NameTable.unknown }
            if candidate == key, range.count <= KeyWords.wordBytes || isSame(slot, bytes, range) { return values[slot] }
            slot = (slot &+ 1) & mask
        }
    }

    private func isSame(_ slot: Int, _ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        let name = names[slot]
        for (offset, byte) in name.enumerated() where bytes.peek(range.lowerBound + offset) != byte { return false }
        return true
    }
}
