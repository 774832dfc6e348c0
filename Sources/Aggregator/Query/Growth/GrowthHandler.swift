internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/growth`.
struct GrowthHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters([
            "scope", "from-period", "to-period", "entity", "as-known-at", "wait-for", "restated",
        ])
        let format = try request.format([.json, .csv])
        let scope = try dependencies.scopes.scope(named: "scope", in: parameters)
        let periods = [
            try parameters.period(named: "from-period"), try parameters.period(named: "to-period"),
        ]
        let entities = try parameters.list("entity")
        let knownAt = try parameters.knownAt()
        let isRestated = try parameters.flag("restated")
        try await dependencies.waitIfAsked(parameters, for: caller)
        var named = scope
        named.top = nil
        let comparison = try await dependencies.reports(for: caller).compare(
            periods[0], with: periods[1], under: named,
            source: isRestated || knownAt != nil ? .evaluation(knownAt: knownAt) : .statements,
            visibility: caller.visibility)
        for entity in entities {
            let tables = comparison.from.tables + comparison.to.tables
            if let problem = Problem.unknownEntity(entity, tables) { throw problem }
        }
        let answer = GrowthResponse(scope, comparison: comparison, entities: entities)
        return APIResponse(answer, as: format).position(comparison.position)
    }
}
