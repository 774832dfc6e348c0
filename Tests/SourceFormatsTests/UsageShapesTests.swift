import SourceFormats
import Testing
import UsageModel

/// A `usage` object and what it means.
struct UsageShape: Sendable, CustomTestStringConvertible {
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

    static let shapes: [UsageShape] = [
        UsageShape("chat", #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#, [10, 0, 5, 0]),
        UsageShape(
            "chat with details",
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":8,"#
                + #""audio_tokens":1},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"#
                + #""accepted_prediction_tokens":0}}"#,
            [10, 8, 5, 4]),
        UsageShape(
            "chat with null details",
            #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":null}"#,
            [10, 0, 5, 0]),
        UsageShape(
            "responses",
            #"{"input_tokens":36,"input_tokens_details":{"cached_tokens":6},"output_tokens":87,"#
                + #""output_tokens_details":{"reasoning_tokens":80},"total_tokens":123}"#,
            [36, 6, 87, 80]),
        UsageShape("embeddings", #"{"prompt_tokens":8,"total_tokens":8}"#, [8, 0, 0, 0]),
        UsageShape(
            "Anthropic",
            #"{"input_tokens":3,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,"output_tokens":7,"#
                + #""cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":0},"#
                + #""service_tier":"standard"}"#,
            [2_103, 2_000, 7, 0]),
        UsageShape("Anthropic without caches", #"{"input_tokens":3,"output_tokens":7}"#, [3, 0, 7, 0]),
        UsageShape(
            "Anthropic with null caches",
            #"{"input_tokens":3,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":7}"#,
            [3, 0, 7, 0]),
        UsageShape(
            "DeepSeek",
            #"{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"prompt_cache_hit_tokens":16,"#
                + #""prompt_cache_miss_tokens":4,"prompt_tokens_details":{"cached_tokens":16}}"#,
            [20, 16, 5, 0]),
        UsageShape(
            "DeepSeek, hits and misses only",
            #"{"prompt_cache_hit_tokens":16,"prompt_cache_miss_tokens":4,"completion_tokens":5}"#, [20, 16, 5, 0]),
        UsageShape("Bedrock", #"{"inputTokens":30,"outputTokens":628,"totalTokens":658}"#, [30, 0, 628, 0]),
        UsageShape(
            "Bedrock with caches",
            #"{"inputTokens":30,"outputTokens":10,"totalTokens":1140,"cacheReadInputTokens":1000,"#
                + #""cacheWriteInputTokens":100}"#,
            [1_130, 1_000, 10, 0]),
        UsageShape(
            "Bedrock with caches outside its total",
            #"{"inputTokens":30,"outputTokens":10,"totalTokens":40,"cacheReadInputTokens":1000,"#
                + #""cacheWriteInputTokens":100}"#,
            [1_130, 1_000, 10, 0]),
        UsageShape(
            "camel case",
            #"{"promptTokens":10,"completionTokens":5,"totalTokens":15,"promptTokensDetails":{"cachedTokens":2},"#
                + #""completionTokensDetails":{"reasoningTokens":1}}"#,
            [10, 2, 5, 1]),
        UsageShape(
            "chat with Anthropic's fields beside it, which are part of the prompt there",
            #"{"prompt_tokens":2103,"completion_tokens":7,"total_tokens":2110,"cache_creation_input_tokens":100,"#
                + #""cache_read_input_tokens":2000,"prompt_tokens_details":{"cached_tokens":2000}}"#,
            [2_103, 2_000, 7, 0]),
        UsageShape(
            "both spellings, one of them zero",
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"input_tokens":0,"output_tokens":0}"#,
            [10, 0, 5, 0]),
        UsageShape(
            "both spellings, the other one zero",
            #"{"prompt_tokens":0,"completion_tokens":0,"input_tokens":10,"output_tokens":5,"total_tokens":15}"#,
            [10, 0, 5, 0]),
        UsageShape(
            "cached tokens at the top", #"{"prompt_tokens":10,"completion_tokens":5,"cached_tokens":4}"#, [10, 4, 5, 0]),
    ]

    @Test(arguments: shapes)
    func `usage means the same in every shape`(_ shape: UsageShape) throws {
        let sink = try collect(UsageShapesTests.record(shape.usage), OpenAIFormat())
        #expect(sink.rejections.isEmpty)
        let event = try #require(sink.events.first)
        let counts = event.counts
        #expect([counts.input, counts.cachedInput, counts.output, counts.reasoningOutput] == shape.counts)
        #expect(counts.requests == 1)
        #expect(event.minute == june2025 + 1)
    }

    static let contradictions: [UsageShape] = [
        UsageShape("a total that differs", #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":16}"#, []),
        UsageShape(
            "more cached than input",
            #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":11}}"#, []),
        UsageShape(
            "more reasoning than output",
            #"{"prompt_tokens":1,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":6}}"#, []),
        UsageShape("two inputs that differ", #"{"prompt_tokens":10,"input_tokens":11,"completion_tokens":5}"#, []),
        UsageShape("two outputs that differ", #"{"prompt_tokens":10,"output_tokens":6,"completion_tokens":5}"#, []),
        UsageShape(
            "hits and misses that don't make the prompt",
            #"{"prompt_tokens":20,"completion_tokens":5,"prompt_cache_hit_tokens":16,"prompt_cache_miss_tokens":5}"#, []
        ),
        UsageShape(
            "two cached counts that differ",
            #"{"prompt_tokens":20,"completion_tokens":5,"prompt_cache_hit_tokens":16,"prompt_tokens_details":{"cached_tokens":15}}"#,
            []),
    ]

    @Test(arguments: contradictions)
    func `contradictions are refused`(_ shape: UsageShape) throws {
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
