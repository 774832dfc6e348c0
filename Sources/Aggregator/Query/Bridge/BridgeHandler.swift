internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/bridge`.
struct BridgeHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters([
            "from-scope", "to-scope", "period", "from", "to", "entity", "as-known-at", "wait-for",
        ])
        let format = try request.format([.json, .csv])
        let scopes = (
            try dependencies.scopes.scope(named: "from-scope", in: parameters),
            try dependencies.scopes.scope(named: "to-scope", in: parameters)
        )
        let bridge = try Self.bridge(from: scopes.0, to: scopes.1)
        let period = try parameters.period()
        let knownAt = try parameters.knownAt()
        try await dependencies.waitIfAsked(parameters, for: caller)
        let answers = try await dependencies.reports(for: caller).answers(
            to: bridge.steps.map { ScopeQuestion(scope: $0.scope, period: period) }, knownAt: knownAt,
            visibility: caller.visibility)
        let entity = parameters["entity"]
        if let entity, let problem = Problem.unknownEntity(entity, answers.tables) { throw problem }
        let answer = BridgeResponse(
            bridge, period: period, answers: answers,
            figures: BridgeFigures(bridge, tables: answers.tables, entity: entity))
        return APIResponse(answer, as: format).position(answers.position)
    }

    private static func bridge(from: Scope, to: Scope) throws(Problem) -> ScopeBridge {
        do throws(DifferentEntities) {
            return try ScopeBridge(from: from, to: to)
        } catch {
            throw Problem(
                status: 422, code: "different-entities", title: "The scopes divide among different things",
                detail: "to-scope: \(error).", extensions: [JSONMember("parameter", "to-scope")])
        }
    }
}
