internal import CollectorCore
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import SourceFormats
internal import TextFormats

/// How a path is spoken with: what its bodies are beside their bytes, and how it answers.
enum PushProtocol: Sendable, Equatable {
    /// Steelyard's own: the answer says what became of the events.
    case events
    /// OpenTelemetry's, with the signal that its path is for.
    case otlp(OTLPSignal)
    /// OpenMeter's, which answers nothing but that it took them.
    case openMeter

    /// The format of the sources that such a path is for; `nil` for sources of any.
    var formatName: String? {
        switch self {
        case .events: nil
        case .otlp: OTLPFormat.name
        case .openMeter: CloudEventsFormat.name
        }
    }

    /// What is known about a body of this media type.
    func expectation(mediaType: String) -> SourceExpectation {
        guard case .otlp(let signal) = self else { return SourceExpectation(mediaType: mediaType) }
        return SourceExpectation(mediaType: mediaType, signal: signal)
    }

    /// The answer once everything that is to be counted is durable.
    ///
    /// - Throws: ``Problem`` where nothing was taken and the sender is to know.
    func answer(_ outcome: EventsOutcome, mediaType: String) throws(Problem) -> Response {
        let taken = outcome.accepted + outcome.duplicates + outcome.ignored.total
        switch self {
        case .otlp(let signal):
            try OTLPAnswer.check(outcome)
            return OTLPAnswer(isJSON: Self.isJSON(mediaType)).success(outcome, signal)
        case .events, .openMeter:
            if taken + outcome.rejectedCount == 0 { throw .noEvents }
            if taken == 0 { throw .allRejected(outcome) }
            return self == .openMeter ? Response(status: .noContent) : .json(outcome.json)
        }
    }

    func answer(_ problem: Problem, mediaType: String) -> Response {
        guard case .otlp = self else { return problem.response }
        return OTLPAnswer(isJSON: Self.isJSON(mediaType)).failure(problem)
    }

    private static func isJSON(_ mediaType: String) -> Bool { mediaType.hasSuffix("json") }
}

/// OTLP's answers, in the encoding of the request.
struct OTLPAnswer {
    static let protobufType = "application/x-protobuf"

    var isJSON: Bool

    /// - Throws: ``Problem`` for a body that isn't OTLP, which is the sender's mistake. Records that can't be counted
    ///   are told of, since nobody would mend them by sending them again.
    static func check(_ outcome: EventsOutcome) throws(Problem) {
        let taken = outcome.accepted + outcome.duplicates + outcome.ignored.total
        if taken == 0, outcome.rejected.first?.reason == "syntax" { throw .allRejected(outcome) }
    }

    /// `Export…ServiceResponse` as protobuf, with a partial success where records were refused. Some SDKs never read
    /// it.
    static func message(of outcome: EventsOutcome) -> [UInt8] {
        guard outcome.rejectedCount > 0 else { return [] }
        var partial = ProtobufMessage()
        partial.integer(1, outcome.rejectedCount)
        partial.text(2, refusal(outcome))
        var answer = ProtobufMessage()
        answer.content(1, partial.bytes)
        return answer.bytes
    }

    /// The same as an answer over HTTP.
    func success(_ outcome: EventsOutcome, _ signal: OTLPSignal) -> Response {
        guard outcome.rejectedCount > 0 else { return response(.ok, json: .object([]), protobuf: []) }
        return response(
            .ok,
            json: [
                "partialSuccess": .object([
                    // 64 bits are text in OTLP's JSON.
                    JSONMember(signal.rejectedName, .string(String(outcome.rejectedCount))),
                    JSONMember("errorMessage", .string(Self.refusal(outcome))),
                ])
            ], protobuf: Self.message(of: outcome))
    }

    /// `google.rpc.Status`, with the problem's status and when to come back.
    func failure(_ problem: Problem) -> Response {
        let message = "\(problem.title). \(problem.detail)"
        var status = ProtobufMessage()
        status.integer(1, UInt64(Self.code(problem.status)))
        status.text(2, message)
        let known = problem.response
        var response = response(
            known.status, json: ["code": .integer(Int64(Self.code(problem.status))), "message": .string(message)],
            protobuf: status.bytes)
        for name in [HTTPField.Name.retryAfter, .wwwAuthenticate, .allow] {
            response.headers[name] = known.headers[name]
        }
        return response
    }

    private static func refusal(_ outcome: EventsOutcome) -> String {
        guard let first = outcome.rejected.first else { return "\(outcome.rejectedCount) were refused" }
        let place = first.field.isEmpty ? "" : " in \(first.field)"
        return
            "\(outcome.rejectedCount) were refused, the first (\(first.line)) as \(first.reason)\(place): \(first.detail)"
    }

    private func response(_ status: HTTPResponse.Status, json: JSONValue, protobuf: [UInt8]) -> Response {
        if isJSON { return .json(json, status: status) }
        return Response(
            status: status, headers: [.contentType: Self.protobufType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: protobuf)))
    }

    /// gRPC's code for an HTTP status.
    static func code(_ status: Int) -> Int {
        switch status {
        case 400, 413, 415: 3  // INVALID_ARGUMENT
        case 401: 16  // UNAUTHENTICATED
        case 403: 7  // PERMISSION_DENIED
        case 404: 5  // NOT_FOUND
        case 408, 503: 14  // UNAVAILABLE
        case 429: 8  // RESOURCE_EXHAUSTED
        default: 13  // INTERNAL
        }
    }
}

/// Writes the few fields of an answer as protobuf.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func integer(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    mutating func content(_ field: UInt64, _ content: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    mutating func text(_ field: UInt64, _ text: String) { content(field, Array(text.utf8)) }
}
