internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// An answer of the HTTP intake that isn't a success: problem details (RFC 9457) with a stable `code`.
struct Problem: Error {
    var status: HTTPResponse.Status
    /// For programs.
    var code: String
    /// For people: what was wrong and what to do.
    var detail: String
    var retryAfterSeconds: Int?
    var outcome: EventsOutcome?

    init(
        _ status: HTTPResponse.Status, _ code: String, _ detail: String, retryAfterSeconds: Int? = nil,
        outcome: EventsOutcome? = nil
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
        self.outcome = outcome
    }

    private struct Document: Encodable {
        var type = "about:blank"
        var title: String
        var status: Int
        var code: String
        var detail: String
        var accepted: UInt64?
        var rejected: [EventsOutcome.Rejected]?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var rejected_count: UInt64?
    }

    var response: Response {
        var response = JSONResponse.make(
            Document(
                title: status.reasonPhrase, status: status.code, code: code, detail: detail,
                accepted: outcome?.accepted, rejected: outcome?.rejected, rejected_count: outcome?.rejectedCount),
            status: status, contentType: "application/problem+json")
        if let retryAfterSeconds { response.headers[.retryAfter] = String(retryAfterSeconds) }
        return response
    }
}

/// What became of a request's records, as the sender is told.
struct EventsOutcome: Sendable, Encodable {
    struct Rejected: Sendable, Encodable {
        var line: UInt64
        var reason: String
        var field: String
        var detail: String
    }

    var accepted: UInt64 = 0
    /// Events that had been accepted before and are not counted again.
    var duplicates: UInt64 = 0
    /// The first ones; `rejectedCount` is of all.
    var rejected: [Rejected] = []
    var rejectedCount: UInt64 = 0

    enum CodingKeys: String, CodingKey {
        case accepted, duplicates, rejected
        case rejectedCount = "rejected_count"
    }
}

enum JSONResponse {
    static func make(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, contentType: String = "application/json"
    ) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = (try? encoder.encode(value)) ?? Data("{}".utf8)
        return Response(
            status: status, headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

/// Turns what routes and the router throw into problem details.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return problem.response
        } catch let error as any HTTPResponseError {
            return Problem(error.status, "http-\(error.status.code)", error.status.reasonPhrase).response
        }
    }
}
