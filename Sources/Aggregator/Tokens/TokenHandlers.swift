internal import APIModel
internal import Foundation
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Postgres
internal import Store
internal import TextFormats
internal import UsageModel

/// Tokens: list, create, rotate, revoke.
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
        if !note.isEmpty, let problem = NameRule.problem(in: note, maxBytes: TokenRequest.maxNoteBytes) {
            throw Problem.badRequest("note must be a short line of plain text; it \(problem.explanation(in: note)).")
        }
        if let holder = body.holder,
            let problem = HolderRule.problem(in: holder, maxBytes: TokenRequest.maxHolderBytes)
        {
            throw Problem.badRequest(
                "holder must be a person's name in plain text; it \(problem.explanation(in: holder)).")
        }
        let made = try await tokens.create(
            role: role, provider: body.provider, note: note, holder: body.holder, by: caller.actor, minter: caller.id,
            origin: .caller(caller), lifetime: try Self.lifetime(body.expires))
        return .json(CreatedTokenResponse(made), status: .created)
    }

    @Sendable func rotate(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        let body: TokenRotationRequest = try await request.jsonBody(limitBytes: APILimits.maxQueryBodyBytes)
        let overlap = try Self.overlap(body.overlap)
        let made = try await tokens.rotate(
            id: context.parameters.get("id") ?? "", overlapSeconds: overlap,
            lifetime: try Self.lifetime(body.expires), by: caller.actor, minter: caller.id, origin: .caller(caller))
        guard let made else { throw Problem.notFound("There is no live token with this id.") }
        return .json(CreatedTokenResponse(made), status: .created)
    }

    private static func lifetime(_ text: String?) throws(Problem) -> TokenLifetime {
        guard let text else { return .standard }
        guard let lifetime = TokenLifetime(text) else {
            throw .badRequest("expires must be a number with s, m, h or d such as 30d, at most 3650d, or never.")
        }
        return lifetime
    }

    private static func overlap(_ text: String?) throws(Problem) -> Int64 {
        guard let text else { return TokenLifetime.standardOverlapSeconds }
        guard let seconds = TokenLifetime.seconds(text), seconds <= TokenLifetime.maxOverlapSeconds else {
            throw .badRequest("overlap must be a number with s, m, h or d, from 0s to 30d.")
        }
        return seconds
    }

    @Sendable func revoke(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        _ = try request.parameters()
        try await request.requireNoBody()
        let id = context.parameters.get("id") ?? ""
        guard try await tokens.revoke(id: id, by: caller.actor, origin: .caller(caller)) else {
            throw Problem.notFound("There is no live token with this id.")
        }
        return APIResponse(status: .noContent, contentType: AnswerFormat.json.contentType, body: [])
    }
}

extension CreatedTokenResponse {
    fileprivate init(_ made: (text: String, record: TokenRecord)) {
        self.init()
        token = made.text
        record = TokenRow(made.record)
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
        replaces = record.replaces
        expiresAt = record.expiresAt.map { Moment($0) }
        lastUsedAt = record.lastUsedAt.map { Moment($0) }
        revokedAt = record.revokedAt.map { Moment($0) }
    }
}
