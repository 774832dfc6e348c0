/// How far a source's table of a database has been read: kept in every batch record, so that reading resumes exactly
/// behind the last batch.
package struct TableCheckpoint: Sendable, Hashable, Codable {
    /// The numbering of the rows, as the source's settings name it: ids of another one say nothing about this one.
    package var numbering: String
    /// The id of the last row that was read.
    package var id: Int64
    /// What tells that row from another one with its id.
    package var evidence: String

    package init(numbering: String, id: Int64, evidence: String) {
        self.numbering = numbering
        self.id = id
        self.evidence = evidence
    }
}
