internal import APIModel
internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/concentration`.
    @Sendable func concentration(
        _ request: Request, _ context: QueryContext, _ caller: TokenRecord
    ) async throws -> APIResponse {
        let parameters = try request.parameters(["scope", "period", "from", "to", "as-known-at", "wait-for"])
        let format = try request.format([.json, .csv])
        let scope = try namedScope(parameters)
        let period = try Self.period(parameters)
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        // The squares of all entities are needed, those that the scope doesn't name too.
        var named = scope
        named.top = nil
        let answers = try await store.answers(
            to: [ScopeQuestion(scope: named, period: period)], knownAt: knownAt, visibility: caller.visibility)
        let answer = ConcentrationResponse(scope, table: answers.tables[0], answers: answers)
        return APIResponse(answer, as: format).position(answers.position)
    }
}
