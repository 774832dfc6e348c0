/// What keeps a source from bringing usage although the collector runs.
package struct SourceProblem: Sendable, Equatable {
    /// The raw value is the label of metrics, and what `/readyz` and `status` say.
    package enum Reason: String, Sendable, CaseIterable {
        /// No file matches the source's globs.
        case noFiles = "no-files"
        /// A file, or a directory that the globs lead through, may not be read.
        case notReadable = "not-readable"
        /// More files match than are followed at once.
        case tooManyFiles = "too-many-files"
        /// A file was written anew and begins as before, so that reading it would count records twice.
        case rewritten
        /// A table's database can't be reached or doesn't answer in time.
        case databaseUnreachable = "database-unreachable"
        /// A table can't be read as it is, or not by this user.
        case tableRefused = "table-refused"
        /// A table's ids went back: reading on would count rows twice, or lose some.
        case tableSetBack = "table-set-back"
        /// Rows of a table wait for transactions that are open for long.
        case transactionsOpen = "transactions-open"
        /// A version of an export isn't counted, since what counts would go with it.
        case versionHeld = "version-held"
        /// Records come and none of them is counted.
        case allRejected = "all-rejected"
        /// More records are rejected than counted.
        case mostlyRejected = "mostly-rejected"

        /// What an operator can do.
        package var remedy: String {
            switch self {
            case .noFiles: "check the source's paths, and that the gateway writes there"
            case .notReadable: "let the collector's user read the files, and enter and list their directories"
            case .tooManyFiles: "remove old files, narrow the source's paths, or divide them among collectors"
            case .rewritten: "only append to the file, or have each run write one of its own with records of its own"
            case .databaseUnreachable:
                "look whether the database runs, and at the source's database.url and password file"
            case .tableRefused: "look at the source's database.table, and at what its user may do"
            case .tableSetBack:
                "find out what was done to the database; then set database.after-id and database.numbering"
            case .transactionsOpen: "end transactions that hang on the database's server"
            case .versionHeld: "see what the log says of the version, and have the export written again"
            case .allRejected, .mostlyRejected:
                "look into the quarantine, and compare the source's format with what the records are"
            }
        }
    }

    package var source: String
    package var reason: Reason
    /// What was found: a path, an error, a number.
    package var detail: String

    package init(source: String, reason: Reason, detail: String) {
        self.source = source
        self.reason = reason
        self.detail = detail
    }
}
