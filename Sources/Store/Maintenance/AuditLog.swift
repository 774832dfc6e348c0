internal import Postgres
package import TextFormats
package import UsageModel

/// One line of the audit log, which is only ever added to.
package struct AuditEntry: Sendable, Equatable {
    /// When it happened; of a summary, when the first of it did.
    package var at: Timestamp
    /// Who did it, such as `token 0123456789abcdef`.
    package var actor: String
    /// What was done, such as `token-created`.
    package var action: String
    /// What it was done to.
    package var subject: String
    package var detail: [JSONMember]

    package init(at: Timestamp, actor: String, action: String, subject: String, detail: [JSONMember] = []) {
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
                .timestamp(entry.at), .text(entry.actor), .text(entry.action), .text(entry.subject),
                .text(String(decoding: JSONValue.object(entry.detail).encoded, as: UTF8.self)),
            ])
    }

    /// Adds a line to the audit log.
    ///
    /// - Parameters:
    ///   - counts: how much of what the action did.
    ///   - detail: what else there is to say.
    func audit(
        _ action: String, of subject: String, by actor: String, counts: [(name: String, count: Int)] = [],
        detail: [JSONMember] = [], at moment: Timestamp
    ) throws {
        try audit(
            AuditEntry(
                at: moment, actor: actor, action: action, subject: subject,
                detail: counts.map { JSONMember($0.name, .integer(Int64($0.count))) } + detail))
    }
}
