internal import Postgres
package import Scopes
package import UsageModel

/// What an import would change: carried out, looked at, and rolled back.
package struct ImportPreview<Change: Sendable>: Sendable {
    package var change: Change
    /// What would move under a scope; `nil` where none was asked for.
    package var effect: Effect?

    /// A scope's figures without the import and with it, at one position.
    package struct Effect: Sendable {
        package var position: UInt64
        /// `nil` where the scope can't be answered without the import.
        package var before: ShareTable?
        package var after: ShareTable
    }
}

extension Store {
    /// What ``importRegistry(_:by:now:)`` would change. Nothing is written.
    ///
    /// - Parameter question: the scope and period whose figures are compared, if any.
    package func previewRegistry(
        _ entries: [RegistryEntry], by actor: String, now: Timestamp, question: ScopeQuestion?
    ) async throws -> ImportPreview<RegistryChange> {
        try await preview(question) { try $0.importRegistry(entries, by: actor, now: now) }
    }

    /// What ``importFacts(_:kind:by:now:)`` would change. Nothing is written.
    ///
    /// - Parameter question: the scope and period whose figures are compared, if any.
    package func previewFacts(
        _ records: [FactRecord], kind: FactKind, by actor: String, now: Timestamp, question: ScopeQuestion?
    ) async throws -> ImportPreview<FactChange> {
        try await preview(question) { try $0.importFacts(records, kind: kind, by: actor, now: now) }
    }

    /// Ends the transaction of a preview, which must never be committed, with what was seen in it.
    private struct RolledBack<Change: Sendable>: Error {
        var preview: ImportPreview<Change>
    }

    private func preview<Change: Sendable>(
        _ question: ScopeQuestion?, _ carryOut: @escaping @Sendable (StoreSession) throws -> Change
    ) async throws -> ImportPreview<Change> {
        let calendar = calendar
        do {
            // One snapshot for both sides: what moves is the import's doing, not that of a rollup in between.
            return try await pool.withTransaction(
                TransactionOptions(isolation: .repeatableRead), retry: RetryPolicy(attempts: 5)
            ) { connection -> ImportPreview<Change> in
                let session = StoreSession(connection)
                let before = try question.flatMap { try session.answer(to: $0, calendar: calendar) }
                let change = try carryOut(session)
                let after = try question.map { try session.requiredAnswer(to: $0, calendar: calendar) }
                let effect = after.map { after in
                    ImportPreview<Change>.Effect(position: after.position, before: before, after: after.tables[0])
                }
                throw RolledBack(preview: ImportPreview(change: change, effect: effect))
            }
        } catch let end as RolledBack<Change> {
            return end.preview
        }
    }
}

extension StoreSession {
    /// The whole market's figures as they are in this transaction, which may write again afterwards.
    fileprivate func requiredAnswer(to question: ScopeQuestion, calendar: ZoneRules) throws -> ScopeAnswers {
        let outcome = Result {
            try answers(to: [question], calendar: calendar, knownAt: nil, visibility: .everything)
        }
        if case .failure(let error) = outcome, error is PostgresError { throw error }
        // Reading has restricted the transaction to what readers may do.
        try connection.query("SELECT set_config('role', 'none', true)")
        return try outcome.get()
    }

    /// The same; `nil` where facts that the scope needs aren't there or don't answer it.
    fileprivate func answer(to question: ScopeQuestion, calendar: ZoneRules) throws -> ShareTable? {
        do {
            return try requiredAnswer(to: question, calendar: calendar).tables[0]
        } catch is MissingFacts {
            return nil
        } catch is UnanswerableScope {
            return nil
        }
    }
}
