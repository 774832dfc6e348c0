internal import CollectorCore
internal import HTTPSupport

/// Why a request with events isn't answered 200.
extension Problem {
    /// What `Retry-After` says where nothing better is known, in seconds.
    private static let closedRetryAfterSeconds = 5
    /// What it says where the reason passes by itself, in seconds.
    private static let busyRetryAfterSeconds = 1

    static let unknownSource = Problem(
        status: 404, code: "unknown-source", title: "There is no such source",
        detail: "There is no `http` source of this name; see `sources`.")

    /// The same words whatever was wrong, and whether the source exists or not.
    static let notAllowedToPush = Problem(
        status: 401, code: "unauthorized", title: "A valid bearer token or client certificate is needed",
        detail: "Show a bearer token of the source in Authorization, or a client certificate that it takes.",
        challenge: "Bearer realm=\"steelyard-collector\"")

    static let sourceMustBeNamed = Problem(
        status: 404, code: "unknown-source", title: "There is no such source",
        detail:
            "There is not one `http` source alone of this path's format: put /otlp/NAME or /openmeter/NAME before the "
            + "path, with the source's name; see `sources`.")

    static let sourceMustBeNamedInMetadata = Problem(
        status: 404, code: "unknown-source", title: "It isn't said which source this is for",
        detail:
            "There is not one `otlp` source alone that this may be for: send the source's name as "
            + "\(GRPCIntake.sourceField) (OTEL_EXPORTER_OTLP_HEADERS=\(GRPCIntake.sourceField)=NAME), or give "
            + "each source a token of its own; see `sources`.")

    static func closed(_ reason: IntakeSwitch.Reason) -> Problem {
        Problem(
            status: 503, code: reason.rawValue, title: "No input is taken now",
            detail: "What to do: \(reason.remedy).", retryAfterSeconds: closedRetryAfterSeconds)
    }

    static let tooManyEventRequests = tooManyRequests(
        "More requests come than http.requests-per-second allows; send again later.",
        retryAfterSeconds: busyRetryAfterSeconds)

    static let tooManyBytes = Problem(
        status: 429, code: "too-many-bytes", title: "Too many request bytes are in work",
        detail: "Bodies in work take more than http.max-concurrent-bytes; send again later.",
        retryAfterSeconds: busyRetryAfterSeconds)

    static let unsupportedEncoding = Problem(
        status: 415, code: "unsupported-encoding", title: "The body's encoding is not understood",
        detail: "Send identity, gzip or zstd as Content-Encoding.")

    static func unsupportedType(allowed: [String]) -> Problem {
        Problem(
            status: 415, code: "unsupported-type", title: "The body's type is not understood",
            detail: "Send \(allowed.joined(separator: ", ")) as Content-Type here.")
    }

    static func bodyTooLarge(limitBytes: Int) -> Problem {
        Problem(
            status: 413, code: "body-too-large", title: "The body is too large",
            detail: "A body may have \(limitBytes) bytes, before and after decompression; send fewer events at once.")
    }

    static let bodyTooSlow = Problem(
        status: 408, code: "body-too-slow", title: "The body came too slowly",
        detail: "The body did not arrive within http.body-timeout.")

    static let bodyCut = Problem(
        status: 400, code: "body-cut", title: "The body was cut short",
        detail: "The body ended before it was complete.")

    static func badEncoding(_ error: DecompressionError) -> Problem {
        Problem(
            status: 400, code: "bad-encoding", title: "The body can't be decompressed",
            detail: "The body \(error.description).")
    }

    /// What `Retry-After` says where only smaller bodies or other settings help, in seconds.
    private static let refusedRetryAfterSeconds = 60

    /// The same as a 503 where it would have told the sender to come later, or with less: for senders that drop for
    /// good what isn't answered by a server's error.
    var asServerError: Problem {
        guard [408, 413, 429].contains(status) else { return self }
        var problem = self
        problem.status = 503
        problem.retryAfterSeconds = retryAfterSeconds ?? Self.refusedRetryAfterSeconds
        return problem
    }

    static let noEvents = Problem(
        status: 400, code: "no-events", title: "There are no events", detail: "The body holds no events.")

    static func allRejected(_ outcome: EventsOutcome) -> Problem {
        Problem(
            status: 400, code: "all-rejected", title: "All events were rejected",
            detail: "None of the events can be counted; see `rejected`.", extensions: outcome.members)
    }

    static let tooManyKeys = Problem(
        status: 413, code: "too-many-keys", title: "The body makes too many sums",
        detail: "The body makes more distinct keys than one request may hold; send fewer events at once.")

    static let repeatedAtOnce = Problem(
        status: 503, code: "repeated-at-once", title: "The same events are being sent by other requests",
        detail: "Other requests send the same events right now; send again later.",
        retryAfterSeconds: busyRetryAfterSeconds)
}
