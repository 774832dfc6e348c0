/// The names that are looked for in a `usage` object.
///
/// Each place is one source of a ``FieldPlan``, under names that never stand in one object together: spellings of one
/// name, and names of shapes that have nothing to do with one another. An object with two names of one place says its
/// counts twice and is refused (`duplicate-field`). Two places of one field may both be there; then they must agree.
enum UsagePlaces {
    struct Place: Sendable {
        var field: EventField
        /// Paths below the object, the best known first: errors name it.
        var names: [String]
    }

    /// For senders whose reasoning is on top of the output and whose records don't show it.
    static let reasoningSetting = SourceSetting(
        "reasoning-is-additional", .flag, presence: .byDefault(["false"]),
        summary: "whether reasoning comes on top of output instead of being part of it")

    static let all: [Place] = input + cachedInput + output + signs

    private static let input: [Place] = [
        Place(field: .input, names: ["prompt_tokens"]),
        Place(
            field: .input,
            names: [
                "promptTokens", "promptTokenCount", "prompt_token_count", "PromptTokens",
                "prompt_token",
            ]),
        Place(field: .input, names: ["prompt_eval_count"]),
        Place(field: .input, names: ["billed_units.input_tokens"]),
        Place(field: .input, names: ["models.*.input_tokens"]),
        Place(field: .splitInput, names: ["input_tokens"]),
        Place(field: .splitInput, names: ["inputTokens"]),
        Place(field: .spareInput, names: ["tokens.input_tokens"]),
        Place(field: .additionalInput, names: ["toolUsePromptTokenCount", "tool_use_prompt_token_count"]),
        Place(field: .cacheMiss, names: ["prompt_cache_miss_tokens", "promptCacheMissTokens"]),
        Place(
            field: .cacheWrite,
            names: [
                "cache_creation_input_tokens", "cacheCreationInputTokens", "cacheWriteInputTokens",
            ]),
        Place(field: .cacheWrite, names: ["prompt_tokens_details.cached_creation_tokens"]),
    ]

    private static let cachedInput: [Place] = [
        Place(field: .cachedInput, names: ["prompt_tokens_details.cached_tokens"]),
        Place(
            field: .cachedInput,
            names: [
                "input_tokens_details.cached_tokens", "promptTokensDetails.cachedTokens",
                "inputTokensDetails.cachedTokens", "cachedContentTokenCount", "cached_content_token_count",
                "prompt_eval_cached_count",
            ]),
        Place(field: .cachedInput, names: ["input_token_details.cached_tokens", "input_token_details.cache_read"]),
        Place(field: .cachedInput, names: ["inputTokenDetails.cacheReadTokens"]),
        Place(field: .cachedInput, names: ["cached_tokens"]),
        Place(field: .looseCachedInput, names: ["cachedInputTokens"]),
        Place(field: .cacheRead, names: ["cache_read_input_tokens", "cacheReadInputTokens"]),
        Place(field: .cacheHit, names: ["prompt_cache_hit_tokens", "promptCacheHitTokens"]),
    ]

    private static let output: [Place] = [
        Place(field: .output, names: ["completion_tokens"]),
        Place(field: .output, names: ["output_tokens"]),
        Place(
            field: .output,
            names: [
                "completionTokens", "candidatesTokenCount", "candidates_token_count", "CompletionTokens",
                "completion_token",
                "billed_units.output_tokens",
            ]),
        Place(field: .output, names: ["outputTokens"]),
        Place(field: .output, names: ["eval_count"]),
        Place(field: .output, names: ["models.*.output_tokens"]),
        Place(field: .spareOutput, names: ["tokens.output_tokens"]),
        Place(field: .additionalReasoning, names: ["thoughtsTokenCount", "thoughts_token_count"]),
        Place(field: .reasoningOutput, names: ["completion_tokens_details.reasoning_tokens"]),
        Place(
            field: .reasoningOutput,
            names: [
                "output_tokens_details.reasoning_tokens", "output_token_details.reasoning_tokens",
                "output_token_details.reasoning", "completionTokensDetails.reasoningTokens",
                "outputTokensDetails.reasoningTokens", "outputTokenDetails.reasoningTokens",
            ]),
        Place(field: .reasoningOutput, names: ["output_tokens_details.thinking_tokens"]),
        Place(field: .reasoningOutput, names: ["reasoning_tokens"]),
        Place(field: .reasoningOutput, names: ["reasoningTokens"]),
        Place(field: .total, names: ["total_tokens"]),
        Place(field: .total, names: ["totalTokens", "TotalTokens"]),
        Place(field: .total, names: ["totalTokenCount", "total_token_count"]),
    ]

    private static let signs: [Place] = [
        Place(field: .cacheMeaning, names: ["usage_semantic"]),
        Place(field: .cacheWithinSign, names: ["claude_cache_creation_5_m_tokens"]),
        Place(field: .reasoningBesideSign, names: ["search_context_size"]),
        Place(field: .reasoningBesideSign, names: ["num_search_queries"]),
        Place(field: .reasoningBesideSign, names: ["citation_tokens"]),
    ]

    /// Names of senders that leave a count out where it is 0 (protobuf's JSON, Go's `omitempty`): where one of these is
    /// there, input or output that isn't there is 0.
    static let namesOfZeroOmitters: Set<String> = [
        "totalTokenCount", "eval_count", "prompt_eval_count", "billed_units.input_tokens",
    ]
}

extension FieldPlan {
    /// Adds the places of a `usage` object that stands at any of some paths: the same sources wherever it stands, so
    /// that a record with two of them says its counts twice. An empty path means the record's own top.
    mutating func addUsage(
        at paths: [String], to tree: inout FieldTree, setting: String
    ) throws(SourceFormatError) {
        guard let firstPath = paths.first else { return }
        for place in UsagePlaces.all {
            let source = try add(place.field, [Self.join(firstPath, with: place.names[0])], setting: setting).lowerBound
            if UsagePlaces.namesOfZeroOmitters.contains(place.names[0]) { noteThatZerosAreLeftOut(with: source) }
            for path in paths {
                for name in place.names {
                    try tree.insert(path: Self.join(path, with: name), source: source, setting: setting)
                }
            }
        }
    }

    private static func join(_ path: String, with name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}
