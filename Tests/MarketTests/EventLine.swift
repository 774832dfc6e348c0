import Foundation
import UsageModel

/// A simulated event as a reader of the native format sees it.
struct EventLine: Decodable {
    var time: String
    var provider: String
    var tenant: String
    var model: String
    var region: String
    var layer: String
    var workload: String
    var modality: String
    var requests: UInt64
    var inputTokens: UInt64
    var cachedInputTokens: UInt64
    var outputTokens: UInt64
    var reasoningOutputTokens: UInt64

    enum CodingKeys: String, CodingKey {
        case time, provider, tenant, model, region, layer, workload, modality, requests
        case inputTokens = "input_tokens"
        case cachedInputTokens = "cached_input_tokens"
        case outputTokens = "output_tokens"
        case reasoningOutputTokens = "reasoning_output_tokens"
    }

    var tokens: UInt128 { UInt128(inputTokens) + UInt128(outputTokens) }

    static func decode(_ bytes: [UInt8]) throws -> [EventLine] {
        let decoder = JSONDecoder()
        return try bytes.split(separator: 0x0A).map { try decoder.decode(EventLine.self, from: Data($0)) }
    }
}
