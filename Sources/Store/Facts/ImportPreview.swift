internal import Postgres
package import Reporting
package import Scopes
package import UsageModel

/// What an import would change: carried out, looked at, and rolled back.
package struct ImportPreview: Sendable {
    package var change: FactChange
    /// What would move under a scope; `nil` where none was asked for.
    package var effect: ImportEffect?
}

extension Store {
    /// What an import of facts would change; nothing is written. See ``StoreSession/importFacts(_:kind:by:now:)``.
    ///
    /// - Parameter question: the scope and period whose figures are compared, if any.
    package func previewImport(
        of records: [FactRecord], kind: FactKind, by actor: String, now: Timestamp, question: ScopeQuestion?
    ) async throws -> ImportPreview {
        do {
            return try await RetryPolicy.imports.run {
                try await self.pool.withConnection { connection in
                    let session = self.session(on: connection)
                    return try session.whileNothingIsRecorded {
                        // One snapshot for both sides: what moves is the import's doing, not that of a rollup between.
                        try connection.transaction(TransactionOptions(isolation: .repeatableRead)) { _ in
                            // First, since cells that a rollup wrote after the snapshot can't be moved in it.
                            if kind == .tenants { try session.lockCubes(.alone) }
                            let before = try question.map { try session.wholeMarket($0) }
                            let change = try session.importFacts(records, kind: kind, by: actor, now: now)
                            let after = try question.map { try session.wholeMarket($0) }
                            var end = RolledBack(change: change)
                            if let before, let after { end.readings = (before, after) }
                            throw end
                        }
                    }
                }
            }
        } catch let end as RolledBack {
            return ImportPreview(
                change: end.change,
                effect: try end.readings.map { try ImportEffect(before: $0.before, after: $0.after) })
        }
    }

    /// Ends the transaction of a preview, which must never be committed, with what was seen in it.
    private struct RolledBack: Error {
        var change: FactChange
        /// The question before and after the import.
        var readings: (before: ScopeReading, after: ScopeReading)?
    }
}

extension StoreSession {
    /// What the whole market's figures are made from, as they are in this transaction.
    fileprivate func wholeMarket(_ question: ScopeQuestion) throws -> ScopeReading {
        try ScopeReading([question], knownAt: nil, visibility: .everything, from: self)
    }
}
