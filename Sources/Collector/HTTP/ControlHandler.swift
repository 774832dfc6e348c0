internal import CollectorCore
internal import Foundation
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Logging
internal import Telemetry
internal import TextFormats
internal import UsageModel

/// What this machine's own commands ask of a running collector, on a listener of loopback: `POST /v1/requeue`. Only who
/// can read the token in the data directory may.
struct ControlHandler: Sendable {
    /// The parameters of ``requeue(_:)``.
    enum Parameter {
        static let source = "source"
        /// RFC 3339, to the millisecond.
        static let since = "since"
        static let reason = "reason"
    }

    let tokens: BearerTokens
    let requeuer: Requeuer
    let logger: Logger

    func requeue(_ request: Request) async -> Response {
        do throws(Problem) {
            let fields = request.headers[values: .authorization]
            guard fields.count == 1, let token = SourceAccess.bearerToken(in: fields[0]), tokens.contains(token) else {
                throw .notAllowedToPush
            }
            let question = try Self.question(request)
            do {
                return .json(try await requeuer.run(question).json)
            } catch {
                throw problem(error)
            }
        } catch {
            return error.response
        }
    }

    private static func question(_ request: Request) throws(Problem) -> RequeueRequest {
        let parameters = request.uri.queryParameters
        guard let source = parameters[Parameter.source[...]].map(String.init), !source.isEmpty else {
            throw .badRequest("The parameter source is missing; name the source whose records are to be read again.")
        }
        var question = RequeueRequest(source: source)
        if let text = parameters[Parameter.since[...]] {
            guard let milliseconds = Int64(text) else {
                throw .badRequest("since is no number of milliseconds since 1970-01-01T00:00Z.")
            }
            question.sinceMilliseconds = milliseconds
        }
        if let text = parameters[Parameter.reason[...]] {
            guard let reason = RejectionReason(rawValue: String(text)) else {
                throw .badRequest("reason is none that records are refused for.")
            }
            question.reason = reason
        }
        return question
    }

    private func problem(_ error: any Error) -> Problem {
        switch error {
        case Requeuer.Refusal.noSuchSource: return .unknownSource
        case Requeuer.Refusal.closed(let reason): return .closed(reason)
        case Requeuer.Refusal.readsWholeVersions:
            return .badRequest(
                "The source has content: replaced. A version with refused records is read again, whole, at SIGHUP, at a "
                    + "start and when it changes: what counts by then is counted then.")
        case Requeuer.Refusal.wrongConfiguration(let text):
            return .badRequest("The configuration can't be read, and nothing was read again: \(text)")
        default:
            logger.error("quarantined records could not be read again", [.error: "\(error)"])
            return Problem(
                status: 500, code: "requeue-failed", title: "Quarantined records could not be read again",
                detail: "\(error). What was counted before it is counted; ask again.")
        }
    }
}

extension RequeueOutcome {
    var json: JSONValue {
        func number(_ count: UInt64) -> JSONValue { .integer(Int64(clamping: count)) }
        return [
            "counted": number(counted), "duplicates": number(duplicates), "ignored": number(ignored),
            "refused": number(refused), "incomplete": number(incomplete),
        ]
    }
}
