/// `GET /v1/tokens`.
package struct TokensResponse: APIObject {
    package var tokens: [TokenRow] = []

    package init() {}

    package static let fields: [Field<TokensResponse>] = [Field("tokens", \.tokens)]
}

/// A token, without its secret.
package struct TokenRow: APIObject {
    package var id = ""
    package var role = ""
    package var provider: String?
    package var note = ""
    package var holder: String?
    package var createdAt = Moment()
    package var createdBy = ""
    package var replaces: String?
    package var expiresAt: Moment?
    package var lastUsedAt: Moment?
    package var revokedAt: Moment?

    package init() {}

    package static let fields: [Field<TokenRow>] = [
        Field("id", \.id, en: "Id", zh: "编号"),
        Field("role", \.role, en: "Role", zh: "角色"),
        Field("provider", \.provider, means: "The only one whose figures it sees; null for all."),
        Field("note", \.note),
        Field("holder", \.holder, en: "Holder", zh: "持有人", means: "The person whom it is for."),
        Field("created_at", \.createdAt, en: "Created", zh: "创建时间"),
        Field("created_by", \.createdBy),
        Field("replaces", \.replaces, means: "The token in whose place it was made by rotation."),
        Field("expires_at", \.expiresAt, en: "Expires", zh: "到期时间", means: "Null for one that never expires."),
        Field(
            "last_used_at", \.lastUsedAt, en: "Last used", zh: "最近使用时间",
            means: "To a minute; null for one that was never used."),
        Field("revoked_at", \.revokedAt, en: "Revoked", zh: "吊销时间"),
    ]
}

/// `POST /v1/tokens`.
package struct CreatedTokenResponse: APIObject {
    package var token = ""
    package var record = TokenRow()

    package init() {}

    package static let fields: [Field<CreatedTokenResponse>] = [
        Field("token", \.token, means: "With its secret, which is shown this once."), .group(\.record),
    ]
}
