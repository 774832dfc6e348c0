internal import Postgres
package import Reporting
package import Scopes
package import UsageModel

/// What an import of facts changed.
package struct FactChange: Sendable, Equatable {
    /// Records that now hold and did not before.
    package var asserted = 0
    /// Records of the file that said what was held already.
    package var unchanged = 0
    /// Earlier records that were superseded in whole or in part.
    package var superseded = 0
    /// Parts of superseded records that still hold and were recorded again.
    package var remainders = 0
    /// When it was recorded: later than every record before. Where nothing changed, the moment of the latest record.
    package var recordedAt: Timestamp

    package init(recordedAt: Timestamp) {
        self.recordedAt = recordedAt
    }
}

/// A fact as it is or was held.
package struct StoredFact: Sendable, Equatable {
    package var record: FactRecord
    package var recordedAt: Timestamp
    package var recordedBy: String
    /// When a later record took its place; `nil` while it is held.
    package var supersededAt: Timestamp?
}

extension Store {
    /// Applies records of one kind as a whole, or nothing. New records supersede what was held of the same key for the days
    /// that they speak about; history stays.
    ///
    /// - Throws: ``StoreError`` with `.factConflict` where records overlap with each other.
    package func importFacts(_ records: [FactRecord], kind: FactKind, by actor: String, now: Timestamp) async throws
        -> FactChange
    {
        try await transaction(retry: RetryPolicy(attempts: 5)) {
            try $0.importFacts(records, kind: kind, by: actor, now: now)
        }
    }

    /// What is held of a kind, or was held at a moment, in order of key and date.
    package func exportFacts(_ kind: FactKind, knownAt: Timestamp? = nil, visibility: Visibility) async throws
        -> [StoredFact]
    {
        try await snapshot {
            try $0.exportFacts(kind, knownAt: knownAt, visibility: visibility)
        }
    }
}
