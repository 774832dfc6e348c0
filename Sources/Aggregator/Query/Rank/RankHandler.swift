internal import APIModel
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/rank`.
struct RankHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters(["scope", "period", "from", "to", "as-known-at", "wait-for"])
        let format = try request.format([.json, .csv])
        let scopes = try dependencies.scopes.scopes(in: parameters, limit: APILimits.maxRankScopes)
        let period = try parameters.period()
        let knownAt = try parameters.knownAt()
        try await dependencies.waitIfAsked(parameters, for: caller)
        let partial = try await dependencies.reports(for: caller).results(
            of: scopes.map { ScopeQuestion(scope: $0, period: period) }, knownAt: knownAt, visibility: caller.visibility
        ).partial()
        let answer = RankResponse(
            period, groups: try ScopeRanks.grouped(partial.answers.tables), answers: partial.answers,
            refused: partial.refused)
        return APIResponse(answer, as: format).position(partial.answers.position)
    }
}
