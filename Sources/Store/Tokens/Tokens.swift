internal import Postgres
package import Reporting
package import UsageModel

/// What a token's holder is. Raw values are stored and shown.
package enum TokenRole: String, Sendable, CaseIterable {
    case `operator`, auditor, finance, admin
}

/// An API token without its secret.
package struct TokenRecord: Sendable, Equatable {
    /// The public part, as in `sy_<id>_<secret>`.
    package var id: String
    package var role: TokenRole
    /// The provider it is bound to, or `nil`.
    package var provider: String?
    package var note: String
    /// The person who holds it, where it was made for one: what needs two people tells them apart by this.
    package var holder: String?
    package var createdAt: Timestamp
    package var createdBy: String
    package var expiresAt: Timestamp?
    package var revokedAt: Timestamp?

    package init(
        id: String, role: TokenRole, provider: String?, note: String = "", holder: String? = nil, createdAt: Timestamp,
        createdBy: String, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.role = role
        self.provider = provider
        self.note = note
        self.holder = holder
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    /// What the holder may see.
    package var visibility: Visibility { provider.map { .provider($0) } ?? .everything }
}

extension StoreSession {
    private static let columns =
        "token_id, role, provider, note, created_at, created_by, expires_at, revoked_at, holder"

    /// Stores a token's hash. The secret itself never comes here. Must run in a transaction.
    ///
    /// - Parameter secretHash: SHA-256 of the secret, 32 bytes.
    package func createToken(_ token: TokenRecord, secretHash: [UInt8]) throws {
        try connection.query(
            """
            INSERT INTO api_token (token_id, secret_hash, role, provider, note, created_at, created_by, expires_at,
                holder)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                .text(token.id), .bytes(secretHash), .text(token.role.rawValue), .text(token.provider),
                .text(token.note), .timestamp(token.createdAt), .text(token.createdBy), .timestamp(token.expiresAt),
                .text(token.holder),
            ])
        try audit("token-created", of: token.id, by: token.createdBy, at: token.createdAt)
    }

    /// All tokens, revoked ones included, oldest first.
    package func listTokens() throws -> [TokenRecord] {
        try connection.query("SELECT \(Self.columns) FROM api_token ORDER BY created_at, token_id").map(Self.token(_:))
    }

    /// Ends a token. Must run in a transaction.
    ///
    /// - Returns: `false` where there is no such live token.
    package func revokeToken(id: String, by actor: String, now: Timestamp) throws -> Bool {
        let rows = try connection.query(
            "UPDATE api_token SET revoked_at = $2 WHERE token_id = $1 AND revoked_at IS NULL",
            [.text(id), .timestamp(now)])
        guard rows.affectedRows == 1 else { return false }
        try audit("token-revoked", of: id, by: actor, at: now)
        return true
    }

    /// The token, if it exists, its hash is right, and it is neither revoked nor expired.
    package func authenticate(id: String, secretHash: [UInt8], now: Timestamp) throws -> TokenRecord? {
        try connection.query(
            """
            SELECT \(Self.columns) FROM api_token
             WHERE token_id = $1 AND secret_hash = $2 AND revoked_at IS NULL
               AND (expires_at IS NULL OR expires_at > $3)
            """, [.text(id), .bytes(secretHash), .timestamp(now)]
        ).first.map(Self.token(_:))
    }

    private static func token(_ row: Row) throws -> TokenRecord {
        guard let role = TokenRole(rawValue: try row.decode(1)) else {
            throw PostgresError(.decoding, "The database holds a token role that is not known.")
        }
        return TokenRecord(
            id: try row.decode(0), role: role, provider: try row.decode(2), note: try row.decode(3),
            holder: try row.decode(8), createdAt: try row.decode(4), createdBy: try row.decode(5),
            expiresAt: try row.decode(6),
            revokedAt: try row.decode(7))
    }
}
