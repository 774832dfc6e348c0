internal import UsageModel

extension FieldPlan {
    /// The counts of every `usage` shape that is known, by their paths below the `usage` object.
    static let usageCounts: [(EventField, [String])] = [
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

    /// Records that hold a `usage` object.
    static func openAI(_ format: OpenAIFormat) throws(SourceFormatError) -> FieldPlan {
        var rules = Rules()
        rules.time = format.time
        var plan = FieldPlan(rules: rules)
        var tree = FieldTree()
        guard let firstUsagePath = format.usagePaths.first else {
            throw SourceFormatError(setting: "usage", message: "name at least one path, such as usage")
        }
        guard !format.timePaths.isEmpty else {
            throw SourceFormatError(setting: "time", message: "name at least one path, such as ts")
        }
        let surroundings: [(EventField, [String], String)] = [
            (.provider, format.providerPaths, "provider"), (.tenant, format.tenantPaths, "tenant"),
            (.model, format.modelPaths, "model"), (.region, format.regionPaths, "region"),
            (.layer, format.layerPaths, "layer"), (.workload, format.workloadPaths, "workload"),
            (.modality, format.modalityPaths, "modality"), (.time, format.timePaths, "time"),
            (.requests, format.requestsPaths, "requests"), (.id, format.idPaths, "id"),
        ]
        for (field, paths, setting) in surroundings { try plan.add(field, paths: paths, to: &tree, setting: setting) }
        for (field, names) in usageCounts {
            // The same source wherever the object stands: a record with two of them says its counts twice.
            let range = try plan.add(field, names.map { join(firstUsagePath, $0) })
            for usagePath in format.usagePaths {
                for (source, name) in zip(range, names) {
                    try tree.insert(path: join(usagePath, name), source: source, setting: "usage")
                }
            }
        }
        try plan.compile(tree)
        return plan
    }

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}
