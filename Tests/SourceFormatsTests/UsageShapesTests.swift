import SourceFormats
import Testing
import UsageModel

/// A `usage` object and what it means.
struct MeasuredUsage: Sendable, CustomTestStringConvertible {
    var name: String
    var usage: String
    /// Input, cached input, output and reasoning output.
    var counts: [UInt64]

    init(_ name: String, _ usage: String, _ counts: [UInt64]) {
        self.name = name
        self.usage = usage
        self.counts = counts
    }

    var testDescription: String { name }
}

@Suite struct UsageShapesTests {
    static let around = #""ts":"2025-06-01T00:01:30.5Z","tenant":"t","model":"m","provider":"volcengine""#

    static func record(_ usage: String) -> String { "{\(around),\"usage\":\(usage)}" }

    static let shapes: [MeasuredUsage] = [
        MeasuredUsage("chat", #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#, [10, 0, 5, 0]),
        MeasuredUsage(
            "chat with details",
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":8,"#
                + #""audio_tokens":1},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"#
                + #""accepted_prediction_tokens":0}}"#,
            [10, 8, 5, 4]),
        MeasuredUsage(
            "chat with null details",
            #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":null}"#,
            [10, 0, 5, 0]),
        MeasuredUsage(
            "responses",
            #"{"input_tokens":36,"input_tokens_details":{"cached_tokens":6},"output_tokens":87,"#
                + #""output_tokens_details":{"reasoning_tokens":80},"total_tokens":123}"#,
            [36, 6, 87, 80]),
        MeasuredUsage("embeddings", #"{"prompt_tokens":8,"total_tokens":8}"#, [8, 0, 0, 0]),
        MeasuredUsage(
            "Anthropic",
            #"{"input_tokens":3,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,"output_tokens":7,"#
                + #""cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":0},"#
                + #""service_tier":"standard"}"#,
            [2_103, 2_000, 7, 0]),
        MeasuredUsage("Anthropic without caches", #"{"input_tokens":3,"output_tokens":7}"#, [3, 0, 7, 0]),
        MeasuredUsage(
            "Anthropic with null caches",
            #"{"input_tokens":3,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":7}"#,
            [3, 0, 7, 0]),
        MeasuredUsage(
            "DeepSeek",
            #"{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"prompt_cache_hit_tokens":16,"#
                + #""prompt_cache_miss_tokens":4,"prompt_tokens_details":{"cached_tokens":16}}"#,
            [20, 16, 5, 0]),
        MeasuredUsage(
            "DeepSeek, hits and misses only",
            #"{"prompt_cache_hit_tokens":16,"prompt_cache_miss_tokens":4,"completion_tokens":5}"#, [20, 16, 5, 0]),
        MeasuredUsage("Bedrock", #"{"inputTokens":30,"outputTokens":628,"totalTokens":658}"#, [30, 0, 628, 0]),
        MeasuredUsage(
            "Bedrock with caches",
            #"{"inputTokens":30,"outputTokens":10,"totalTokens":1140,"cacheReadInputTokens":1000,"#
                + #""cacheWriteInputTokens":100}"#,
            [1_130, 1_000, 10, 0]),
        MeasuredUsage(
            "Bedrock with caches outside its total",
            #"{"inputTokens":30,"outputTokens":10,"totalTokens":40,"cacheReadInputTokens":1000,"#
                + #""cacheWriteInputTokens":100}"#,
            [1_130, 1_000, 10, 0]),
        MeasuredUsage(
            "camel case",
            #"{"promptTokens":10,"completionTokens":5,"totalTokens":15,"promptTokensDetails":{"cachedTokens":2},"#
                + #""completionTokensDetails":{"reasoningTokens":1}}"#,
            [10, 2, 5, 1]),
        MeasuredUsage(
            "chat with Anthropic's fields beside it, which are part of the prompt there",
            #"{"prompt_tokens":2103,"completion_tokens":7,"total_tokens":2110,"cache_creation_input_tokens":100,"#
                + #""cache_read_input_tokens":2000,"prompt_tokens_details":{"cached_tokens":2000}}"#,
            [2_103, 2_000, 7, 0]),
        MeasuredUsage(
            "both spellings, one of them zero",
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"input_tokens":0,"output_tokens":0}"#,
            [10, 0, 5, 0]),
        MeasuredUsage(
            "both spellings, the other one zero",
            #"{"prompt_tokens":0,"completion_tokens":0,"input_tokens":10,"output_tokens":5,"total_tokens":15}"#,
            [10, 0, 5, 0]),
        MeasuredUsage(
            "cached tokens at the top", #"{"prompt_tokens":10,"completion_tokens":5,"cached_tokens":4}"#, [10, 4, 5, 0]),
    ]

    @Test(arguments: shapes)
    func `usage means the same in every shape`(_ shape: MeasuredUsage) throws {
        let sink = try collect(UsageShapesTests.record(shape.usage), OpenAIFormat())
        #expect(sink.rejections.isEmpty)
        let event = try #require(sink.events.first)
        let counts = event.counts
        #expect([counts.input, counts.cachedInput, counts.output, counts.reasoningOutput] == shape.counts)
        #expect(counts.requests == 1)
        #expect(event.minute == june2025 + 1)
    }

    @Test(arguments: UsageShapes.all.indices)
    func `the example of every row of the table means what the row says`(_ index: Int) throws {
        let row = UsageShapes.all[index]
        let sink = try collect(UsageShapesTests.record(row.example), OpenAIFormat())
        #expect(sink.rejections.isEmpty, "\(row.name)")
        let event = try #require(sink.events.first, "\(row.name)")
        let counts = event.counts
        #expect(
            [counts.input, counts.cachedInput, counts.output, counts.reasoningOutput] == row.counts, "\(row.name)")
        #expect(event.repair == row.repair, "\(row.name)")
    }

    static let repaired: [(shape: MeasuredUsage, repair: UsageRepair?)] = [
        (
            MeasuredUsage(
                "xAI through the AI SDK",
                #"{"inputTokens":555,"outputTokens":190,"totalTokens":1802,"reasoningTokens":1057,"cachedInputTokens":316}"#,
                [555, 316, 1_247, 1_057]), .reasoningBesideOutput
        ),
        (
            MeasuredUsage(
                "xAI, all of the output reasoning",
                #"{"completion_tokens":0,"total_tokens":81,"prompt_tokens":21,"completion_tokens_details":{"reasoning_tokens":60}}"#,
                [21, 0, 60, 60]), .reasoningBesideOutput
        ),
        (
            MeasuredUsage(
                "xAI's responses, whose output holds reasoning",
                #"{"input_tokens":32,"output_tokens":329,"total_tokens":361,"output_tokens_details":{"reasoning_tokens":320}}"#,
                [32, 0, 329, 320]), nil
        ),
        (
            MeasuredUsage(
                "Perplexity with reasoning in the total too",
                #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"reasoning_tokens":100,"num_search_queries":2}"#,
                [10, 0, 105, 100]), .reasoningBesideOutput
        ),
        (
            MeasuredUsage(
                "Gemini behind OpenAI's shape, with a cached prompt",
                #"{"prompt_tokens":200,"completion_tokens":10,"total_tokens":300,"prompt_tokens_details":{"cached_tokens":64}}"#,
                [200, 64, 100, 0]), .outputFromTotal
        ),
        (
            MeasuredUsage(
                "Gemini of which nothing but thoughts came",
                #"{"promptTokenCount":21,"thoughtsTokenCount":60,"totalTokenCount":81}"#, [21, 0, 60, 60]), nil
        ),
        (
            MeasuredUsage("Gemini's refused prompt", #"{"promptTokenCount":21,"totalTokenCount":21}"#, [21, 0, 0, 0]),
            nil
        ),
        (
            MeasuredUsage(
                "Gemini by its Python client",
                #"{"prompt_token_count":9,"candidates_token_count":3,"thoughts_token_count":null,"cached_content_token_count":4,"#
                    + #""total_token_count":12}"#, [9, 4, 3, 0]), nil
        ),
        (
            MeasuredUsage(
                "the AI SDK before v6 with OpenAI, whose cache is within",
                #"{"inputTokens":100,"outputTokens":5,"totalTokens":105,"cachedInputTokens":64}"#, [100, 64, 5, 0]), nil
        ),
        (
            MeasuredUsage(
                "Cohere, more cached than billed",
                #"{"billed_units":{"input_tokens":5,"output_tokens":9},"tokens":{"input_tokens":71,"output_tokens":9},"cached_tokens":64}"#,
                [5, 5, 9, 0]), nil
        ),
        (
            MeasuredUsage(
                "Cohere without what it bills", #"{"tokens":{"input_tokens":71,"output_tokens":9}}"#, [71, 0, 9, 0]),
            nil
        ),
        (MeasuredUsage("Cohere's embeddings", #"{"billed_units":{"input_tokens":2}}"#, [2, 0, 0, 0]), nil),
        (
            MeasuredUsage(
                "Ollama with its prompt", #"{"prompt_eval_count":26,"eval_count":259}"#, [26, 0, 259, 0]), nil
        ),
        (MeasuredUsage("Ollama's embeddings", #"{"prompt_eval_count":8}"#, [8, 0, 0, 0]), nil),
        (
            MeasuredUsage(
                "new-api, Anthropic's own meaning",
                #"{"input_tokens":3,"cache_read_input_tokens":2000,"cache_creation_input_tokens":100,"output_tokens":7,"#
                    + #""usage_semantic":"anthropic","claude_cache_creation_5_m_tokens":100}"#, [2_103, 2_000, 7, 0]),
            nil
        ),
        (
            MeasuredUsage(
                "new-api, told as OpenAI's meaning",
                #"{"input_tokens":2103,"cache_read_input_tokens":2000,"output_tokens":7,"usage_semantic":"openai"}"#,
                [2_103, 2_000, 7, 0]), nil
        ),
    ]

    @Test(arguments: repaired.indices)
    func `what doesn't add up plainly is understood by a rule, and says by which`(_ index: Int) throws {
        let (shape, repair) = UsageShapesTests.repaired[index]
        let sink = try collect(UsageShapesTests.record(shape.usage), OpenAIFormat())
        #expect(sink.rejections.isEmpty, "\(shape.name)")
        let event = try #require(sink.events.first, "\(shape.name)")
        let counts = event.counts
        #expect(
            [counts.input, counts.cachedInput, counts.output, counts.reasoningOutput] == shape.counts, "\(shape.name)")
        #expect(event.repair == repair, "\(shape.name)")
    }

    @Test func `reasoning is beside the output where the source says so`() throws {
        var format = OpenAIFormat()
        format.reasoningIsAdditional = true
        let usage = #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"reasoning_tokens":100}"#
        let event = try #require(try collect(UsageShapesTests.record(usage), format).events.first)
        #expect(event.counts == TokenCounts(requests: 1, input: 10, output: 105, reasoningOutput: 100))
        #expect(try collect(UsageShapesTests.record(usage), OpenAIFormat()).reasons == [.inconsistentCounts])
    }

    static let contradictions: [MeasuredUsage] = [
        MeasuredUsage("a total that is less", #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":14}"#, []),
        MeasuredUsage(
            "a total that neither reasoning nor anything else explains",
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":20,"completion_tokens_details":{"reasoning_tokens":4}}"#,
            []),
        MeasuredUsage(
            "a total that may hold the cache or thoughts",
            #"{"prompt_tokens":100,"completion_tokens":5,"total_tokens":169,"prompt_tokens_details":{"cached_tokens":64}}"#,
            []),
        MeasuredUsage(
            "a total of responses that is more", #"{"input_tokens":10,"output_tokens":5,"total_tokens":16}"#, []),
        MeasuredUsage(
            "counts of two calls in one object",
            #"{"prompt_tokens":30000,"completion_tokens":496,"input_tokens":358000,"output_tokens":5000,"#
                + #""total_tokens":363000,"cached_tokens":29000}"#, []),
        MeasuredUsage(
            "more cached than input",
            #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":11}}"#, []),
        MeasuredUsage(
            "more reasoning than output",
            #"{"prompt_tokens":1,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":6}}"#, []),
        MeasuredUsage("two inputs that differ", #"{"prompt_tokens":10,"input_tokens":11,"completion_tokens":5}"#, []),
        MeasuredUsage("two outputs that differ", #"{"prompt_tokens":10,"output_tokens":6,"completion_tokens":5}"#, []),
        MeasuredUsage(
            "hits and misses that don't make the prompt",
            #"{"prompt_tokens":20,"completion_tokens":5,"prompt_cache_hit_tokens":16,"prompt_cache_miss_tokens":5}"#, []
        ),
        MeasuredUsage(
            "two cached counts that differ",
            #"{"prompt_tokens":20,"completion_tokens":5,"prompt_cache_hit_tokens":16,"prompt_tokens_details":{"cached_tokens":15}}"#,
            []),
    ]

    @Test(arguments: contradictions)
    func `contradictions are refused`(_ shape: MeasuredUsage) throws {
        let sink = try collect(UsageShapesTests.record(shape.usage), OpenAIFormat())
        #expect(sink.events.isEmpty)
        #expect(sink.reasons == [.inconsistentCounts])
        #expect(sink.rejections.first?.rejection.field.hasPrefix("usage.") == true)
    }

    @Test(arguments: [
        (#"{"prompt_tokens":10}"#, "usage.completion_tokens"), (#"{"completion_tokens":10}"#, "usage.prompt_tokens"),
        ("{}", "usage.prompt_tokens"), ("null", "usage.prompt_tokens"), ("7", "usage.prompt_tokens"),
        (#"{"prompt_tokens":10,"total_tokens":15}"#, "usage.completion_tokens"),
    ])
    func `counts that are missing are named`(_ usage: String, _ field: String) throws {
        let sink = try collect(UsageShapesTests.record(usage), OpenAIFormat())
        #expect(sink.reasons == [.missingField])
        #expect(sink.rejections.first?.rejection.field == field)
    }

    @Test func `additive counts above the limit are refused`() throws {
        let usage = #"{"input_tokens":1000000000000,"cache_read_input_tokens":1,"output_tokens":1}"#
        #expect(try collect(UsageShapesTests.record(usage), OpenAIFormat()).reasons == [.countTooLarge])
    }

    @Test func `prompts are skipped and odd ones do no harm`() throws {
        let record =
            #"{"messages":[{"role":"user","content":"{\"usage\":{\"prompt_tokens\":999}} \ud800 \u0000 \\"},[[]],{}],"#
            + #""usage":{"completion_tokens":5,"prompt_tokens":10,"prompt":[1,-0.5e+7,true,false,null,{"a":""}]},"#
            + #""created":1748736061.75,"model":"m\u002d1","tenant":"\u4e2d\ud83d\ude80","n":1E400}"#
        let sink = try collect(record, OpenAIFormat())
        #expect(sink.rejections.isEmpty)
        #expect(
            sink.events == [
                CollectedEvent(
                    minute: june2025 + 1, tenant: "中🚀", model: "m-1", region: "",
                    counts: TokenCounts(requests: 1, input: 10, output: 5))
            ])
    }

    @Test func `what is skipped must be sound in its structure`() throws {
        for bad in [#"[1,]"#, #"{"a" 1}"#, "01", "tru", "nul", "[1}", #"{"a":1,}"#, "", "-", "NaNs", #""\""#] {
            let record =
                "{\(UsageShapesTests.around),\"x\":\(bad),\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}"
            #expect(try collect(record, OpenAIFormat()).reasons == [.syntax], "\(bad)")
        }
    }

    @Test func `numbers and text that JSON doesn't have do no harm where they are skipped`() throws {
        for odd in [
            "NaN", "nan", "Infinity", "-Infinity", "-inf", #""\q""#, "\"\u{1}\"", #""\x22\xE4""#,
            "[NaN,{\"\u{2}\":-NaN}]",
        ] {
            let record =
                "{\(UsageShapesTests.around),\"x\":\(odd),\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}"
            #expect(try collect(record, OpenAIFormat()).totals.requests == 1, "\(odd)")
        }
    }

    @Test func `alternatives are taken in their order`() throws {
        var format = OpenAIFormat()
        format.paths[.tenant] = ["metadata.team", "user", "key.id"]
        let usage = #""usage":{"prompt_tokens":1,"completion_tokens":1},"ts":"2025-06-01T00:00:00Z","model":"m""#
        func tenant(_ members: String) throws -> String? {
            try collect("{\(members),\(usage)}", format).events.first?.tenant
        }
        #expect(try tenant(#""key":{"id":"k"},"user":"u","metadata":{"team":"t"}"#) == "t")
        #expect(try tenant(#""key":{"id":"k"},"user":"u","metadata":{"team":null}"#) == "u")
        #expect(try tenant(#""key":{"id":"k"},"user":"","metadata":{}"#) == "k")
        #expect(try tenant(#""key":{"id":42},"metadata":null"#) == "42")
        #expect(try tenant(#""key":{},"metadata":[]"#) == nil)
    }

    @Test func `usage stands where the format says but only once`() throws {
        let usage = #"{"prompt_tokens":1,"completion_tokens":2}"#
        let format = OpenAIFormat()
        let inside = #"{"ts":"2025-06-01T00:00:00Z","tenant":"t","response":{"model":"m","usage":\#(usage)}}"#
        #expect(try collect(inside, format).totals == TokenCounts(requests: 1, input: 1, output: 2))
        let twice =
            #"{"ts":"2025-06-01T00:00:00Z","tenant":"t","usage":\#(usage),"response":{"model":"m","usage":\#(usage)}}"#
        #expect(try collect(twice, format).reasons == [.duplicateField])
        let repeated = #"{"usage":{"prompt_tokens":1},"usage":{"completion_tokens":2}}"#
        let sink = try collect(repeated, format)
        #expect(sink.reasons == [.duplicateField])
        #expect(sink.rejections.first?.rejection.field == "usage")

        var top = OpenAIFormat()
        top.usagePaths = [""]
        let flat = #"{"ts":"2025-06-01T00:00:00Z","tenant":"t","model":"m","prompt_tokens":1,"completion_tokens":2}"#
        #expect(try collect(flat, top).totals == TokenCounts(requests: 1, input: 1, output: 2))
    }

    @Test func `another provider's record is refused unless the field means something else`() throws {
        let record = UsageShapesTests.record(#"{"prompt_tokens":1,"completion_tokens":2}"#)
        let defaults = EventDefaults(provider: "aliyun")
        #expect(try collect(record, OpenAIFormat(), defaults: defaults).reasons == [.wrongProvider])
        var format = OpenAIFormat()
        format.paths[.provider] = []
        #expect(try collect(record, format, defaults: defaults).totals.requests == 1)
    }

    @Test func `defaults stand in for what records do not say`() throws {
        let defaults = EventDefaults(
            provider: "volcengine", tenant: "house", model: "model-a", region: "cn-beijing", layer: .paas,
            workload: .batch, modality: .image)
        let usage = #""usage":{"prompt_tokens":1,"completion_tokens":2}"#
        let records = [
            #"{"ts":"2025-06-01T00:00:00Z",\#(usage)}"#,
            #"{"ts":"2025-06-01T00:00:00Z","tenant":"t","model":"m","region":"r","layer":"iaas","workload":"online","#
                + #""modality":"video","requests":7,\#(usage)}"#,
        ]
        let sink = try collect(records.joined(separator: "\n"), OpenAIFormat(), defaults: defaults)
        #expect(
            sink.events == [
                CollectedEvent(
                    minute: june2025, tenant: "house", model: "model-a", region: "cn-beijing", layer: .paas,
                    workload: .batch, modality: .image, counts: TokenCounts(requests: 1, input: 1, output: 2)),
                CollectedEvent(
                    minute: june2025, tenant: "t", model: "m", region: "r", layer: .iaas, workload: .online,
                    modality: .video, counts: TokenCounts(requests: 7, input: 1, output: 2)),
            ])
    }
}
