internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/shares`.
struct SharesHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters(["scope", "period", "from", "to", "by", "as-known-at", "wait-for"])
        let format = try request.format([.json, .csv])
        let scope = try dependencies.scopes.scope(parameters)
        let period = try parameters.period()
        let entities = Scope.Entity.allCases.map(\.rawValue)
        let by = try parameters.value("by", allowed: entities, parse: Scope.Entity.init(rawValue:)) ?? scope.entity
        guard by == scope.entity else {
            throw Problem.badParameter(
                "by", detail: "the scope \(scope.id) divides by \(scope.entity.rawValue)",
                allowed: [scope.entity.rawValue])
        }
        let knownAt = try parameters.knownAt()
        try await dependencies.waitIfAsked(parameters, for: caller)
        let figures = try await dependencies.reports(for: caller).answer(
            to: ScopeQuestion(scope: scope, period: period), knownAt: knownAt, visibility: caller.visibility)
        let answer = SharesResponse(
            figures.table, position: figures.position, knownAt: figures.knownAt,
            zone: ZoneRules(identifier: scope.zone) ?? dependencies.store.calendar)
        return APIResponse(answer, as: format).position(figures.position)
    }
}
