import SourceFormats
import Testing
import UsageModel

@Suite(.enabled(if: SharedCases.directory != nil)) struct SharedCasesTests {
    /// Settings that a case is written with now, where those of its file can't express it. `nil` takes one away.
    static let settings: [String: [String: [String]?]] = [
        // The `provider` of a record is the upstream that a router chose.
        "a31": ["openai.provider": []],
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
        // Docker's wrapping can be taken off, or gone into.
        "e01": [
            "openai.usage": ["log{}.usage"], "openai.tenant": ["log{}.tenant"], "openai.model": ["log{}.model"],
            "openai.time": ["log{}.ts"],
        ],
    ]

    /// Cases that come out right with another part of the collector, and which.
    static let awaiting: [String: String] = [
        "a01": "usage shapes", "a03": "usage shapes", "a04": "usage shapes", "a06": "usage shapes",
        "a10": "usage shapes",
        "a14": "usage shapes", "a20": "usage shapes", "a43": "usage shapes",
        "a17": "records of one id", "e18": "records of one id",
        "e03": "wrappings", "e05": "wrappings", "e14": "wrappings", "e15": "wrappings",
    ]

    @Test(arguments: SharedCases.all.filter { awaiting[$0.id] == nil })
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
        #expect(Set(Self.settings.keys).isSubset(of: ids) && Set(Self.awaiting.keys).isSubset(of: ids))
    }
}
