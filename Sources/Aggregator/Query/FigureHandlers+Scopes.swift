internal import APIModel
internal import Hummingbird
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/scopes`.
    @Sendable func scopes(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        let format = try request.format([.json, .csv])
        return APIResponse(ScopesResponse(catalogue), as: format)
    }

    /// `GET /v1/scopes/{id}`.
    @Sendable func oneScope(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        _ = try request.format([.json])
        return .json(ScopeDefinition(try catalogue.scope(context.parameters.get("id") ?? "")))
    }
}
