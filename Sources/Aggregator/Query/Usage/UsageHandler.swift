internal import APIModel
internal import Hummingbird
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/usage`.
struct UsageHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters(UsageQuestion.parameters)
        let format = try request.format([.json, .csv])
        let question = try UsageQuestion(parameters, calendar: dependencies.store.calendar, caller: caller)
        try await dependencies.waitIfAsked(parameters, for: caller)
        let answer = try await dependencies.questions(of: caller).snapshot { try $0.usage(question.query) }
        var response = UsageResponse(question, answer)
        if caller.provider != nil { response.position = nil }
        return APIResponse(response, as: format).position(answer.position, for: caller)
    }
}
