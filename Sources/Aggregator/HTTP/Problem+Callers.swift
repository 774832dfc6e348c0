package import HTTPSupport
internal import TextFormats

extension Problem {
    /// 400 about one query parameter; `allowed` says what would be right.
    package static func badParameter(_ name: String, detail: String, allowed: [String] = []) -> Problem {
        var extensions = [JSONMember("parameter", .string(name))]
        if !allowed.isEmpty { extensions.append(JSONMember("allowed", .array(allowed.map { .string($0) }))) }
        return Problem(
            status: 400, code: "bad-parameter", title: "A query parameter is wrong",
            detail: "\(name): \(detail)", extensions: extensions)
    }

    package static func unauthorized(
        _ detail: String, error: String? = nil, code: String = "unauthorized"
    ) -> Problem {
        Problem(
            status: 401, code: code, title: "A valid bearer token is needed", detail: detail,
            challenge: "Bearer realm=\"steelyard\"" + (error.map { ", error=\"\($0)\"" } ?? ""))
    }

    package static func forbidden(_ detail: String, code: String = "forbidden") -> Problem {
        Problem(status: 403, code: code, title: "The caller may not do this", detail: detail)
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
}
