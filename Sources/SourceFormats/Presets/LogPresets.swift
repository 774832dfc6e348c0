internal import UsageModel

/// Amazon Bedrock's model invocation log.
package enum BedrockInvocationLogPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "bedrock-invocation-log",
        summary: "Amazon Bedrock's model invocation log, as it is delivered to S3 and CloudWatch.",
        settings: [
            "layout": "json-lines", "fields.tenant": "identity.arn", "fields.model": "modelId",
            "fields.region": "region", "fields.time": "timestamp", "fields.id": "requestId",
            "fields.input-tokens": "input.inputTokenCount",
            "fields.cached-input-tokens": "input.cacheReadInputTokenCount",
            "fields.additional-input-tokens": "input.cacheWriteInputTokenCount",
            "fields.output-tokens": "output.outputTokenCount", "cached-input-is-additional": "true",
        ],
        example: """
            {"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-06-01T02:00:05Z","accountId":\
            "123456789012","identity":{"arn":"arn:aws:iam::123456789012:user/a"},"region":"us-east-1","requestId":"r1",\
            "operation":"Converse","modelId":"anthropic.claude-sonnet-4-5-20250929-v1:0","input":{"inputTokenCount":3,\
            "cacheReadInputTokenCount":2000,"cacheWriteInputTokenCount":100},"output":{"outputTokenCount":7}}
            """)
}

/// Claude Code's transcripts.
package enum ClaudeCodePreset: PresetDeclaration {
    package static let preset = Preset(
        name: "claude-code",
        summary: "Claude Code's transcripts: a line for each part of an answer, each with the usage so far.",
        settings: [
            "layout": "json-lines", "fields.model": "message.model", "fields.time": "timestamp",
            "fields.id": "message.id", "fields.usage": "message.usage",
        ], only: ["type = assistant"], except: ["isApiErrorMessage", "message.model = <synthetic>"],
        repeats: .last,
        example: """
            {"type":"assistant","requestId":"req_1","timestamp":"2026-06-01T02:00:05.123Z","message":{"id":"msg_1",\
            "model":"claude-opus-4-6","role":"assistant","usage":{"input_tokens":2,"cache_creation_input_tokens":8655,\
            "cache_read_input_tokens":15030,"output_tokens":211}}}
            """, exampleSettings: ["constants.tenant": "t"])
}

/// Answers of OpenRouter, as a client logs them.
package enum OpenRouterPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "openrouter",
        summary: "Answers of OpenRouter as a client logs them; its `provider` is the upstream's name and isn't read.",
        settings: [
            "layout": "json-lines", "fields.model": "model", "fields.time": "created", "fields.id": "id",
            "fields.usage": "usage",
        ], further: [MappedFormat.FurtherPlace(.time, "ts"), MappedFormat.FurtherPlace(.tenant, "tenant")],
        absentCountsAreZero: false,
        example: """
            {"id":"gen-1","provider":"DeepInfra","model":"deepseek/deepseek-chat-v3.1:free","object":"chat.completion",\
            "created":1780279205,"tenant":"t","usage":{"prompt_tokens":13,"completion_tokens":9,"total_tokens":22,\
            "cost":3.1e-06,"is_byok":false,"prompt_tokens_details":{"cached_tokens":0}}}
            """)
}

/// Observations exported from Langfuse.
package enum LangfuseExportPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "langfuse-export",
        summary: "Observations exported from Langfuse, whose `usageDetails` has each token in one place only.",
        settings: [
            "layout": "json-lines", "fields.tenant": "projectId", "fields.model": "model", "fields.time": "startTime",
            "fields.id": "id", "fields.input-tokens": "usageDetails.input*",
            "fields.cached-input-tokens": "usageDetails.input_cached_tokens",
            "fields.additional-input-tokens": "usageDetails.cache_creation_input_tokens",
            "fields.output-tokens": "usageDetails.output*",
            "fields.reasoning-output-tokens": "usageDetails.output_reasoning_tokens",
        ], only: ["type = GENERATION | EMBEDDING"],
        further: [
            MappedFormat.FurtherPlace(.cacheRead, "usageDetails.cache_read_input_tokens"),
            MappedFormat.FurtherPlace(.model, "providedModelName"),
        ],
        example: """
            {"id":"o1","type":"GENERATION","projectId":"p","startTime":"2026-06-01T02:00:05.123Z","model":"gpt-4o",\
            "usageDetails":{"input":176,"input_cached_tokens":1024,"output":222,"output_reasoning_tokens":128,"total":1550}}
            """)
}

/// Rows of new-api's table `logs`.
package enum NewAPIPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "new-api",
        summary: "Rows of new-api's table `logs`, exported as JSON lines or (`layout: csv`) with a header row.",
        settings: LogTable.settings.merging(
            [
                "fields.cached-input-tokens": "other{}.cache_tokens",
                "fields.estimated": "other{}.admin_info.local_count_tokens",
            ]) { $1 }, only: ["type = 2"],
        further: [
            // Claude's rows count what its cache gave and took beside the prompt, and say so in one of these.
            MappedFormat.FurtherPlace(.cacheMeaning, "other{}.usage_semantic"),
            MappedFormat.FurtherPlace(.cacheMeaning, "other{}.claude"),
            MappedFormat.FurtherPlace(.cacheWrite, "other{}.cache_creation_tokens"),
        ], absentCountsAreZero: false,
        example: #"""
            {"id":7,"user_id":3,"created_at":1780279205,"type":2,"username":"u1","token_name":"k","model_name":"gpt-4o","quota":90,"prompt_tokens":100,"completion_tokens":20,"use_time":1,"is_stream":0,"channel_id":1,"group":"default","other":"{\"cache_tokens\":64,\"model_ratio\":1.25}"}
            """#)
}

/// Rows of one-api's table `logs`.
package enum OneAPIPreset: PresetDeclaration {
    package static let preset = Preset(
        name: "one-api",
        summary: "Rows of one-api's table `logs`, exported as JSON lines or (`layout: csv`) with a header row.",
        settings: LogTable.settings, only: ["type = 2"], absentCountsAreZero: false,
        example: """
            {"id":7,"user_id":3,"created_at":1780279205,"type":2,"username":"u1","token_name":"k","model_name":"gpt-4o",\
            "quota":90,"prompt_tokens":100,"completion_tokens":20,"channel_id":1,"request_id":"r","elapsed_time":900,\
            "is_stream":0}
            """)
}

/// What the tables `logs` of one-api and of new-api have in common. Only rows of type 2 are usage: one-api's 5 is a
/// test, new-api's 5 an error and its 6 a compensating entry.
private enum LogTable {
    static let settings = [
        "layout": "json-lines", "fields.tenant": "username", "fields.model": "model_name",
        "fields.time": "created_at", "time.format": "seconds", "fields.id": "id",
        "fields.input-tokens": "prompt_tokens", "fields.output-tokens": "completion_tokens",
    ]
}
