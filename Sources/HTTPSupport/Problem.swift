internal import HTTPTypes
package import Hummingbird
internal import NIOCore
package import TextFormats

/// An error as the client sees it: RFC 9457 problem details, `application/problem+json`.
///
/// It never holds the cause (a database's message, a path, another provider's name): causes go to the log.
package struct Problem: Error, Sendable, Equatable {
    /// The HTTP status.
    package var status: Int
    /// A stable word for programs, also the end of the problem's `type`.
    package var code: String
    /// The same sentence for every problem of the code.
    package var title: String
    /// What was wrong with this request, and what would be right.
    package var detail: String
    /// Members beside the standard ones, such as `expected_sequence` or `parameter`.
    package var extensions: [JSONMember]
    /// For 429 and 503: when to come back, in seconds.
    package var retryAfterSeconds: Int?
    /// Challenge for 401.
    package var challenge: String?
    /// For 405: the methods that the path has.
    package var allow: [String]

    package init(
        status: Int, code: String, title: String, detail: String, extensions: [JSONMember] = [],
        retryAfterSeconds: Int? = nil, challenge: String? = nil, allow: [String] = []
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.extensions = extensions
        self.retryAfterSeconds = retryAfterSeconds
        self.challenge = challenge
        self.allow = allow
    }

    /// The URI in `type`.
    package var type: String { "urn:steelyard:problem:\(code)" }

    package var json: JSONValue {
        var members = [
            JSONMember("type", .string(type)), JSONMember("title", .string(title)),
            JSONMember("status", .integer(Int64(status))), JSONMember("detail", .string(detail)),
            JSONMember("code", .string(code)),
        ]
        members += extensions
        return .object(members)
    }
}

extension Problem {
    /// The answer that carries the problem.
    package var response: Response {
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
        if let challenge { headers[.wwwAuthenticate] = challenge }
        if !allow.isEmpty { headers[.allow] = allow.joined(separator: ", ") }
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.encoded)))
    }
}
