package import TextFormats

/// What both daemons answer.
extension Problem {
    package static func badRequest(_ detail: String, extensions: [JSONMember] = []) -> Problem {
        Problem(
            status: 400, code: "bad-request", title: "The request is malformed", detail: detail,
            extensions: extensions)
    }

    package static func notFound(_ detail: String) -> Problem {
        Problem(status: 404, code: "not-found", title: "There is no such thing", detail: detail)
    }

    package static func methodNotAllowed(allow: [String]) -> Problem {
        Problem(
            status: 405, code: "method-not-allowed", title: "The path does not have this method",
            detail: "This path answers \(allow.joined(separator: ", ")).", allow: allow)
    }

    package static func tooManyRequests(_ detail: String, retryAfterSeconds: Int) -> Problem {
        Problem(
            status: 429, code: "too-many-requests", title: "Too many requests at once", detail: detail,
            retryAfterSeconds: retryAfterSeconds)
    }

    package static func unavailable(
        _ detail: String, retryAfterSeconds: Int = 1, code: String = "unavailable"
    ) -> Problem {
        Problem(
            status: 503, code: code, title: "The service can't answer right now", detail: detail,
            retryAfterSeconds: retryAfterSeconds)
    }

    package static let internalError = Problem(
        status: 500, code: "internal-error", title: "Something went wrong in the server",
        detail: "The request was not carried out. The server's log says why; repeat it, or tell the operator.")
}
