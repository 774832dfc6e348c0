internal import BatchFormat
internal import Postgres
package import UsageModel

/// Told of while a database from before schema version 19 is brought up to date: from when on its usage is in segments
/// (newest first), or, once all hours are, in the days by tenant.
package typealias HistoryProgress = @Sendable (_ from: Timestamp) -> Void

extension Store {
    /// The sealed bytes of the ledger as rows.
    package static let decodeSealed: PayloadDecoder = { try BatchDecoder().decode($0).rows }

    /// How long a step waits for what is rolled up by a program of the release before.
    private static let historyPause = Duration.milliseconds(200)

    /// Brings a database that has tables of sums to where they can go: everything that they count is in segments, in the
    /// days by tenant, or waits in payloads. Broken off, it goes on where it was.
    ///
    /// - Throws: ``StoreError`` with `.historyIncomplete` where a payload that isn't what the ledger says of it stands in
    ///   the way.
    func completeHistory(decode: @escaping PayloadDecoder, told: HistoryProgress) async throws {
        while true {
            switch try await historyStep(decode) {
            case .complete: return
            case .took(let from): if let from { told(from) }
            case .busy: try await Task.sleep(for: Self.historyPause)
            case .waits(let day): try await mergeForHistory(of: day, decode)
            }
        }
    }

    private func historyStep(_ decode: @escaping PayloadDecoder) async throws -> SegmentHistory.Step {
        try await pool.withConnection { connection in
            // Reading an hour of a large database takes longer than a question may.
            try connection.execute("SET statement_timeout = 0")
            defer { connection.discardAfterUse() }
            let rollup = RollupJob(
                connection: connection, calendar: self.calendar, partitions: self.partitions, cubes: self.cubeMemory,
                decode: decode)
            return try SegmentHistory(
                rollup: rollup, days: TenantDays(connection: connection, calendar: self.calendar)
            ).step()
        }
    }

    private func mergeForHistory(of day: CalendarDate, _ decode: @escaping PayloadDecoder) async throws {
        let now: Timestamp = try await session { try $0.connection.query("SELECT clock_timestamp()").one().decode(0) }
        let report = try await mergeSegmentsNext(now: now, decode: decode)
        guard report.status == .idle else {
            if report.status == .busy { try await Task.sleep(for: Self.historyPause) }
            return
        }
        let named = report.damaged.prefix(LedgerFaults.maxNamed).map {
            "collector \($0.collector), epoch \($0.epoch), sequence \($0.sequence): \($0.detail)"
        }
        throw StoreError(
            .historyIncomplete,
            "Usage of \(day) waits for batches that can't be merged into segments. Restore their payloads from a backup, "
                + "and run steelyard-aggregator migrate again.\n\(named.joined(separator: "\n"))")
    }
}
