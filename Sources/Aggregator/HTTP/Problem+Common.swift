package import TextFormats

extension Problem {
    /// 400 about one query parameter; `allowed` says what would be right.
    package static func badParameter(_ name: String, _ detail: String, allowed: [String] = []) -> Problem {
        var extensions = [JSONMember("parameter", .string(name))]
        if !allowed.isEmpty { extensions.append(JSONMember("allowed", .array(allowed.map { .string($0) }))) }
        return Problem(
            status: 400, code: "bad-parameter", title: "A query parameter is wrong",
            detail: "\(name): \(detail)", extensions: extensions)
    }

    package static func badRequest(_ detail: String, extensions: [JSONMember] = []) -> Problem {
        Problem(
            status: 400, code: "bad-request", title: "The request is malformed", detail: detail,
            extensions: extensions)
    }

    package static func unauthorized(_ detail: String, error: String? = nil) -> Problem {
        Problem(
            status: 401, code: "unauthorized", title: "A valid bearer token is needed", detail: detail,
            challenge: "Bearer realm=\"steelyard\"" + (error.map { ", error=\"\($0)\"" } ?? ""))
    }

    package static func forbidden(_ detail: String, code: String = "forbidden") -> Problem {
        Problem(status: 403, code: code, title: "The caller may not do this", detail: detail)
    }

    package static func notFound(_ detail: String) -> Problem {
        Problem(status: 404, code: "not-found", title: "There is no such thing", detail: detail)
    }

    package static func methodNotAllowed(allow: [String]) -> Problem {
        Problem(
            status: 405, code: "method-not-allowed", title: "The path does not have this method",
            detail: "This path answers \(allow.joined(separator: ", ")).", allow: allow)
    }

    package static func notAcceptable(offered: [String]) -> Problem {
        Problem(
            status: 406, code: "not-acceptable", title: "None of the accepted media types can be made",
            detail: "This path can answer \(offered.joined(separator: " or ")); ask for one of them in Accept.",
            extensions: [JSONMember("offered", .array(offered.map { .string($0) }))])
    }

    package static func contentTooLarge(limitBytes: Int) -> Problem {
        Problem(
            status: 413, code: "content-too-large", title: "The body is too large",
            detail: "The body may hold at most \(limitBytes) bytes.",
            extensions: [JSONMember("limit_bytes", .integer(Int64(limitBytes)))])
    }

    package static func unsupportedMediaType(_ detail: String) -> Problem {
        Problem(
            status: 415, code: "unsupported-media-type", title: "The body's type is not understood", detail: detail)
    }

    package static func tooManyRequests(_ detail: String, retryAfterSeconds: Int) -> Problem {
        Problem(
            status: 429, code: "too-many-requests", title: "Too many requests at once", detail: detail,
            retryAfterSeconds: retryAfterSeconds)
    }

    package static func unavailable(_ detail: String, retryAfterSeconds: Int = 1, code: String = "unavailable")
        -> Problem
    {
        Problem(
            status: 503, code: code, title: "The service can't answer right now", detail: detail,
            retryAfterSeconds: retryAfterSeconds)
    }

    package static let internalError = Problem(
        status: 500, code: "internal-error", title: "Something went wrong in the server",
        detail: "The request was not carried out. The server's log says why; repeat it, or tell the operator.")
}
