import Foundation
import SourceFormats
import Testing
import UsageModel

/// Requests as real senders made them, beside the package (`../shared/cases/captures`): not part of the repository.
enum Captures {
    static let directory: String? = {
        guard let found = SharedCases.directory.map({ "\($0)/captures" }) else { return nil }
        if FileManager.default.fileExists(atPath: found) { return found }
        print("SKIPPED: \(found) isn't there; captures aren't read")
        return nil
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(try #require(directory))/\(name)")))
    }
}

/// What real senders say of the calls that they made: one chat call, one streamed with usage and one without, an
/// embedding, one of Responses and one more chat call. A call used 1,200 input, 1,024 of them cached, and 350 output,
/// 128 of them reasoning; the embedding 8 input.
@Suite(.enabled(if: Captures.directory != nil)) struct CaptureTests {
    struct Expected: Sendable {
        var file: String
        var signal: OTLPSignal
        var counts: TokenCounts
        var events: Int
        /// Calls that the sender didn't say the usage of.
        var noUsage: Int
    }

    static let spans: [Expected] = [
        // Says no cache and no reasoning, and nothing of Responses.
        Expected(
            file: "otlp-openai-v2-2.4b0-default-traces.pb", signal: .traces,
            counts: TokenCounts(requests: 4, input: 3_608, output: 1_050), events: 4, noUsage: 1),
        Expected(
            file: "otlp-openai-v2-2.4b0-latest-traces.pb", signal: .traces,
            counts: TokenCounts(requests: 4, input: 3_608, output: 1_050), events: 4, noUsage: 1),
        // Of the three calls whose events it wrote; what is streamed without usage has none.
        Expected(
            file: "otlp-openai-v2-2.4b0-latest-logs.pb", signal: .logs,
            counts: TokenCounts(requests: 2, input: 2_400, output: 700), events: 2, noUsage: 1),
        Expected(
            file: "otlp-openinference-openai-0.1.66-traces.pb", signal: .traces,
            counts: TokenCounts(
                requests: 5, input: 4_808, cachedInput: 4_096, output: 1_400, reasoningOutput: 512), events: 5,
            noUsage: 1),
        // No reasoning of streams.
        Expected(
            file: "otlp-traceloop-openai-0.62.4-traces.pb", signal: .traces,
            counts: TokenCounts(
                requests: 4, input: 3_608, cachedInput: 3_072, output: 1_050, reasoningOutput: 256), events: 4,
            noUsage: 1),
        // The stream without usage is its own estimate of 8 and 1, which nothing marks.
        Expected(
            file: "otlp-litellm-1.110.2-v2-traces.pb", signal: .traces,
            counts: TokenCounts(requests: 4, input: 2_416, cachedInput: 2_048, output: 701), events: 4, noUsage: 0),
    ]

    private let defaults = EventDefaults(provider: "volcengine", tenant: "t")

    @Test(arguments: spans)
    func `every call that a sender reports is counted to the token`(_ expected: Expected) throws {
        var format = OTLPFormat()
        format.signal = expected.signal
        let body = try Captures.bytes(expected.file)
        let found = try collect(body, format, defaults: defaults, framing: .document)
        #expect(found.totals == expected.counts)
        #expect(found.events.count == expected.events)
        #expect(found.ignoredCounts[.noUsage, default: 0] == expected.noUsage)
        #expect(found.rejections.isEmpty)
        #expect(try collect(body, format, defaults: defaults, framing: .document, chunk: 100) == found)
    }

    @Test func `messages of prompts and answers are no calls`() throws {
        var format = OTLPFormat()
        format.signal = .logs
        let found = try collect(
            Captures.bytes("otlp-openai-v2-2.4b0-default-logs.pb"), format, defaults: defaults, framing: .document)
        #expect(found.events.isEmpty && found.rejections.isEmpty)
        #expect(found.ignoredCounts == [.filtered: 2])
    }

    @Test func `LiteLLM's team is a tenant where it is asked for`() throws {
        var format = OTLPFormat()
        format.tenantNames = ["litellm.team.id", "metadata.user_api_key_team_id"]
        let found = try collect(
            Captures.bytes("otlp-litellm-1.110.2-v2-traces.pb"), format, framing: .document)
        #expect(Set(found.events.map(\.tenant)) == ["team-a"])
    }

    @Test(arguments: spans)
    func `truncation at any byte keeps what is whole before it`(_ expected: Expected) throws {
        var format = OTLPFormat()
        format.signal = expected.signal
        let body = try Captures.bytes(expected.file)
        let whole = try collect(body, format, defaults: defaults, framing: .document)
        for length in stride(from: 0, to: body.count, by: 3) {
            let cut = try collect(Array(body[..<length]), format, defaults: defaults, framing: .document)
            #expect(whole.events.starts(with: cut.events), "cut at \(length)")
        }
    }
}
