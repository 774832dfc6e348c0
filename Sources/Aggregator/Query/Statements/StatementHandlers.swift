internal import APIModel
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// Closed months: propose, approve, withdraw, read.
struct StatementHandlers: Sendable {
    private let dependencies: QueryDependencies
    private let catalogue: ScopeCatalogue
    private let clock: any WallClock
    private let rules: StatementRules
    private let maxWait: Duration

    init(_ dependencies: QueryDependencies) {
        self.dependencies = dependencies
        catalogue = dependencies.scopes
        clock = dependencies.clock
        rules = dependencies.statementRules
        maxWait = dependencies.maxWait
    }

    /// `GET /v1/statements`.
    @Sendable func list(_ request: Request, context: QueryContext, caller: TokenRecord) async throws -> APIResponse {
        let parameters = try request.parameters(["scope", "month"])
        _ = try request.format([.json])
        let month = try parameters["month"].map { text throws(Problem) in try Period.month(named: text) }
        let scope = parameters["scope"]
        let headers = try await dependencies.questions(of: caller).snapshot {
            try $0.statements(scope: scope, month: month)
        }
        return .json(StatementsResponse { $0.statements = headers.map { StatementSummary($0) } })
    }

    /// `GET /v1/statements/{id}`.
    @Sendable func one(_ request: Request, context: QueryContext, caller: TokenRecord) async throws -> APIResponse {
        let parameters = try request.parameters(["restated", "wait-for"])
        _ = try request.format([.json])
        let isRestated = try parameters.flag("restated")
        let id = try Self.id(context)
        try await dependencies.waitIfAsked(parameters, for: caller)
        guard isRestated else {
            let statement = try await dependencies.questions(of: caller).snapshot { try $0.statement(id) }
            return .json(StatementResponse(statement))
        }
        let restated = try await dependencies.reports(for: caller).restated(id)
        return APIResponse.json(StatementResponse(restated.statement, restated: restated)).position(restated.position)
    }

    /// `POST /v1/statements`. Waits first until what is committed by now is rolled up; what isn't even then is short.
    @Sendable func propose(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        let body: StatementRequest = try await request.jsonBody(limitBytes: APILimits.maxQueryBodyBytes)
        let person = try caller.person()
        let month: Period
        do { month = try Period.month(named: body.month) } catch { throw Problem.badRequest(error.detail) }
        let reason = try Self.reason(body.overrideReason, "override_reason")
        let scope = try catalogue.scope(body.scope)
        do {
            try await dependencies.questions(of: caller).waitForLatest(timeout: maxWait)
        } catch let error as StoreError where error.code == .positionNotReached {
            // The proposal says which of the month's batches are missing, if any.
        }
        let statement = try await dependencies.reports(for: caller).propose(
            StatementProposal(
                scope: scope, month: month, overrideReason: reason, person: person, rules: rules, now: now))
        return .json(StatementResponse(statement), status: .created)
    }

    /// `POST /v1/statements/{id}/approval`.
    @Sendable func approve(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        try await request.requireNoBody()
        let statement = try await dependencies.reports(for: caller).approve(
            try Self.id(context), by: try caller.person(), rules: rules, now: now)
        return .json(StatementResponse(statement))
    }

    /// `POST /v1/statements/{id}/withdrawal`.
    @Sendable func withdraw(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        let body: StatementWithdrawal = try await request.jsonBody(limitBytes: APILimits.maxQueryBodyBytes)
        let statement = try await dependencies.reports(for: caller).withdraw(
            try Self.id(context), by: try caller.person(), reason: try Self.reason(body.reason, "reason"), now: now)
        return .json(StatementResponse(statement))
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.nowMilliseconds()) }

    private static func id(_ context: QueryContext) throws(Problem) -> Int64 {
        let text = context.parameters.get("id") ?? ""
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let id = Int64(text) else {
            throw .notFound("Statements are numbered; there is none \"\(text.prefix(40))\".")
        }
        return id
    }

    /// One line of text that says something, or `nil` where there is none.
    private static func reason(_ text: String?, _ name: String) throws(Problem) -> String? {
        guard let text else { return nil }
        guard !text.allSatisfy(\.isWhitespace), text.utf8.count <= StatementRequest.maxReasonBytes, text.isOneLine
        else {
            throw .badRequest("\(name) must be one line of text, 1 to \(StatementRequest.maxReasonBytes) bytes.")
        }
        return text
    }
}

extension TokenRecord {
    /// Who the caller is, for what needs two people.
    ///
    /// - Throws: ``Problem`` 403 where the token was made for nobody by name.
    fileprivate func person() throws(Problem) -> StatementPerson {
        guard let holder else {
            throw .forbidden(
                "The token names no holder, and closing a month needs two people who can be told apart; have a token "
                    + "made with a holder.", code: "no-holder")
        }
        return StatementPerson(holder: holder, token: id)
    }
}
