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

/// What a collector asks the process for that reads a table for it.
package struct TableRequest: Codable, Sendable, Equatable {
    /// Where the table is.
    package struct Server: Codable, Sendable, Hashable {
        /// A libpq connection string or URI, without a password.
        package var url: String
        /// libpq's password file.
        package var passwordFile: String?
        /// How long a statement may take, in milliseconds.
        package var statementTimeoutMilliseconds: Int

        package init(url: String, passwordFile: String?, statementTimeoutMilliseconds: Int) {
            self.url = url
            self.passwordFile = passwordFile
            self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        }
    }

    package var server: Server
    /// The table's name, with its schema where the search path doesn't find it.
    package var table: String
    package var dialect: TableDialect
    /// Rows behind it are wanted.
    package var position: TablePosition
    /// The most rows of an answer.
    package var maxRows: Int
    /// The most bytes of an answer's rows, unless a single one is longer.
    package var maxBytes: Int

    package init(
        server: Server, table: String, dialect: TableDialect, position: TablePosition, maxRows: Int, maxBytes: Int
    ) {
        self.server = server
        self.table = table
        self.dialect = dialect
        self.position = position
        self.maxRows = maxRows
        self.maxBytes = maxBytes
    }
}

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

/// Limits of what is said.
package enum TableLimits {
    /// The most bytes of a request, or of an answer without its rows.
    package static let maxMessageBytes = 64 << 10
    /// The most bytes of one row. Of a longer one only its id and type are handed over, so that it is refused by name.
    package static let maxRowBytes = 1 << 20
    /// The most rows of an answer.
    package static let maxRows = 2_000
    /// The most bytes of an answer's rows, unless a single one is longer.
    package static let maxPortionBytes = 256 << 10
    /// The bytes of an id and the blank and line end of its row.
    package static let maxBytesAroundRow = 22
}
