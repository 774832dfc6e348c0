package import APIModel
internal import HTTPSupport
internal import Postgres
package import Store
internal import Synchronization
package import UsageModel

/// Makes, checks, rotates and revokes tokens.
package struct TokenService: Sendable {
    /// The longest name of a token's holder, in bytes of UTF-8.
    package static let maxHolderBytes = TokenRequest.maxHolderBytes

    private let store: Store
    private let clock: any WallClock
    private let unknown = UnknownTokens()

    package init(store: Store, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.nowMilliseconds()) }

    /// Makes a token and stores its hash.
    ///
    /// - Parameters:
    ///   - holder: the person whom it is for; only such a token can propose and approve statements.
    ///   - minter: the token that makes it; `nil` on a server's command line.
    ///   - origin: who makes it, for the audit log.
    /// - Returns: the token's text, which is nowhere else from then on, and its record.
    package func create(
        role: TokenRole, provider: String?, note: String = "", holder: String? = nil, by actor: String,
        minter: String? = nil, origin: AuditOrigin = .unsaid, lifetime: TokenLifetime = .standard
    ) async throws -> (text: String, record: TokenRecord) {
        let now = now
        let made = Self.make(
            TokenRecord(
                id: "", role: role, provider: provider, note: note, holder: holder, createdAt: now, createdBy: actor,
                mintedBy: minter, expiresAt: lifetime.end(from: now)))
        try await store.transaction {
            try $0.createToken(made.record, secretHash: made.token.secretHash, origin: origin)
        }
        return (made.token.text, made.record)
    }

    /// Makes a token in the place of another, with the same role, provider, holder and note, and lets that one end.
    ///
    /// - Parameter overlapSeconds: how long the old one still works; it never works longer than it would have.
    /// - Returns: `nil` where there is no such live token.
    package func rotate(
        id: String, overlapSeconds: Int64, lifetime: TokenLifetime = .standard, by actor: String,
        minter: String? = nil, origin: AuditOrigin = .unsaid
    ) async throws -> (text: String, record: TokenRecord)? {
        let now = now
        let end = Timestamp(microseconds: now.microseconds + overlapSeconds * 1_000_000)
        return try await store.transaction { session -> (text: String, record: TokenRecord)? in
            guard let old = try session.endToken(id: id, at: end, by: actor, origin: origin, now: now) else {
                return nil
            }
            let made = Self.make(
                TokenRecord(
                    id: "", role: old.role, provider: old.provider, note: old.note, holder: old.holder, createdAt: now,
                    createdBy: actor, mintedBy: minter, replaces: old.id, expiresAt: lifetime.end(from: now)))
            try session.createToken(made.record, secretHash: made.token.secretHash, origin: origin)
            return (made.token.text, made.record)
        }
    }

    private static func make(_ record: TokenRecord) -> (token: BearerToken, record: TokenRecord) {
        var generator = SystemRandomNumberGenerator()
        let token = BearerToken(using: &generator)
        var record = record
        record.id = token.id
        return (token, record)
    }

    /// The holder of the token in an Authorization header; notes its use.
    ///
    /// - Throws: ``Problem`` 401: `token-expired` for one that was good and has ended by itself, otherwise the same for
    ///   unknown, wrong and revoked ones; 429 for a peer that tries too many.
    func authenticate(authorization header: String?, from peer: PeerName) async throws -> TokenRecord {
        guard let header else { throw Problem.unauthorized("Send Authorization: Bearer sy_ID_SECRET.") }
        guard let token = BearerToken(authorization: header) else {
            throw Problem.unauthorized(
                "The Authorization header holds no bearer token of ours.", error: "invalid_token")
        }
        let now = now
        switch unknown.verdict(on: token, from: peer, now: now.milliseconds) {
        case .look: break
        case .unknown: throw refused(token, from: peer)
        case .tooMany(let seconds):
            throw Problem.tooManyRequests(
                "Too many unknown tokens came from this address; wait, or use a token that was good lately.",
                retryAfterSeconds: seconds)
        }
        let known = try await store.session { session -> TokenRecord? in
            guard let record = try session.token(id: token.id, secretHash: token.secretHash) else {
                return nil
            }
            let isDue = record.lastUsedAt.map { $0.seconds + TokenRecord.useNotedSeconds <= now.seconds } ?? true
            if isDue, record.revokedAt == nil, !record.isExpired(at: now) {
                // A server that takes no writes for a while still answers.
                try? session.noteUse(ofToken: record.id, now: now)
            }
            return record
        }
        guard let record = known, record.revokedAt == nil else { throw refused(token, from: peer) }
        guard !record.isExpired(at: now) else {
            throw Problem.unauthorized(
                "The token has expired; have a new one made, and rotate it before it ends the next time.",
                error: "invalid_token", code: "token-expired")
        }
        unknown.wasGood(token, now: now.milliseconds)
        return record
    }

    private func refused(_ token: BearerToken, from peer: PeerName) -> Problem {
        unknown.wasUnknown(token, from: peer, now: now.milliseconds)
        return Problem.unauthorized("The token is unknown or revoked.", error: "invalid_token")
    }

    package func revoke(id: String, by actor: String, origin: AuditOrigin) async throws -> Bool {
        let now = now
        return try await store.transaction { try $0.revokeToken(id: id, by: actor, origin: origin, now: now) }
    }
}

extension TokenLifetime {
    func end(from now: Timestamp) -> Timestamp? {
        switch self {
        case .never: nil
        case .seconds(let seconds): Timestamp(microseconds: now.microseconds + seconds * 1_000_000)
        }
    }
}
