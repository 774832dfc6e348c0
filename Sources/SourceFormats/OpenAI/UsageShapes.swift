/// The shapes of `usage` objects that are known.
enum UsageShapes {
    /// The counts of every shape, by their paths below the `usage` object. What they mean beside one another is decided
    /// in ``EventAssembler``.
    static let counts: [(EventField, [String])] = [
        (.input, ["prompt_tokens", "promptTokens"]),
        (.splitInput, ["input_tokens", "inputTokens"]),
        (
            .cachedInput,
            [
                "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens",
                "promptTokensDetails.cachedTokens", "inputTokensDetails.cachedTokens",
                "inputTokenDetails.cacheReadTokens", "cached_tokens", "cachedInputTokens",
            ]
        ),
        (.cacheRead, ["cache_read_input_tokens", "cacheReadInputTokens"]),
        (.cacheWrite, ["cache_creation_input_tokens", "cacheCreationInputTokens", "cacheWriteInputTokens"]),
        (.cacheHit, ["prompt_cache_hit_tokens", "promptCacheHitTokens"]),
        (.cacheMiss, ["prompt_cache_miss_tokens", "promptCacheMissTokens"]),
        (.output, ["completion_tokens", "output_tokens", "completionTokens", "outputTokens"]),
        (
            .reasoningOutput,
            [
                "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens",
                "completionTokensDetails.reasoningTokens", "outputTokensDetails.reasoningTokens",
                "outputTokenDetails.reasoningTokens", "reasoning_tokens", "reasoningTokens",
            ]
        ),
        (.total, ["total_tokens", "totalTokens"]),
    ]
}
