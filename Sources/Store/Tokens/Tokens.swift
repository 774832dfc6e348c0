internal import Postgres
package import Reporting
internal import TextFormats
package import UsageModel

/// What a token's holder is. Raw values are stored and shown.
package enum TokenRole: String, Sendable, CaseIterable {
    case `operator`, auditor, finance, admin

    /// Whether such tokens make others. Who holds one neither proposes nor approves statements.
    package var mintsTokens: Bool { self == .admin }
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
    /// The token that made it; `nil` for one made on a server's command line.
    package var mintedBy: String?
    /// The token in whose place it was made.
    package var replaces: String?
    /// `nil` for a token that never expires.
    package var expiresAt: Timestamp?
    package var revokedAt: Timestamp?
    /// To a minute.
    package var lastUsedAt: Timestamp?

    package init(
        id: String, role: TokenRole, provider: String?, note: String = "", holder: String? = nil, createdAt: Timestamp,
        createdBy: String, mintedBy: String? = nil, replaces: String? = nil, expiresAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil
    ) {
        self.id = id
        self.role = role
        self.provider = provider
        self.note = note
        self.holder = holder
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.mintedBy = mintedBy
        self.replaces = replaces
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }

    /// How the audit log and histories name its holder's acts.
    package var actor: String { "token \(id)" }

    /// Uses that come sooner after the last noted one aren't noted, in seconds.
    package static let useNotedSeconds: Int64 = 60

    /// Whether it has ended by itself.
    package func isExpired(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }

    /// What the holder may see.
    package var visibility: Visibility { provider.map { .provider($0) } ?? .everything }
}

extension StoreSession {
    private static let columns =
        """
        token_id, role, provider, note, created_at, created_by, expires_at, revoked_at, holder, minted_by, replaces,
        last_used_at
        """

    /// Stores a token's hash. The secret itself never comes here. Must run in a transaction.
    ///
    /// - Parameters:
    ///   - secretHash: SHA-256 of the secret, 32 bytes.
    ///   - origin: who makes it, for the audit log.
    package func createToken(
        _ token: TokenRecord, secretHash: [UInt8], origin: AuditOrigin = .unsaid
    ) throws {
        try connection.query(
            """
            INSERT INTO api_token (token_id, secret_hash, role, provider, note, created_at, created_by, expires_at,
                holder, minted_by, replaces)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            [
                .text(token.id), .bytes(secretHash), .text(token.role.rawValue), .text(token.provider),
                .text(token.note), .timestamp(token.createdAt), .text(token.createdBy), .timestamp(token.expiresAt),
                .text(token.holder), .text(token.mintedBy), .text(token.replaces),
            ])
        try audit(
            .tokenCreated, of: "token \(token.id)", by: token.createdBy,
            detail: Self.members(of: token) + [
                JSONMember("replaces", .optional(token.replaces)),
                JSONMember("expires_at", .string(token.expiresAt.map { RFC3339.text($0) } ?? "never")),
            ] + auditMembers(of: origin), at: token.createdAt)
    }

    /// Lets a live token end at a moment, unless it ends sooner anyway. Must run in a transaction.
    ///
    /// - Returns: the token as it was; `nil` where there is no such live one.
    package func endToken(
        id: String, at end: Timestamp, by actor: String, origin: AuditOrigin = .unsaid, now: Timestamp
    ) throws -> TokenRecord? {
        let found = try connection.query(
            """
            SELECT \(Self.columns) FROM api_token
             WHERE token_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) FOR UPDATE
            """, [.text(id), .timestamp(now)]
        ).first.map(Self.token(_:))
        guard let found else { return nil }
        try connection.query(
            "UPDATE api_token SET expires_at = least(expires_at, $2) WHERE token_id = $1",
            [.text(id), .timestamp(end)])
        try audit(
            .tokenRotated, of: "token \(id)", by: actor,
            detail: Self.members(of: found) + [
                JSONMember("ends_at", .string(RFC3339.text(min(end, found.expiresAt ?? end))))
            ] + auditMembers(of: origin), at: now)
        return found
    }

    /// All tokens, revoked ones included, oldest first.
    package func listTokens() throws -> [TokenRecord] {
        try connection.query("SELECT \(Self.columns) FROM api_token ORDER BY created_at, token_id").map(Self.token(_:))
    }

    /// Ends a token. Must run in a transaction.
    ///
    /// - Returns: `false` where there is no such live token.
    package func revokeToken(
        id: String, by actor: String, origin: AuditOrigin = .unsaid, now: Timestamp
    ) throws -> Bool {
        let revoked = try connection.query(
            """
            UPDATE api_token SET revoked_at = $2 WHERE token_id = $1 AND revoked_at IS NULL
            RETURNING \(Self.columns)
            """, [.text(id), .timestamp(now)]
        ).first.map(Self.token(_:))
        guard let revoked else { return false }
        try audit(
            .tokenRevoked, of: "token \(id)", by: actor,
            detail: Self.members(of: revoked) + auditMembers(of: origin), at: now)
        return true
    }

    /// What a token is, for a line of the audit log about it.
    private static func members(of token: TokenRecord) -> [JSONMember] {
        [
            JSONMember("role", .string(token.role.rawValue)), JSONMember("provider", .optional(token.provider)),
            JSONMember("holder", .optional(token.holder)),
        ]
    }

    /// The token, if it exists and its hash is right, be it revoked or expired.
    package func token(id: String, secretHash: [UInt8]) throws -> TokenRecord? {
        try connection.query(
            "SELECT \(Self.columns) FROM api_token WHERE token_id = $1 AND secret_hash = $2",
            [.text(id), .bytes(secretHash)]
        ).first.map(Self.token(_:))
    }

    /// Notes that a token was used, unless that was noted within ``TokenRecord/useNotedSeconds``.
    package func noteUse(ofToken id: String, now: Timestamp) throws {
        let earlier = Timestamp(microseconds: now.microseconds - TokenRecord.useNotedSeconds * 1_000_000)
        try connection.query(
            """
            UPDATE api_token SET last_used_at = $2
             WHERE token_id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)
            """, [.text(id), .timestamp(now), .timestamp(earlier)])
    }

    /// What the rules about closing need to know of tokens.
    package func tokenHoldings(now: Timestamp) throws -> [TokenHolding] {
        try connection.query(
            """
            SELECT token_id, role, holder, minted_by,
                   revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
              FROM api_token
            """, [.timestamp(now)]
        ).map { row in
            TokenHolding(
                id: try row.decode(0), holder: try row.decode(2),
                mints: TokenRole(rawValue: try row.decode(1))?.mintsTokens ?? true,
                isLive: try row.decode(4), mintedBy: try row.decode(3))
        }
    }

    private static func token(_ row: Row) throws -> TokenRecord {
        guard let role = TokenRole(rawValue: try row.decode(1)) else {
            throw PostgresError(.decoding, "The database holds a token role that is not known.")
        }
        return TokenRecord(
            id: try row.decode(0), role: role, provider: try row.decode(2), note: try row.decode(3),
            holder: try row.decode(8), createdAt: try row.decode(4), createdBy: try row.decode(5),
            mintedBy: try row.decode(9), replaces: try row.decode(10), expiresAt: try row.decode(6),
            revokedAt: try row.decode(7), lastUsedAt: try row.decode(11))
    }
}
