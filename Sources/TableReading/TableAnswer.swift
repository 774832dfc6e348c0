/// What is answered. The rows follow it: a line for each, its id, a blank and the row as a JSON object.
package struct TableAnswer: Codable, Sendable, Equatable {
    package enum Outcome: String, Codable, Sendable {
        /// There are rows.
        case rows
        /// Everything was read.
        case nothingNew
        /// Rows may be there, and transactions that could still add some with lower ids aren't over.
        case waiting
        /// The table isn't the one that was read up to the position, or it was set back.
        case setBack
        /// The database can't be reached or doesn't answer in time.
        case unreachable
        /// The table can't be read as it is, or not by this user.
        case refused
    }

    package var outcome: Outcome
    /// Why there are no rows, with the remedy; empty where there is nothing to say.
    package var detail: String
    /// Where the rows end.
    package var position: TablePosition?
    /// Bytes of rows that follow.
    package var byteCount: Int
    /// The highest id in the table, as far as it is known.
    package var highestID: Int64?

    package init(
        _ outcome: Outcome, detail: String = "", position: TablePosition? = nil, byteCount: Int = 0,
        highestID: Int64? = nil
    ) {
        self.outcome = outcome
        self.detail = detail
        self.position = position
        self.byteCount = byteCount
        self.highestID = highestID
    }
}
