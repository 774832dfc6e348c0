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
