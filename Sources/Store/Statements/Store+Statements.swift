internal import Postgres
package import Scopes
package import UsageModel

extension Store {
    /// Freezes a month under a scope, for somebody else to approve.
    ///
    /// Everything is read in one snapshot: figures, rollup position, what is committed and not rolled up, high-water marks, and what
    /// is recorded. What was committed before is counted, or waits to be rolled up, which is a shortcoming; what is committed
    /// after is late usage. Nothing is being recorded meanwhile, so that the statement's moment of knowledge keeps its
    /// meaning.
    ///
    /// - Throws: ``StatementRefusal``; ``MissingFacts`` and ``StoreError`` as ``answers(to:knownAt:visibility:)`` does.
    package func proposeStatement(_ proposal: StatementProposal) async throws -> Statement {
        let calendar = calendar
        return try await closing(of: proposal.scope.id, proposal.month) {
            try StoreSession($0).propose(proposal, calendar: calendar)
        }
    }

    /// Closes the month: the statement holds from now on, and nothing changes it.
    ///
    /// - Throws: ``StatementRefusal``: `samePerson`, `decided`, `coverageShort` where something is short that wasn't when it
    ///   was proposed, `figuresChanged` where the figures aren't those that were proposed; ``StoreError`` with `.notFound`.
    package func approveStatement(
        _ id: Int64, by person: StatementPerson, rules: StatementRules, now: Timestamp
    ) async throws -> Statement {
        let calendar = calendar
        return try await closing(of: "statement \(id)", nil) {
            try StoreSession($0).approve(id, by: person, rules: rules, now: now, calendar: calendar)
        }
    }

    /// Takes a proposal back, so that the month can be proposed again.
    ///
    /// - Throws: ``StatementRefusal`` with `decided`; ``StoreError`` with `.notFound`.
    package func withdrawStatement(
        _ id: Int64, by person: StatementPerson, reason: String?, now: Timestamp
    ) async throws -> Statement {
        try await closing(of: "statement \(id)", nil) {
            try StoreSession($0).withdraw(id, by: person, reason: reason, now: now)
        }
    }

    /// All statements by scope, month and proposal, those that were withdrawn included.
    ///
    /// - Parameters:
    ///   - scope: only those of this id.
    ///   - month: only those of this month.
    package func statements(scope: String? = nil, month: Period? = nil) async throws -> [StatementHeader] {
        try await pool.withTransaction(.snapshot) { try StoreSession($0).statements(scope: scope, month: month) }
    }

    /// - Throws: ``StoreError`` with `.notFound`, or `.damagedStatement` where what is stored isn't what was hashed.
    package func statement(_ id: Int64) async throws -> Statement {
        try await pool.withTransaction(.snapshot) { try StoreSession($0).statement(id) }
    }

    /// A statement, and what its figures would be now, taken apart by cause; evaluated by the scope's definition as the
    /// statement keeps it, whatever became of the scope since.
    package func restated(_ id: Int64) async throws -> RestatedStatement {
        let calendar = calendar
        return try await pool.withTransaction(.snapshot) { connection in
            let session = StoreSession(connection)
            let statement = try session.statement(id)
            return try session.restated(statement, calendar: calendar)
        }
    }

    /// The figures of a month that is closed under a scope; `nil` where it isn't.
    package func closedMonth(_ month: Period, scope: String) async throws -> ClosedMonth? {
        let calendar = calendar
        return try await pool.withTransaction(.snapshot) { connection in
            try StoreSession(connection).closedMonth(month, scope: scope, calendar: calendar)
        }
    }

    /// Runs `body` in one snapshot that may write, while nothing is being recorded.
    private func closing(
        of scope: String, _ month: Period?, _ body: @escaping @Sendable (Connection) throws -> Statement
    ) async throws -> Statement {
        do {
            return try await RetryPolicy(attempts: 5).run {
                try await self.pool.withConnection { connection in
                    try StoreSession(connection).whileNothingIsRecorded {
                        try connection.transaction(TransactionOptions(isolation: .repeatableRead), body)
                    }
                }
            }
        } catch let error as PostgresError where error.code == .uniqueViolation {
            // Somebody did the same at the same time, and was first.
            guard let month else {
                throw StatementRefusal(.decided, "Somebody else decided on \(scope) at the same time.")
            }
            throw StatementRefusal(
                .exists, "Somebody else proposed \(month) under \(scope) at the same time; see the statements of it.")
        }
    }
}
