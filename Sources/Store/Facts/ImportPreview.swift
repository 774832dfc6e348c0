internal import Postgres
package import Reporting
package import Scopes
package import UsageModel

/// What an import would change: carried out, looked at, and rolled back.
package struct ImportPreview<Change: Sendable>: Sendable {
    package var change: Change
    /// What would move under a scope; `nil` where none was asked for.
    package var effect: ImportEffect?
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
        var change: Change
        /// The question before and after the import.
        var readings: (before: ScopeReading, after: ScopeReading)?
    }

    private func preview<Change: Sendable>(
        _ question: ScopeQuestion?, _ carryOut: @escaping @Sendable (StoreSession) throws -> Change
    ) async throws -> ImportPreview<Change> {
        do {
            // One snapshot for both sides: what moves is the import's doing, not that of a rollup in between.
            return try await transaction(
                TransactionOptions(isolation: .repeatableRead), retry: RetryPolicy(attempts: 5)
            ) { session -> ImportPreview<Change> in
                let before = try question.map { try session.wholeMarket($0) }
                let change = try carryOut(session)
                let after = try question.map { try session.wholeMarket($0) }
                var end = RolledBack(change: change)
                if let before, let after { end.readings = (before, after) }
                throw end
            }
        } catch let end as RolledBack<Change> {
            return ImportPreview(
                change: end.change,
                effect: try end.readings.map { try ImportEffect(before: $0.before, after: $0.after) })
        }
    }
}

extension StoreSession {
    /// What the whole market's figures are made from, as they are in this transaction, which may write again afterwards.
    fileprivate func wholeMarket(_ question: ScopeQuestion) throws -> ScopeReading {
        let reading = try ScopeReading([question], knownAt: nil, visibility: .everything, from: self)
        try liftRestriction()
        return reading
    }
}
