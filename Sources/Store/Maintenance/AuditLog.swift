internal import Postgres
package import TextFormats
package import UsageModel

/// What the audit log has lines of. Raw values are stored.
package enum AuditAction: String, Sendable, CaseIterable {
    case tokenCreated = "token-created"
    case tokenRotated = "token-rotated"
    case tokenRevoked = "token-revoked"
    case factsImported = "facts-imported"
    /// A file for other departments, or one that can be imported again.
    case exported
    case statementProposed = "statement-proposed"
    case statementApproved = "statement-approved"
    case statementWithdrawn = "statement-withdrawn"
    /// Batches that a rollup quarantined wait for it again.
    case requeued
    case epochsRetired = "epochs-retired"
    /// Sums were to be replaced by what the ledger gives.
    case sumsRebuilt = "sums-rebuilt"
    /// Nobody who may ask: no token, an unknown, expired or revoked one, a foreign host.
    case requestRefused = "request-refused"
    /// Somebody known who may not do that.
    case requestDenied = "request-denied"
    /// TLS wasn't agreed upon, or the client's certificate isn't one that is let in.
    case handshakeFailed = "handshake-failed"
}

/// Who works on a server's command line, past the API and its tokens.
package struct ServerOperator: Sendable, Equatable {
    /// The program and its command, such as `steelyard-aggregator rebuild`.
    package var command: String
    /// The name of the operating system's user whose process it is.
    package var osUser: String

    package init(command: String, osUser: String) {
        self.command = command
        self.osUser = osUser
    }
}

/// What the audit log says of whoever did something, beside the name.
package enum AuditOrigin: Sendable {
    /// Through the API: holder, role and provider of the token.
    case caller(TokenRecord)
    /// On a server's command line: the user of the operating system and the database's login.
    case server(ServerOperator)
    /// Nothing more is known.
    case unsaid
}

extension TokenRecord {
    /// Who holds it, for a line of the audit log about what they did.
    package var auditMembers: [JSONMember] {
        [
            JSONMember("by_holder", .optional(holder)), JSONMember("by_role", .string(role.rawValue)),
            JSONMember("by_provider", .optional(provider)),
        ]
    }
}

/// One line of the audit log, which is only ever added to.
package struct AuditEntry: Sendable, Equatable {
    /// When it happened; of a summary, when the first of it did.
    package var at: Timestamp
    /// Who did it, such as `token 0123456789abcdef`.
    package var actor: String
    package var action: AuditAction
    /// What it was done to.
    package var subject: String
    package var detail: [JSONMember]

    package init(
        at: Timestamp, actor: String, action: AuditAction, subject: String, detail: [JSONMember] = []
    ) {
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
    }
}

extension StoreSession {
    package func audit(_ entry: AuditEntry) throws {
        try connection.query(
            "INSERT INTO audit_log (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5::jsonb)",
            [
                .timestamp(entry.at), .text(entry.actor), .text(entry.action.rawValue),
                .text(entry.subject),
                .text(String(decoding: JSONValue.object(entry.detail).encoded, as: UTF8.self)),
            ])
    }

    /// Adds a line to the audit log.
    ///
    /// - Parameters:
    ///   - counts: how much of what the action did.
    ///   - detail: what else there is to say.
    func audit(
        _ action: AuditAction, of subject: String, by actor: String, counts: [(name: String, count: Int)] = [],
        detail: [JSONMember] = [], at moment: Timestamp
    ) throws {
        try audit(
            AuditEntry(
                at: moment, actor: actor, action: action, subject: subject,
                detail: counts.map { JSONMember($0.name, .integer(Int64($0.count))) } + detail))
    }

    /// The same of somebody on a server's command line: with the user of the operating system and the database's login.
    func audit(
        _ action: AuditAction, of subject: String, by author: ServerOperator,
        counts: [(name: String, count: Int)] = [], detail: [JSONMember] = [], at moment: Timestamp
    ) throws {
        try audit(
            action, of: subject, by: author.command, counts: counts,
            detail: try auditMembers(of: .server(author)) + detail,
            at: moment)
    }

    /// Who did something, for a line of the audit log.
    func auditMembers(of origin: AuditOrigin) throws -> [JSONMember] {
        switch origin {
        case .unsaid: return []
        case .caller(let token): return token.auditMembers
        case .server(let author):
            let login: String = try connection.query("SELECT session_user::text").one().decode(0)
            return [JSONMember("os_user", .string(author.osUser)), JSONMember("login", .string(login))]
        }
    }
}
