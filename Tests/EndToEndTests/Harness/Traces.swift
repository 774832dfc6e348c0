internal import Foundation
internal import TestHarness
internal import TestSupport

/// The real traces and their totals, in the directory that ``SharedData`` finds.
enum Traces {
    static let azure = "AzureLLMInferenceTrace_conv.csv.gz"
    static let mooncake = "mooncake_conversation_trace.lines_1-5719.jsonl.gz"
    static let serveGenSmall = "servegen_language_m-small.tar.gz"
    static let serveGenReason = "servegen_reason_deepseek-r1.tar.gz"
    static let agentic = "agentic_sessions_0001-0400.tar.zst"

    static var areHere: Bool { SharedData.isPresent }

    static func path(_ name: String) throws -> String {
        guard let directory = SharedData.directory else { throw CocoaError(.fileNoSuchFile) }
        return "\(directory)/\(name)"
    }

    static func totals(_ name: String) throws -> TraceTotals {
        let data = try Data(contentsOf: URL(fileURLWithPath: try path("totals.json")))
        let all = try JSONDecoder().decode([String: TraceTotals].self, from: data)
        guard let totals = all[name] else { throw CocoaError(.coderValueNotFound) }
        return totals
    }
}

/// One file's entry in `totals.json`: the breakdowns that it has.
struct TraceTotals: Decodable {
    var inputTokens: UInt64
    var outputTokens: UInt64
    /// ServeGen's rows are slots; its requests are counted apart.
    var requestsAll: UInt64?
    var rows: UInt64
    var byMinute: [String: Counts]?
    var byClient: [String: Counts]?
    var byModel: [String: Counts]?
    var bySession: [String: Counts]?

    enum CodingKeys: String, CodingKey {
        case rows
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case requestsAll = "requests_all"
        case byMinute = "by_minute"
        case byClient = "by_client"
        case byModel = "by_model"
        case bySession = "by_session"
    }

    /// The whole file. Requests of clients without a histogram are known though their tokens are not.
    var total: Counts { Counts(requestsAll ?? rows, inputTokens, outputTokens) }
}

extension Counts: Decodable {
    /// `[requests, input, output]`; `null` tokens (unknown upstream) are 0 here, as they are fed.
    init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        let requests = try values.decode(UInt64.self)
        let input = try values.decodeIfPresent(UInt64.self) ?? 0
        self.init(requests, input, try values.decodeIfPresent(UInt64.self) ?? 0)
    }
}
