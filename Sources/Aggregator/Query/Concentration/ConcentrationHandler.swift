internal import APIModel
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/concentration`.
struct ConcentrationHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(
        _ request: Request, context: QueryContext, caller: TokenRecord
    ) async throws -> APIResponse {
        let parameters = try request.parameters(["scope", "period", "from", "to", "as-known-at", "wait-for"])
        let format = try request.format([.json, .csv])
        let scope = try dependencies.scopes.scope(named: "scope", in: parameters)
        let period = try parameters.period()
        let knownAt = try parameters.knownAt()
        try await dependencies.waitIfAsked(parameters, for: caller)
        // The squares of all entities are needed, those that the scope doesn't name too.
        var named = scope
        named.top = nil
        let figures = try await dependencies.reports(for: caller).answer(
            to: ScopeQuestion(scope: named, period: period), knownAt: knownAt, visibility: caller.visibility)
        return APIResponse(ConcentrationResponse(scope, figures), as: format).position(figures.position)
    }
}
