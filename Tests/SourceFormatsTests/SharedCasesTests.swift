import SourceFormats
import Testing
import UsageModel

@Suite(.enabled(if: SharedCases.directory != nil)) struct SharedCasesTests {
    /// Settings that a case is written with now, where those of its file can't express it. `nil` takes one away.
    static let settings: [String: [String: [String]?]] = [
        // The `provider` of a record is the upstream that a router chose.
        "a31": ["openai.provider": []],
        // A `usage` object within a record of any layout.
        "a04": [
            "fields.usage": ["usageMetadata"], "fields.input-tokens": nil, "fields.additional-input-tokens": nil,
            "fields.cached-input-tokens": nil, "fields.output-tokens": nil,
        ],
        // A spreadsheet's numbers, and its encoding.
        "d02": ["thousands-separator": ["comma"]],
        "d03": ["csv.encoding": ["gbk"]],
        "d14": ["fields.input-tokens": ["usageDetails{}.input"], "fields.output-tokens": ["usageDetails{}.output"]],
        // Keys that hold dots.
        "e08": [
            "fields.model": ["'gen_ai.response.model'"], "fields.input-tokens": ["'gen_ai.usage.input_tokens'"],
            "fields.output-tokens": ["'gen_ai.usage.output_tokens'"],
            "fields.reasoning-output-tokens": ["'gen_ai.usage.reasoning_tokens'"],
        ],
        // The record's zeros stand for a stream that was served.
        "e09": ["no-usage": ["count"]],
        "e03": ["wrapping": ["prefix"]], "e05": ["wrapping": ["sse"]], "e14": ["wrapping": ["objects"]],
        "e15": ["wrapping": ["ansi", "prefix"]],
        // Docker's wrapping can be taken off, or gone into.
        "e01": [
            "openai.usage": ["log{}.usage"], "openai.tenant": ["log{}.tenant"], "openai.model": ["log{}.model"],
            "openai.time": ["log{}.ts"],
        ],
        // The records of one call are running totals.
        "a17": ["repeats": ["last"]],
        // A call's input and output are records of their own, whose ids begin alike.
        "e18": [
            "fields.input-tokens": nil, "fields.tokens": ["data.tokens"], "fields.token-type": ["data.type"],
            "fields.id": ["id"], "repeats": ["sum"], "id.parts": ["-input", "-output"],
        ],
    ]

    @Test(arguments: SharedCases.all)
    func `a reported input comes out right, in pieces of any size`(_ original: SharedCase) throws {
        var sample = original
        for (name, texts) in Self.settings[sample.id] ?? [:] { sample.settings[name] = texts }
        let input = try sample.input()
        for chunk in input.count > 100_000 ? [65_536, .max] : [1, 7, 64, .max] {
            let (rows, refused) = try sample.collect(input, chunk: chunk)
            #expect(rows == sample.right, "in pieces of \(chunk)")
            #expect(refused == sample.refused, "in pieces of \(chunk)")
        }
    }

    @Test func `every case is there`() {
        #expect(SharedCases.all.count == 56)
        let ids = Set(SharedCases.all.map(\.id))
        #expect(Set(Self.settings.keys).isSubset(of: ids))
    }
}
