internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// An answer of the HTTP intake that isn't a success: problem details (RFC 9457) with a stable `code`.
struct Problem: Error {
    var status: HTTPResponse.Status
    /// For programs.
    var code: String
    /// For people: what was wrong and what to do.
    var detail: String
    var retryAfterSeconds: Int?
    /// With 405: the method that the path has.
    var allow: HTTPRequest.Method?
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
        if let allow { response.headers[.allow] = allow.rawValue }
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
    /// The method of a path; `nil` where there is no such path.
    let method: @Sendable (_ path: String) -> HTTPRequest.Method?

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return problem.response
        } catch let error as any HTTPResponseError where error.status == .notFound {
            return missing(request).response
        } catch let error as any HTTPResponseError {
            return Problem(error.status, "http-\(error.status.code)", error.status.reasonPhrase).response
        }
    }

    private func missing(_ request: Request) -> Problem {
        guard let method = method(request.uri.path) else {
            return Problem(
                .notFound, "not-found",
                "This collector has no such path; it has /v1/events, /v1/events/SOURCE, /metrics, /livez and /readyz.")
        }
        var problem = Problem(.methodNotAllowed, "method-not-allowed", "This path takes \(method) alone.")
        problem.allow = method
        return problem
    }
}
