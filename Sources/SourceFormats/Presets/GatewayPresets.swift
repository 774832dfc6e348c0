internal import UsageModel

/// LiteLLM's `generic_api` callback.
package enum LiteLLMPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "litellm",
        summary:
            "LiteLLM's standard logging payload, as its `generic_api` callback sends it in each of its log formats.",
        settings: [
            "layout": "json-lines", "fields.tenant": "metadata.user_api_key_team_id", "fields.model": "model",
            // `endTime` and `usage_object` are there whatever is logged of the answer; `id` is the provider's and
            // repeats.
            "fields.time": "endTime", "time.format": "seconds", "fields.id": "litellm_call_id",
            "fields.usage": "metadata.usage_object", "fields.estimated": "stream",
        ], detailsProveCounts: true, repeats: .last, isRepeatedAfterServerErrorsAlone: true,
        example: """
            {"id":"chatcmpl-1","litellm_call_id":"d13e3bf5","call_type":"acompletion","stream":null,"status":"success",\
            "startTime":1795943618.913305,"endTime":1795943619.584996,"model":"gpt-5-mini","metadata":\
            {"user_api_key_team_id":"team-a","usage_object":{"completion_tokens":350,"prompt_tokens":1200,\
            "total_tokens":1550,"prompt_tokens_details":{"cached_tokens":1024}}},"messages":[{"role":"user","content":"Hi"}]}
            {"id":"chatcmpl-2","litellm_call_id":"9e78b92f","stream":true,"status":"success","endTime":1795943621.5,\
            "model":"gpt-5-mini","metadata":{"user_api_key_team_id":"team-a","usage_object":{"completion_tokens":1,\
            "prompt_tokens":8,"total_tokens":9,"prompt_tokens_details":null}}}
            """)
}

/// Envoy AI Gateway's access log.
package enum EnvoyAIGatewayPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "envoy-ai-gateway",
        summary: "Envoy AI Gateway's access log with the LLM fields of its own configuration.",
        settings: [
            "layout": "json-lines", "fields.tenant": "'tenant.id'", "fields.model": "'gen_ai.response.model'",
            "fields.time": "start_time", "fields.id": "x-request-id",
            "fields.input-tokens": "'gen_ai.usage.input_tokens'",
            "fields.cached-input-tokens": "'gen_ai.usage.cached_input_tokens'",
            "fields.output-tokens": "'gen_ai.usage.output_tokens'",
            "fields.reasoning-output-tokens": "'gen_ai.usage.reasoning_tokens'",
            "fields.total-tokens": "'gen_ai.usage.total_tokens'",
        ], further: [MappedFormat.FurtherPlace(.model, "'gen_ai.request.model'")],
        example: """
            {"start_time":"2026-06-01T02:00:05.123Z","tenant.id":"t","response_code":200,"x-request-id":"r1",\
            "gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-4o-mini","gen_ai.response.model":"gpt-4o-mini",\
            "gen_ai.usage.input_tokens":10,"gen_ai.usage.output_tokens":4,"gen_ai.usage.reasoning_tokens":1}
            """)
}

/// Higress with its plugin `ai-statistics`.
package enum HigressPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "higress", summary: "Higress's access log with the `ai_log` of its plugin `ai-statistics`.",
        settings: [
            "layout": "json-lines", "decimal-strings": "true", "fields.tenant": "ai_log{}.consumer",
            "fields.model": "ai_log{}.model", "fields.time": "start_time", "fields.id": "request_id",
            "fields.input-tokens": "ai_log{}.input_token", "fields.cached-input-tokens": "ai_log{}.cached_tokens",
            "fields.output-tokens": "ai_log{}.output_token",
            "fields.reasoning-output-tokens": "ai_log{}.reasoning_tokens",
        ], further: [MappedFormat.FurtherPlace(.tenant, "consumer")],
        example: #"""
            {"ai_log":"{\"consumer\":\"c1\",\"model\":\"qwen-turbo\",\"input_token\":\"100\",\"output_token\":\"50\",\"reasoning_tokens\":\"25\",\"cached_tokens\":\"80\"}","request_id":"r1","response_code":"200","start_time":"2026-06-01T02:00:05.123Z"}
            """#)
}

/// Apache APISIX with `ai-proxy` and `logging.summaries`.
package enum APISIXPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "apisix", summary: "Apache APISIX's log with the `llm_summary` of its plugin `ai-proxy`.",
        settings: [
            "layout": "json-lines", "fields.tenant": "consumer.username", "fields.model": "llm_summary.model",
            "fields.time": "start_time", "time.format": "milliseconds", "fields.usage": "llm_summary",
        ], further: [MappedFormat.FurtherPlace(.model, "llm_summary.request_model")],
        example: """
            {"start_time":1780279205123,"consumer":{"username":"c1"},"llm_summary":{"model":"deepseek-chat",\
            "request_model":"deepseek-chat","prompt_tokens":10,"completion_tokens":4,"total_tokens":14,"stream":false,\
            "reasoning_tokens":1,"cache_read_input_tokens":6,"cache_creation_input_tokens":0}}
            """)
}

/// Kong's log with its AI plugins.
package enum KongPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "kong", summary: "Kong's log (`http-log`, `file-log` and others) with the usage of its AI plugins.",
        settings: [
            "layout": "json-lines", "fields.tenant": "consumer.username", "fields.model": "ai.*.meta.response_model",
            "fields.time": "started_at", "time.format": "milliseconds", "fields.id": "request.id",
            "fields.usage": "ai.*.usage",
        ], further: [MappedFormat.FurtherPlace(.model, "ai.*.meta.request_model")],
        example: """
            {"started_at":1780279205123,"consumer":{"username":"c1"},"request":{"id":"r1"},"ai":{"proxy":{"usage":\
            {"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"cost":0.0001},"meta":{"request_model":"gpt-4o",\
            "response_model":"gpt-4o-2024-08-06"}}}}
            """)
}
