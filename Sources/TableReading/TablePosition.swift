/// How far a table was read.
package struct TablePosition: Codable, Sendable, Hashable {
    /// The id of the last row that was read, or what ids come behind where none was.
    package var id: Int64
    /// A digest of that row's ``TableDialect/evidenceColumns``; empty where none was read.
    package var evidence: String

    package init(id: Int64, evidence: String = "") {
        self.id = id
        self.evidence = evidence
    }
}
