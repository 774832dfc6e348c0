internal import APIModel
internal import Foundation
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Postgres
internal import Store
internal import TextFormats
internal import UsageModel

/// Tokens: list, create, revoke.
struct TokenHandlers: Sendable {
    private let dependencies: QueryDependencies
    private let tokens: TokenService

    init(_ dependencies: QueryDependencies) {
        self.dependencies = dependencies
        tokens = TokenService(store: dependencies.store, clock: dependencies.clock)
    }

    @Sendable func list(_ request: Request, context: QueryContext, caller: TokenRecord) async throws -> APIResponse {
        _ = try request.parameters()
        _ = try request.format([.json])
        let records = try await dependencies.questions(of: caller).snapshot { try $0.listTokens() }
        return .json(TokensResponse { $0.tokens = records.map { TokenRow($0) } })
    }

    @Sendable func create(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        let body: TokenRequest = try await request.jsonBody(limitBytes: APILimits.maxQueryBodyBytes)
        guard let role = TokenRole(rawValue: body.role) else {
            let roles = TokenRole.allCases.map(\.rawValue)
            throw Problem.badRequest(
                "role is not one of \(roles.joined(separator: ", ")).",
                extensions: [JSONMember("allowed", .array(roles.map { .string($0) }))])
        }
        if let provider = body.provider,
            !NameRule.isIdentifier(provider, maxBytes: Limits.maxProviderNameBytes)
        {
            throw Problem.badRequest(
                "provider must be 1 to \(Limits.maxProviderNameBytes) lower-case letters, digits and inner hyphens.")
        }
        let note = body.note ?? ""
        if !note.isEmpty, NameRule.problem(in: note, maxBytes: TokenRequest.maxNoteBytes) != nil {
            throw Problem.badRequest(
                "note must be a short line of plain text, at most \(TokenRequest.maxNoteBytes) bytes.")
        }
        if let holder = body.holder, NameRule.problem(in: holder, maxBytes: TokenRequest.maxHolderBytes) != nil {
            throw Problem.badRequest(
                "holder must be a person's name in plain text, at most \(TokenRequest.maxHolderBytes) bytes.")
        }
        let made = try await tokens.create(
            role: role, provider: body.provider, note: note, holder: body.holder, by: "token \(caller.id)")
        return .json(
            CreatedTokenResponse {
                $0.token = made.text
                $0.record = TokenRow(made.record)
            }, status: .created)
    }

    @Sendable func revoke(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        let id = context.parameters.get("id") ?? ""
        guard try await tokens.revoke(id: id, by: "token \(caller.id)") else {
            throw Problem.notFound("There is no live token with this id.")
        }
        return APIResponse(status: .noContent, contentType: AnswerFormat.json.contentType, body: [])
    }
}

extension TokenRow {
    fileprivate init(_ record: TokenRecord) {
        self.init()
        id = record.id
        role = record.role.rawValue
        provider = record.provider
        note = record.note
        holder = record.holder
        createdAt = Moment(record.createdAt)
        createdBy = record.createdBy
        expiresAt = record.expiresAt.map { Moment($0) }
        revokedAt = record.revokedAt.map { Moment($0) }
    }
}
