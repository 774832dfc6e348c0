/// Something that PostgreSQL or libpq refused, with its SQLSTATE.
///
/// Compare ``code``; the message is for people. It names the statement or the server, and never holds a password.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// A five-character SQLSTATE. Open: servers and extensions may send any.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package var rawValue: String

        package init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        package var description: String { rawValue }

        /// The connection could not be made, or was lost.
        package static let connectionFailure = Code("08006")
        package static let uniqueViolation = Code("23505")
        package static let checkViolation = Code("23514")
        package static let numericOutOfRange = Code("22003")
        package static let sequenceLimitExceeded = Code("2200H")
        package static let readOnlyTransaction = Code("25006")
        package static let insufficientPrivilege = Code("42501")
        package static let undefinedObject = Code("42704")
        package static let undefinedTable = Code("42P01")
        package static let duplicateObject = Code("42710")
        package static let serializationFailure = Code("40001")
        package static let deadlockDetected = Code("40P01")
        package static let lockNotAvailable = Code("55P03")
        package static let tooManyConnections = Code("53300")
        package static let queryCanceled = Code("57014")
        package static let featureNotSupported = Code("0A000")

        /// Made by us, in the class that SQL leaves to implementations: no pool slot became free in time.
        package static let poolTimeout = Code("SY001")
        /// The pool has as many waiters as it may have.
        package static let poolFull = Code("SY002")
        /// The pool was closed.
        package static let poolClosed = Code("SY003")
        /// A value did not have the type that was asked for.
        package static let decoding = Code("SY004")
        /// A migration that was applied has changed, is missing, or is newer than this program.
        package static let migrationMismatch = Code("SY005")
    }

    package var code: Code
    /// What went wrong and where, in one or two sentences.
    package var message: String
    package var detail: String?
    package var hint: String?
    /// The constraint, where one was violated.
    package var constraint: String?
    /// The transaction may or may not have been committed: the connection was lost, or the wait for a standby was
    /// cut, while COMMIT was on its way. The only way to know is to look the key up again on another connection.
    package var isUnknownCommit: Bool

    package init(
        _ code: Code, _ message: String, detail: String? = nil, hint: String? = nil, constraint: String? = nil,
        isUnknownCommit: Bool = false
    ) {
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
        self.isUnknownCommit = isUnknownCommit
    }

    package var description: String {
        var text = "\(message) [\(code)]"
        if let detail { text += " \(detail)" }
        if let hint { text += " Hint: \(hint)" }
        if isUnknownCommit { text += " (whether the transaction was committed is unknown)" }
        return text
    }
}

extension PostgresError {
    /// Whether the same transaction may succeed when it is run again on a fresh connection: serialization failure,
    /// deadlock, lock timeout, server shutting down or starting up, connection lost, read-only server, too many
    /// connections. An unknown commit is only safe to run again when the transaction looks its key up first.
    package var isRetryable: Bool {
        switch code.rawValue {
        case "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05", "25006", "53300", "SY001", "SY002": true
        default: code.rawValue.hasPrefix("08")
        }
    }

    /// Whether the connection is useless after this error and must be closed.
    var breaksConnection: Bool {
        isUnknownCommit || code.rawValue.hasPrefix("08") || code.rawValue.hasPrefix("57P")
            || code == .featureNotSupported
    }
}
