internal import Postgres
internal import UsageModel

extension StoreSession {
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
