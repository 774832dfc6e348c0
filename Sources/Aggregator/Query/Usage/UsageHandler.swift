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
        let makeWriter = dependencies.answerWriter()
        let (answer, position) = try await dependencies.questions(of: caller).snapshot { session in
            var position: UInt64 = 0
            var encoder: RowEncoder<UsageResponse>?
            try session.usage(question.query) { answer in
                position = answer.position
                var response = UsageResponse(question, answer)
                if caller.provider != nil { response.position = nil }
                encoder = try RowEncoder(response, as: format, to: makeWriter())
            } eachRow: { row in
                try encoder?.append(UsageResponse.Row(row, of: question.query))
            }
            guard var encoder else { preconditionFailure("an answer that never began") }
            return (try encoder.finish(), position)
        }
        return APIResponse(answer, as: format).position(position, for: caller)
    }
}
