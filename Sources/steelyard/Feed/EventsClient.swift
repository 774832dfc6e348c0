internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// What a collector answered to `POST /v1/events`.
struct EventsAnswer: Decodable, Sendable {
    struct Rejected: Decodable, Sendable {
        var line: Int?
        var reason: String?
        var detail: String?
    }

    var accepted: Int
    var rejected: [Rejected]?
    var rejectedCount: Int?

    enum CodingKeys: String, CodingKey {
        case accepted, rejected
        case rejectedCount = "rejected_count"
    }
}

/// Sends events to a collector's HTTP intake, and comes back later where it says so.
struct EventsClient: Sendable {
    /// How often a request is repeated that the collector put off.
    static let maxAttempts = 200
    static let timeout = TimeAmount.seconds(60)
    private static let maxAnswerBytes = 8 << 20
    /// Time between attempts.
    private static let pause = Duration.seconds(1)

    /// Base URL of the collector, without a trailing slash.
    let url: String
    let http: HTTPClient

    /// Sends lines of native events. The answer tells what was taken, which may be none of them.
    ///
    /// Only an answer that says "not now" (429, 503) is a reason to send again: the collector took nothing. A
    /// connection that breaks leaves open whether it did, and sending again could count twice, so that is an error.
    func send(_ lines: [UInt8]) async throws -> EventsAnswer {
        for _ in 0..<Self.maxAttempts {
            var request = HTTPClientRequest(url: url + "/v1/events")
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-ndjson")
            request.body = .bytes(ByteBuffer(bytes: lines))
            let response = try await HTTPClients.execute(
                request, on: http, timeout: Self.timeout, maxBodyBytes: Self.maxAnswerBytes)
            switch response.status {
            case 200: return try response.decoded(EventsAnswer.self)
            case 429, 503: try await Task.sleep(for: Self.pause)
            case 400, 413, 415, 422:
                // Where the events themselves are at fault, the refusal lists them as a success does.
                if let answer = try? response.decoded(EventsAnswer.self) { return answer }
                let error = Problem.error(for: response, asking: "\(url)/v1/events")
                throw CommandError(.refusedInput, "the collector at \(url) refused the events: \(error.message)")
            default: throw Problem.error(for: response, asking: "\(url)/v1/events")
            }
        }
        throw CommandError(
            .failure,
            "the collector at \(url) put the events off \(Self.maxAttempts) times; is its disk full? See its "
                + "log and \(url)/readyz")
    }
}
