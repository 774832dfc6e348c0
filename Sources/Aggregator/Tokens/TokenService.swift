internal import APIModel
internal import HTTPSupport
internal import Postgres
package import Store
package import UsageModel

/// Makes, checks and revokes tokens.
package struct TokenService: Sendable {
    /// The longest name of a token's holder, in bytes of UTF-8.
    package static let maxHolderBytes = TokenRequest.maxHolderBytes

    private let store: Store
    private let clock: any WallClock

    package init(store: Store, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Makes a token and stores its hash.
    ///
    /// - Parameter holder: the person whom it is for; only such a token can propose and approve statements.
    /// - Returns: the token's text, which is nowhere else from then on, and its record.
    package func create(
        role: TokenRole, provider: String?, note: String = "", holder: String? = nil, by actor: String,
        lifetimeSeconds: Int64? = nil
    ) async throws -> (text: String, record: TokenRecord) {
        var generator = SystemRandomNumberGenerator()
        let token = BearerToken(using: &generator)
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        let record = TokenRecord(
            id: token.id, role: role, provider: provider, note: note, holder: holder, createdAt: now, createdBy: actor,
            expiresAt: lifetimeSeconds.map { Timestamp(microseconds: now.microseconds + $0 * 1_000_000) })
        try await store.transaction { try $0.createToken(record, secretHash: token.secretHash) }
        return (token.text, record)
    }

    /// The holder of the token in an Authorization header.
    ///
    /// - Throws: ``Problem`` 401, the same for unknown, wrong, expired and revoked tokens.
    package func authenticate(authorization header: String?) async throws -> TokenRecord {
        guard let header else { throw Problem.unauthorized("Send Authorization: Bearer sy_ID_SECRET.") }
        guard let token = BearerToken(authorization: header) else {
            throw Problem.unauthorized(
                "The Authorization header holds no bearer token of ours.", error: "invalid_token")
        }
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        let known = try await store.session {
            try $0.authenticate(id: token.id, secretHash: token.secretHash, now: now)
        }
        guard let record = known else {
            throw Problem.unauthorized("The token is unknown, expired or revoked.", error: "invalid_token")
        }
        return record
    }

    package func revoke(id: String, by actor: String) async throws -> Bool {
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        return try await store.transaction { try $0.revokeToken(id: id, by: actor, now: now) }
    }
}
