internal import Postgres
package import UsageModel

/// What a rebuild found: the sums as stored against the sums as the ledger's batches give them.
package struct RebuildReport: Sendable, Equatable {
    package struct Table: Sendable, Equatable {
        package var name: String
        /// Rows that the ledger gives.
        package var rows: Int
        /// Rows that differ: missing, surplus, or with other counts.
        package var differing: Int
        package var stored: WideTokenCounts
        package var rebuilt: WideTokenCounts
    }

    /// Batches that were decoded.
    package var batches: Int
    package var position: UInt64
    package var tables: [Table]
    /// Whether the stored sums were replaced by the rebuilt ones.
    package var hasReplaced: Bool

    /// Nothing differs.
    package var isEqual: Bool { tables.allSatisfy { $0.differing == 0 } }
}

extension Store {
    /// Rebuilds the sums of some days from the ledger in temporary tables and compares. Rollup waits meanwhile.
    ///
    /// - Parameters:
    ///   - dates: half-open, in the reporting calendar. Month sums are compared for months that lie in it whole.
    ///   - replace: puts the rebuilt sums in the place of the stored ones, in one transaction.
    /// - Throws: ``StoreError``: `.busy` while another instance rollups, `.payloadDropped` where batches in the range
    ///   have no payload any more.
    package func rebuild(
        _ dates: Range<CalendarDate>, replace: Bool = false, limits: RollupLimits = RollupLimits(),
        decode: @escaping PayloadDecoder
    ) async throws -> RebuildReport {
        try await pool.withConnection { connection in
            let job = RollupJob(connection: connection, calendar: self.calendar, partitions: self.partitions)
            return try RebuildJob(job: job, dates: dates, limits: limits).run(replace: replace, decode: decode)
        }
    }
}
