import Foundation
import SourceFormats
import Testing
import UsageModel

/// Records of a preset, and what is counted of them.
struct PresetCase: Sendable, CustomTestStringConvertible {
    var preset: String
    var settings: [String: [String]] = [:]
    var records: String
    /// Tenant, model, input, cached input, output, reasoning output.
    var counted: [String]
    var estimated = 0
    /// Records that are ignored, by reason.
    var ignored: [IgnoredReason: Int] = [:]

    var testDescription: String { preset }
}

@Suite struct PresetsTests {
    private static func format(_ preset: String, _ settings: [String: [String]] = [:]) throws -> any SourceFormat {
        let type = try #require(SourceFormatRegistry.format(named: preset))
        return try SourceFormatRegistry.makeFormat(type, given: settings).get()
    }

    static let cases: [PresetCase] = [
        PresetCase(
            preset: "new-api", settings: ["layout": ["csv"]],
            records: """
                id,created_at,type,username,model_name,prompt_tokens,completion_tokens,other
                7,1780279205,2,acme,gpt-4o,100,20,"{""cache_tokens"":64}"
                8,1780279206,2,acme,claude,3,7,"{""usage_semantic"":""anthropic"",""cache_tokens"":2000,""cache_creation_tokens"":100}"
                9,1780279206,2,acme,gpt-4o,3,7,
                10,1780279206,1,acme,,0,0,
                """,
            counted: [
                "acme gpt-4o 100 64 20 0", "acme claude 2103 2000 7 0", "acme gpt-4o 3 0 7 0",
            ], ignored: [.filtered: 1]),
        PresetCase(
            preset: "one-api", settings: ["layout": ["csv"]],
            records: """
                id,created_at,type,username,model_name,prompt_tokens,completion_tokens
                7,1780279205,2,acme,gpt-4o,100,20
                8,1780279206,5,acme,gpt-4o,1,1
                """, counted: ["acme gpt-4o 100 0 20 0"], ignored: [.filtered: 1]),
        PresetCase(
            preset: "litellm", settings: ["constants.tenant": ["one"], "fields.estimated": ["nothing"]],
            records: """
                {"litellm_call_id":"a","stream":true,"status":"success","endTime":1780279205.5,"model":"m","metadata":\
                {"user_api_key_team_id":"team","usage_object":{"completion_tokens":1,"prompt_tokens":8,"total_tokens":9}}}
                """, counted: ["one m 8 0 1 0"]),
        PresetCase(
            preset: "kong",
            settings: ["fields.tenant": ["workspace"], "fields.input-tokens": ["ai.p.usage.prompt_tokens"]],
            records: """
                {"started_at":1780279205123,"workspace":"w","ai":{"p":{"usage":{"prompt_tokens":10,"completion_tokens":1},\
                "meta":{"request_model":"gpt-4o"}}}}
                """, counted: ["w gpt-4o 10 0 0 0"]),
        PresetCase(
            preset: "kong",
            records: """
                {"started_at":1780279205123,"consumer":{"username":"c"},"ai":{"proxy":{"usage":{"prompt_tokens":10,\
                "completion_tokens":1,"total_tokens":11},"meta":{"response_model":"m"}},"ai-request-transformer":{"usage":\
                {"prompt_tokens":5,"completion_tokens":2,"total_tokens":7},"meta":{"response_model":"m2"}}}}
                """, counted: ["c m 15 0 3 0"]),
        PresetCase(
            preset: "envoy-ai-gateway", settings: ["fields.tenant": ["x-tenant"]],
            records: """
                {"start_time":"2026-06-01T02:00:05.123Z","x-tenant":"e08","gen_ai.response.model":"gpt-4o-mini",\
                "gen_ai.usage.input_tokens":1e+05,"gen_ai.usage.output_tokens":4,"gen_ai.usage.reasoning_tokens":1}
                """, counted: ["e08 gpt-4o-mini 100000 0 4 1"]),
        PresetCase(
            preset: "langfuse-export",
            records: """
                {"id":"o","type":"EMBEDDING","projectId":"p","startTime":"2026-06-01T02:00:05Z","providedModelName":"e",\
                "usageDetails":{"input":8,"total":8}}
                """, counted: ["p e 8 0 0 0"]),
    ]

    @Test(arguments: cases)
    func `a preset reads its sender's records, with what the source says in its place`(_ expected: PresetCase) throws {
        let sink = try collect(expected.records, try Self.format(expected.preset, expected.settings))
        #expect(sink.rejections.map(\.rejection) == [])
        let counted = sink.events.map { event in
            let counts = event.counts
            return
                "\(event.tenant) \(event.model) \(counts.input) \(counts.cachedInput) \(counts.output) "
                + "\(counts.reasoningOutput)"
        }
        #expect(counted == expected.counted)
        #expect(sink.events.count(where: \.isEstimated) == expected.estimated)
        for (reason, count) in expected.ignored {
            #expect(sink.ignored.count { $0 == reason } == count, "\(reason)")
        }
    }

    @Test func `every preset reads its own example`() throws {
        for type in SourceFormatRegistry.formats where !type.preset.isEmpty {
            let example = try #require(type.examples.first, "\(type.name)")
            let sink = try collect(example.records, try Self.format(type.name, example.settings))
            #expect(!sink.events.isEmpty, "\(type.name)")
            #expect(sink.rejections.map(\.rejection) == [], "\(type.name)")
        }
    }

    @Test func `a setting that a preset doesn't know is refused, and a missing tenant is told`() throws {
        let type = try #require(SourceFormatRegistry.format(named: "litellm"))
        guard case .failure(let problems) = SourceFormatRegistry.makeFormat(type, given: ["openai.usage": ["x"]]) else {
            Issue.record("openai.usage has no effect with litellm, and was taken")
            return
        }
        #expect(problems.errors.map(\.setting) == ["openai.usage"])
        let record =
            #"{"litellm_call_id":"a","endTime":1780279205,"model":"m","metadata":{"usage_object":{"prompt_tokens":1,"completion_tokens":1}}}"#
        #expect(try collect(record, try Self.format("litellm")).reasons == [.missingField])
    }

    /// Bytes that LiteLLM 1.110.2 sent, and what they stand for: two calls, a stream that said no usage, an embedding
    /// and a call that failed.
    @Test(
        .enabled(if: Captures.directory != nil),
        arguments: [
            ("litellm-1.110.2-generic-api-json-array.json", SourceFraming.document),
            ("litellm-1.110.2-generic-api.ndjson", .document), ("litellm-1.110.2-generic-api.ndjson", .stream),
        ])
    func `what LiteLLM sent is counted without a setting`(_ name: String, _ framing: SourceFraming) throws {
        let bytes = try Captures.bytes(name)
        let sink = try collect(bytes, try Self.format("litellm"), framing: framing)
        #expect(sink.rejections.map(\.rejection) == [])
        #expect(sink.ignored == [.noUsage])
        #expect(Set(sink.events.map(\.tenant)) == ["team-a"])
        let call = TokenCounts(requests: 1, input: 1_200, cachedInput: 1_024, output: 350, reasoningOutput: 128)
        #expect(sink.events.filter { $0.model == "gpt-5-mini" && !$0.isEstimated }.map(\.counts) == [call, call])
        #expect(sink.events.filter(\.isEstimated).map(\.counts) == [TokenCounts(requests: 1, input: 8, output: 1)])
        #expect(
            sink.events.filter { $0.model == "text-embedding-3-small" }.map(\.counts) == [
                TokenCounts(requests: 1, input: 8)
            ])
    }
}
