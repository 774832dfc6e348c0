internal import Postgres
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

extension Store {
    /// Stores a token's hash. The secret itself never comes here.
    ///
    /// - Parameter secretHash: SHA-256 of the secret, 32 bytes.
    package func createToken(_ token: TokenRecord, secretHash: [UInt8]) async throws {
        try await pool.withTransaction { try StoreSession($0).createToken(token, secretHash: secretHash) }
    }

    /// All tokens, revoked ones included, oldest first.
    package func listTokens() async throws -> [TokenRecord] {
        try await session { try $0.listTokens() }
    }

    /// Ends a token. - Returns: `false` where there is no such live token.
    package func revokeToken(id: String, by actor: String, now: Timestamp) async throws -> Bool {
        try await pool.withTransaction { try StoreSession($0).revokeToken(id: id, by: actor, now: now) }
    }

    /// The token, if it exists, its hash is right, and it is neither revoked nor expired.
    package func authenticate(id: String, secretHash: [UInt8], now: Timestamp) async throws -> TokenRecord? {
        try await session { try $0.authenticate(id: id, secretHash: secretHash, now: now) }
    }
}
