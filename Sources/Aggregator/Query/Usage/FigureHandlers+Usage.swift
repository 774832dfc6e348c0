internal import APIModel
internal import Hummingbird
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/usage`.
    @Sendable func usage(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> APIResponse
    {
        let parameters = try request.parameters(UsageQuestion.parameters)
        let format = try request.format([.json, .csv])
        let question = try UsageQuestion(parameters, calendar: store.calendar, caller: caller)
        try await waitIfAsked(parameters)
        let answer = try await store.usage(question.query)
        return APIResponse(UsageResponse(question, answer), as: format).position(answer.position)
    }
}
