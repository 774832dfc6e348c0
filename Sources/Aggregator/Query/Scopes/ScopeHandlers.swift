internal import APIModel
internal import Hummingbird
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// The scopes of the installation.
struct ScopeHandlers: Sendable {
    let dependencies: QueryDependencies

    /// `GET /v1/scopes`.
    @Sendable func list(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        let format = try request.format([.json, .csv])
        return APIResponse(ScopesResponse(dependencies.scopes), as: format)
    }

    /// `GET /v1/scopes/{id}`.
    @Sendable func one(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        _ = try request.format([.json])
        return .json(ScopeDefinition(try dependencies.scopes.scope(context.parameters.get("id") ?? "")))
    }
}
