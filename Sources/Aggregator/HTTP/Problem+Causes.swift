internal import HTTPSupport
internal import NIOCore
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension Problem {
    /// What a domain error looks like to a client; `nil` for what should never reach one (500).
    ///
    /// The one place where errors of the parts below become HTTP.
    init?(cause error: any Error) {
        switch error {
        case let error as StoreError: self = Self.store(error)
        case let error as QuestionError: self = Self.question(error)
        case let error as PostgresError:
            guard let problem = Self.postgres(error) else { return nil }
            self = problem
        case let error as ConcurrencyLimiter.Refusal: self = Self.admission(error)
        case let error as QuestionBudget.Refusal: self = Self.question(error)
        case is AnswerFileError:
            self = .unavailable(
                "The server can't store the answer; its log says why.", retryAfterSeconds: 10,
                code: "answers-unavailable")
        case let error as UnknownScope:
            self = Problem(
                status: 404, code: "unknown-scope", title: "There is no such scope", detail: "\(error).",
                extensions: [
                    JSONMember("parameter", "scope"), JSONMember("allowed", .array(error.known.map { .string($0) })),
                ])
        case let error as MissingFacts:
            self = Problem(
                status: 422, code: MissingFacts.code, title: "The scope needs facts that are not there",
                detail: "\(error).",
                extensions: [
                    JSONMember("missing", .array(error.facts.map { .string($0.rawValue) })),
                    JSONMember("imports", .array(error.kinds.map { .string($0.rawValue) })),
                ])
        case let error as UnanswerableScope:
            self = Problem(
                status: 422, code: error.code.rawValue, title: "The facts don't answer the scope over this period",
                detail: error.description)
        case let error as EpochOutOfReach:
            self = Problem(
                status: 409, code: "epoch-out-of-reach", title: "The remembered epoch was never issued here",
                detail: "last_epoch is \(error.remembered), and the newest epoch of this collector is \(error.newest). "
                    + "Where somebody used the identity's numbers up, give it back with "
                    + "`steelyard-aggregator retire-epochs PROVIDER/COLLECTOR`.",
                extensions: [JSONMember("newest_epoch", .integer(Int64(clamping: error.newest)))])
        case let error as StatementRefusal: self = .statement(error)
        case is NIOTooManyBytesError: self = .contentTooLarge(limitBytes: APILimits.maxFactsBodyBytes)
        case is CancellationError: self = .unavailable("The server is stopping.")
        default: return nil
        }
    }

    private static func question(_ error: QuestionError) -> Problem {
        switch error.code {
        case .badQuery:
            Problem(
                status: 400, code: error.code.rawValue, title: "The question can't be answered as it is",
                detail: error.message)
        case .notKept:
            Problem(
                status: 422, code: error.code.rawValue, title: "What the question needs is not kept",
                detail: error.message)
        }
    }

    private static func store(_ error: StoreError) -> Problem {
        switch error.code {
        case .factConflict:
            Problem(status: 422, code: "invalid-facts", title: "The facts were refused", detail: error.message)
        case .positionNotReached:
            .unavailable(error.message, retryAfterSeconds: 1, code: "position-not-reached")
        case .notFound: .notFound(error.message)
        case .busy: .unavailable(error.message)
        default: .unavailable("The database is not in a state that this server can work with.", retryAfterSeconds: 10)
        }
    }

    private static func postgres(_ error: PostgresError) -> Problem? {
        if error.isUnknownCommit {
            return .unavailable(
                "Whether the request was carried out is unknown; repeat it to find out.", code: "unknown-outcome")
        }
        if error.code == .queryCanceled {
            return .unavailable(
                "The question took longer than a statement may run; ask for less.", retryAfterSeconds: 10,
                code: "too-slow")
        }
        // 53xxx: the server is out of memory, disk or connections. XX: it is damaged, and a person is needed.
        let isShort = error.code.rawValue.hasPrefix("53") || error.code.rawValue.hasPrefix("SY00")
        guard error.isRetryable || isShort else { return nil }
        return .unavailable("The database is not available.")
    }

    /// An answer that no limit lets out.
    static func answerTooLarge(bytes: Int) -> Problem {
        Problem(
            status: 422, code: "answer-too-large", title: "The answer is too large",
            detail: "It has \(bytes) bytes, and an answer at most \(APILimits.maxAnswerBytes). Ask for a shorter "
                + "range, fewer dimensions or one provider, or for text/csv.")
    }

    private static func question(_ refusal: QuestionBudget.Refusal) -> Problem {
        switch refusal {
        case .busy: .unavailable("As many questions as this server takes are under way.", code: "busy")
        case .tooManyOfToken(let limit):
            .tooManyRequests(
                "This token has \(limit) questions under way; wait for their answers.",
                retryAfterSeconds: APILimits.retryAfterSeconds)
        case .tooManyChanges(let limit):
            .tooManyRequests(
                "This token has \(limit) imports, previews or steps of closing under way; wait for their answers.",
                retryAfterSeconds: APILimits.retryAfterSeconds)
        case .tooManyKept:
            .tooManyRequests(
                "This token's questions under way need as many rows of the database as they may; wait for their answers.",
                retryAfterSeconds: APILimits.retryAfterSeconds)
        case .tooManyRows(let limit):
            Problem(
                status: 422, code: "too-many-rows", title: "The question needs too many rows",
                detail: "It needs more than \(limit) rows of the database (query.rows-per-token). Ask for a shorter "
                    + "period, fewer steps or fewer scopes at once.")
        case .tooMuchUnread:
            .tooManyRequests(
                "This token has answers under way that nobody reads; read them first.",
                retryAfterSeconds: APILimits.retryAfterSeconds)
        }
    }

    private static func admission(_ refusal: ConcurrencyLimiter.Refusal) -> Problem {
        switch refusal {
        case .busy:
            .unavailable(
                "As many batches as this server takes are under way.",
                retryAfterSeconds: Int.random(in: APILimits.busyRetryAfterSeconds), code: "busy")
        case .tooManyFromCollector:
            .tooManyRequests(
                "This collector has \(APILimits.maxBatchesInFlightPerCollector) batches under way; send them in order.",
                retryAfterSeconds: APILimits.retryAfterSeconds)
        }
    }
}
