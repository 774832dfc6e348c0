internal import CLibPQ

/// How a transaction sees the database.
package struct TransactionOptions: Sendable {
    package enum Isolation: String, Sendable {
        case readCommitted = "READ COMMITTED"
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }

    package var isolation: Isolation
    package var isReadOnly: Bool

    package init(isolation: Isolation = .readCommitted, isReadOnly: Bool = false) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
    }

    /// READ COMMITTED, writing.
    package static let readWrite = TransactionOptions()
    /// One snapshot for everything that is read.
    package static let snapshot = TransactionOptions(isolation: .repeatableRead, isReadOnly: true)

    var begin: String { "BEGIN ISOLATION LEVEL \(isolation.rawValue)\(isReadOnly ? " READ ONLY" : "")" }
}

extension Connection {
    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// - Throws: what `body` throws, or ``PostgresError``. With ``PostgresError/isUnknownCommit`` the transaction may
    ///   have been committed; the connection is then broken and the pool discards it.
    package func transaction<Value>(
        _ options: TransactionOptions = .readWrite, _ body: (Connection) throws -> Value
    ) throws -> Value {
        try execute(options.begin)
        let value: Value
        do {
            value = try body(self)
        } catch {
            rollBack()
            throw error
        }
        try commit()
        return value
    }

    private func rollBack() {
        do { try execute("ROLLBACK") } catch { isBroken = true }
    }

    /// Commits without a deadline: cutting COMMIT short only makes its outcome unknown.
    private func commit() throws {
        notices.warnings.removeAll()
        let result: Rows
        do {
            if takesOneStatementPerMessage { try execute("SET LOCAL statement_timeout = 0") }
            result = try run(takesOneStatementPerMessage ? "COMMIT" : "SET LOCAL statement_timeout = 0; COMMIT")
        } catch let error as PostgresError {
            if isLost || error.breaksConnection || error.code == .queryCanceled {
                isBroken = true
                var unknown = error
                unknown.isUnknownCommit = true
                throw unknown
            }
            rollBack()
            throw error
        }
        if let warning = notices.warnings.first {
            isBroken = true
            throw PostgresError(
                .connectionFailure, "The server committed with a warning, so a standby may not have it: \(warning)",
                isUnknownCommit: true)
        }
        if result.commandTag != "COMMIT" {
            throw PostgresError(
                Code.transactionAborted, "The transaction had failed before COMMIT and was rolled back.")
        }
    }

    private enum Code {
        static let transactionAborted = PostgresError.Code("25P02")
    }
}
