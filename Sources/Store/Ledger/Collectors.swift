internal import Postgres
package import UsageModel

/// What the store knows about a collector.
package struct CollectorStatus: Sendable, Equatable {
    package var provider: String
    package var collector: String
    package var epoch: UInt64
    package var nextSequence: UInt64
    package var softwareVersion: String
    /// The last time it said anything: a batch, a lookup, an epoch.
    package var lastSeen: Timestamp
    /// The last batch that was counted.
    package var lastBatchAt: Timestamp?
    /// The newest event minute that it delivered, in minutes since 1970-01-01T00:00Z.
    package var newestMinute: Int64?
    /// Batches of it that are committed and not rolled up yet.
    package var pendingBatches: Int
    /// Batches that came again after they were counted.
    package var duplicates: UInt64
    /// Batches of it in `batch_quarantine`.
    package var quarantined: Int
}

extension Store {
    /// All collectors that the caller may see, by provider and name.
    package func collectors(visibility: Visibility) async throws -> [CollectorStatus] {
        try await pool.withTransaction(.snapshot) { try StoreSession($0).collectors(visibility: visibility) }
    }
}
