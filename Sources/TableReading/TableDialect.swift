/// Which program writes a table, by the name of the format of its rows.
package enum TableDialect: String, Codable, CaseIterable, Sendable {
    case newAPI = "new-api"
    case oneAPI = "one-api"

    /// What both call their table.
    package static let defaultTable = "logs"

    /// Columns that a row never changes once it is written, which tell it from another one that got the same id.
    package var evidenceColumns: [String] {
        ["id", "created_at", "type", "model_name", "prompt_tokens", "completion_tokens"]
    }

    /// Columns that stay in the database: nothing is counted by them, and they may hold what calls said or who called.
    package var omittedColumns: [String] { ["content", "ip"] }
}
