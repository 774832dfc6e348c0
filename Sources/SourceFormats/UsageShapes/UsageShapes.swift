internal import UsageModel

/// The shapes of `usage` objects that are known: `docs/usage-shapes.md` is made of these rows.
package enum UsageShapes {
    package static let all: [UsageShape] = openAI + vendors + frameworks + gateways

    /// The names that are looked for: the spellings of each place, the best known first.
    package static var names: [[String]] { UsagePlaces.all.map(\.names) }

    private static let openAI: [UsageShape] = [
        UsageShape(
            "OpenAI Chat Completions; vLLM, SGLang, Mistral, Qwen, Kimi, GLM, Doubao and others behind its shape",
            isToldBy: "`prompt_tokens`, `completion_tokens`", input: "`prompt_tokens`",
            cached: "`prompt_tokens_details.cached_tokens` or `cached_tokens`, within it",
            output: "`completion_tokens`",
            reasoning: "`completion_tokens_details.reasoning_tokens` or `reasoning_tokens`, within it",
            source: "https://platform.openai.com/docs/api-reference/chat/object",
            example: """
                {"prompt_tokens":1200,"completion_tokens":350,"total_tokens":1550,"prompt_tokens_details":\
                {"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":128}}
                """, counts: [1_200, 1_024, 350, 128]),
        UsageShape(
            "OpenAI Responses", isToldBy: "`input_tokens` with `input_tokens_details`", input: "`input_tokens`",
            cached: "`input_tokens_details.cached_tokens`, within it", output: "`output_tokens`",
            reasoning: "`output_tokens_details.reasoning_tokens`, within it",
            source: "https://platform.openai.com/docs/api-reference/responses/object",
            example: """
                {"input_tokens":328,"input_tokens_details":{"cached_tokens":64},"output_tokens":52,\
                "output_tokens_details":{"reasoning_tokens":8},"total_tokens":380}
                """, counts: [328, 64, 52, 8]),
        UsageShape(
            "OpenAI Realtime", isToldBy: "`input_token_details`: the word is singular", input: "`input_tokens`",
            cached: "`input_token_details.cached_tokens`, within it", output: "`output_tokens`",
            reasoning: "`output_token_details.reasoning_tokens`, within it",
            source: "https://github.com/openai/openai-dotnet/issues/1045",
            example: """
                {"total_tokens":541,"input_tokens":521,"output_tokens":20,"input_token_details":{"text_tokens":292,\
                "audio_tokens":229,"cached_tokens":256},"output_token_details":{"text_tokens":20,"audio_tokens":0}}
                """, counts: [521, 256, 20, 0]),
        UsageShape(
            "OpenAI embeddings", isToldBy: "no output, and `total_tokens` is the input", input: "`prompt_tokens`",
            cached: "none", output: "0", reasoning: "none",
            source: "https://platform.openai.com/docs/api-reference/embeddings",
            example: #"{"prompt_tokens":8,"total_tokens":8}"#, counts: [8, 0, 0, 0]),
        UsageShape(
            "A total alone: DashScope's embeddings, MiniMax v1", isToldBy: "`total_tokens` and no other count",
            input: "`total_tokens`", cached: "none", output: "0", reasoning: "none",
            source: "https://github.com/dashscope/dashscope-sdk-python",
            example: #"{"total_tokens":23}"#, counts: [23, 0, 0, 0], repair: .totalAsInput),
    ]

    private static let vendors: [UsageShape] = [
        UsageShape(
            "Anthropic Messages", isToldBy: "`input_tokens` without its details",
            input: "`input_tokens` + `cache_creation_input_tokens` + `cache_read_input_tokens`",
            cached: "`cache_read_input_tokens`", output: "`output_tokens`",
            reasoning: "`output_tokens_details.thinking_tokens`, within it",
            source: "https://docs.claude.com/en/api/messages; thinking measured in "
                + "https://github.com/Particle-Academy/prism/releases/tag/v0.117.0",
            example: """
                {"input_tokens":3,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,"output_tokens":2820,\
                "cache_creation":{"ephemeral_5m_input_tokens":100},"output_tokens_details":{"thinking_tokens":1240}}
                """, counts: [2_103, 2_000, 2_820, 1_240]),
        UsageShape(
            "Amazon Bedrock Converse", isToldBy: "`inputTokens` with `cacheReadInputTokens`",
            input: "`inputTokens` + `cacheReadInputTokens` + `cacheWriteInputTokens`",
            cached: "`cacheReadInputTokens`", output: "`outputTokens`", reasoning: "within it, not told",
            source: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html",
            example: """
                {"inputTokens":30,"outputTokens":10,"totalTokens":1140,"cacheReadInputTokens":1000,\
                "cacheWriteInputTokens":100}
                """, counts: [1_130, 1_000, 10, 0]),
        UsageShape(
            "DeepSeek", isToldBy: "`prompt_cache_hit_tokens`, `prompt_cache_miss_tokens`",
            input: "`prompt_tokens`, or their sum", cached: "`prompt_cache_hit_tokens`", output: "`completion_tokens`",
            reasoning: "`completion_tokens_details.reasoning_tokens`, within it",
            source: "https://api-docs.deepseek.com/api/create-chat-completion",
            example: """
                {"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_cache_hit_tokens":64,\
                "prompt_cache_miss_tokens":36}
                """, counts: [100, 64, 20, 0]),
        UsageShape(
            "xAI", isToldBy: "`total_tokens` is input + output + reasoning", input: "`prompt_tokens`",
            cached: "`prompt_tokens_details.cached_tokens`, within it", output: "`completion_tokens` + reasoning",
            reasoning: "`completion_tokens_details.reasoning_tokens`, beside it",
            source: "https://docs.x.ai/docs/key-information/consumption-and-rate-limits, "
                + "https://github.com/vercel/ai/pull/12425",
            example: """
                {"prompt_tokens":120,"completion_tokens":9,"total_tokens":449,"prompt_tokens_details":{"cached_tokens":64},\
                "completion_tokens_details":{"reasoning_tokens":320}}
                """, counts: [120, 64, 329, 320], repair: .reasoningBesideOutput),
        UsageShape(
            "Perplexity",
            isToldBy: "`search_context_size`, `num_search_queries` or `citation_tokens`; else by "
                + "`reasoning-is-additional: true`", input: "`prompt_tokens`", cached: "none",
            output: "`completion_tokens` + reasoning", reasoning: "`reasoning_tokens`, beside it and not in the total",
            source: "https://docs.perplexity.ai/guides/pricing",
            example: """
                {"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196,"citation_tokens":20016,\
                "num_search_queries":30,"reasoning_tokens":193967}
                """, counts: [33, 0, 201_130, 193_967], repair: .reasoningBesideOutput),
        UsageShape(
            "Gemini and Vertex AI (`usageMetadata`)", isToldBy: "`promptTokenCount`, `totalTokenCount`",
            input: "`promptTokenCount` + `toolUsePromptTokenCount`", cached: "`cachedContentTokenCount`, within it",
            output: "`candidatesTokenCount` + `thoughtsTokenCount`; absent is 0", reasoning: "`thoughtsTokenCount`",
            source: "https://ai.google.dev/api/generate-content, https://docs.langchain4j.dev (GoogleGenAiTokenUsage)",
            example: """
                {"promptTokenCount":21,"candidatesTokenCount":198,"thoughtsTokenCount":405,"toolUsePromptTokenCount":30,\
                "cachedContentTokenCount":10,"totalTokenCount":654,"promptTokensDetails":[{"modality":"TEXT","tokenCount":21}]}
                """, counts: [51, 10, 603, 405]),
        UsageShape(
            "Gemini behind OpenAI's shape",
            isToldBy: "`total_tokens` is more than input + output, and no other count explains it",
            input: "`prompt_tokens`", cached: "`prompt_tokens_details.cached_tokens`, within it",
            output: "`total_tokens` − input", reasoning: "not told",
            source: "https://github.com/mozilla-ai/any-llm/issues/1290",
            example: #"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":623}"#, counts: [20, 0, 603, 0],
            repair: .outputFromTotal),
        UsageShape(
            "Cohere (`usage` of v2, `meta` of v1)",
            isToldBy: "`billed_units`; `tokens` stands in where it is absent", input: "`billed_units.input_tokens`",
            cached: "`cached_tokens`, at most the input", output: "`billed_units.output_tokens`; absent is 0",
            reasoning: "not told", source: "https://docs.cohere.com/v2/docs/how-does-cohere-pricing-work",
            example: """
                {"billed_units":{"input_tokens":5,"output_tokens":418},"tokens":{"input_tokens":71,"output_tokens":418}}
                """, counts: [5, 0, 418, 0]),
        UsageShape(
            "Tencent Hunyuan (native)", isToldBy: "`PromptTokens`, `CompletionTokens`", input: "`PromptTokens`",
            cached: "not told", output: "`CompletionTokens`", reasoning: "not told",
            source: "https://cloud.tencent.com/document/api/1729/101838",
            example: #"{"PromptTokens":9,"CompletionTokens":21,"TotalTokens":30}"#, counts: [9, 0, 21, 0]),
        UsageShape(
            "DashScope (native)", isToldBy: "`input_tokens`, `output_tokens`", input: "`input_tokens`",
            cached: "`input_tokens_details.cached_tokens` or `prompt_tokens_details.cached_tokens`, within it",
            output: "`output_tokens`", reasoning: "`output_tokens_details.reasoning_tokens`, within it",
            source: "https://help.aliyun.com/zh/model-studio/qwen-api-reference",
            example: """
                {"input_tokens":1282,"input_tokens_details":{"text_tokens":26,"image_tokens":1256},"output_tokens":96,\
                "output_tokens_details":{"text_tokens":96},"total_tokens":1378,"image_tokens":1256}
                """, counts: [1_282, 0, 96, 0]),
        UsageShape(
            "DashScope application", isToldBy: "`models`", input: "the sum of `models.*.input_tokens`",
            cached: "not told", output: "the sum of `models.*.output_tokens`", reasoning: "not told",
            source: "https://help.aliyun.com/document_detail/2712180.html",
            example: """
                {"models":[{"model_id":"qwen-max","input_tokens":74,"output_tokens":36},{"model_id":"qwen-turbo",\
                "input_tokens":6,"output_tokens":4}]}
                """, counts: [80, 0, 40, 0]),
        UsageShape(
            "Ollama (native; the counts stand at the record's top, so its path is `\"\"`)",
            isToldBy: "`eval_count`", input: "`prompt_eval_count`; absent is 0", cached: "`prompt_eval_cached_count`",
            output: "`eval_count`; absent is 0", reasoning: "not told",
            source: "https://github.com/ollama/ollama/issues/2068", example: #"{"eval_count":259}"#,
            counts: [0, 0, 259, 0], repair: .absentInputAsZero),
    ]

    private static let frameworks: [UsageShape] = [
        UsageShape(
            "AI SDK before v6", isToldBy: "`inputTokens` with `cachedInputTokens` and no `inputTokenDetails`",
            input: "`inputTokens` or `promptTokens`, and `cachedInputTokens` where that is more",
            cached: "`cachedInputTokens`",
            output: "`outputTokens` or `completionTokens`",
            reasoning: "`reasoningTokens`, within it, or beside where the total says so",
            source: "https://github.com/getsentry/sentry-javascript/pull/21488",
            example: """
                {"inputTokens":5,"outputTokens":255,"totalTokens":260,"reasoningTokens":null,"cachedInputTokens":4735}
                """, counts: [4_740, 4_735, 255, 0], repair: .cacheBesideInput),
        UsageShape(
            "AI SDK v6", isToldBy: "`inputTokenDetails`", input: "`inputTokens`",
            cached: "`inputTokenDetails.cacheReadTokens`, within it", output: "`outputTokens`",
            reasoning: "`outputTokenDetails.reasoningTokens`, within it",
            source: "https://github.com/anomalyco/opencode/pull/19758",
            example: """
                {"inputTokens":4740,"inputTokenDetails":{"noCacheTokens":5,"cacheReadTokens":4735,"cacheWriteTokens":0},\
                "outputTokens":255,"outputTokenDetails":{"textTokens":200,"reasoningTokens":55},"totalTokens":4995,\
                "cachedInputTokens":4735,"reasoningTokens":55}
                """, counts: [4_740, 4_735, 255, 55]),
        UsageShape(
            "LangChain (`usage_metadata`)", isToldBy: "`input_token_details.cache_read`", input: "`input_tokens`",
            cached: "`input_token_details.cache_read`, within it", output: "`output_tokens`",
            reasoning: "`output_token_details.reasoning`, within it",
            source: "https://reference.langchain.com/python/langchain-core/messages/ai/UsageMetadata",
            example: """
                {"input_tokens":5100,"output_tokens":50,"total_tokens":5150,"input_token_details":{"cache_read":5000,\
                "cache_creation":60},"output_token_details":{"reasoning":12}}
                """, counts: [5_100, 5_000, 50, 12]),
    ]

    private static let gateways: [UsageShape] = [
        UsageShape(
            "LiteLLM", isToldBy: "OpenAI's counts with Anthropic's beside", input: "`prompt_tokens`",
            cached: "`prompt_tokens_details.cached_tokens` or `cache_read_input_tokens`, within it",
            output: "`completion_tokens`", reasoning: "`completion_tokens_details.reasoning_tokens`, within it",
            source: "measured with LiteLLM 1.110.2",
            example: """
                {"completion_tokens":380,"prompt_tokens":1218,"total_tokens":1598,"completion_tokens_details":\
                {"reasoning_tokens":140,"text_tokens":240},"prompt_tokens_details":{"cached_tokens":1030,\
                "cache_write_tokens":7,"cache_creation_tokens":7},"cache_creation_input_tokens":7,\
                "cache_read_input_tokens":1030}
                """, counts: [1_218, 1_030, 380, 140]),
        UsageShape(
            "OpenRouter", isToldBy: "OpenAI's counts with `cost`", input: "`prompt_tokens`",
            cached: "`prompt_tokens_details.cached_tokens`, within it", output: "`completion_tokens`",
            reasoning: "`completion_tokens_details.reasoning_tokens`, within it",
            source: "https://openrouter.ai/docs/guides/administration/usage-accounting",
            example: """
                {"prompt_tokens":13,"completion_tokens":9,"total_tokens":22,"cost":3.1e-06,"is_byok":false,\
                "prompt_tokens_details":{"cached_tokens":8,"cache_write_tokens":0},"completion_tokens_details":\
                {"reasoning_tokens":0}}
                """, counts: [13, 8, 9, 0]),
        UsageShape(
            "new-api, Anthropic's API over another one",
            isToldBy: "`claude_cache_creation_5_m_tokens`, and `usage_semantic` isn't `anthropic`",
            input: "`input_tokens`", cached: "`cache_read_input_tokens`, within it", output: "`output_tokens`",
            reasoning: "not told", source: "https://github.com/QuantumNous/new-api/issues/4395",
            example: """
                {"input_tokens":1123,"cache_creation_input_tokens":0,"cache_read_input_tokens":1117,"output_tokens":382,\
                "claude_cache_creation_5_m_tokens":0,"claude_cache_creation_1_h_tokens":0}
                """, counts: [1_123, 1_117, 382, 0]),
        UsageShape(
            "new-api, Claude's own counts", isToldBy: "`usage_semantic` is `anthropic`",
            input: "`prompt_tokens` or `input_tokens`, + cache reads, + cache writes",
            cached: "`prompt_tokens_details.cached_tokens` or `cache_read_input_tokens`, beside it",
            output: "`completion_tokens` or `output_tokens`", reasoning: "not told",
            source: "https://github.com/QuantumNous/new-api (dto.Usage, buildOpenAIStyleUsageFromClaudeUsage)",
            example: """
                {"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":30,\
                "cached_creation_tokens":50},"usage_semantic":"anthropic","claude_cache_creation_5_m_tokens":10}
                """, counts: [180, 30, 20, 0]),
    ]
}
