internal import Postgres
internal import UsageModel

extension StoreSession {
    private static let columns =
        "token_id, role, provider, note, created_at, created_by, expires_at, revoked_at, holder"

    func createToken(_ token: TokenRecord, secretHash: [UInt8]) throws {
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

    func listTokens() throws -> [TokenRecord] {
        try connection.query("SELECT \(Self.columns) FROM api_token ORDER BY created_at, token_id").map(Self.token(_:))
    }

    func revokeToken(id: String, by actor: String, now: Timestamp) throws -> Bool {
        let rows = try connection.query(
            "UPDATE api_token SET revoked_at = $2 WHERE token_id = $1 AND revoked_at IS NULL",
            [.text(id), .timestamp(now)])
        guard rows.affectedRows == 1 else { return false }
        try audit("token-revoked", of: id, by: actor, at: now)
        return true
    }

    func authenticate(id: String, secretHash: [UInt8], now: Timestamp) throws -> TokenRecord? {
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

    /// Adds a line to the audit log.
    ///
    /// - Parameter counts: how much of what the action did, under names that need no escaping in JSON.
    func audit(
        _ action: String, of subject: String, by actor: String, counts: [(name: String, count: Int)] = [],
        at moment: Timestamp
    ) throws {
        let fields = counts.map { "\"\($0.name)\":\($0.count)" }.joined(separator: ",")
        try connection.query(
            "INSERT INTO audit_log (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5::jsonb)",
            [.timestamp(moment), .text(actor), .text(action), .text(subject), .text("{\(fields)}")])
    }
}
