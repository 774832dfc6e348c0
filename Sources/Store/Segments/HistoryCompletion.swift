internal import Postgres
package import UsageModel

/// Told of while a database from before schema version 19 is brought up to date: from when on its usage is in segments
/// (newest first), or, once all hours are, in the days by tenant.
package typealias HistoryProgress = @Sendable (_ from: Timestamp) -> Void

extension Store {
    /// How long a step waits for what is rolled up by a program of the release before.
    private static let historyPause = Duration.milliseconds(200)

    /// Brings a database that has tables of sums to where they can go: everything that they count is in segments, in
    /// the days by tenant, or waits in payloads. Broken off, it goes on where it was.
    func completeHistory(told: HistoryProgress) async throws {
        while true {
            switch try await historyStep() {
            case .complete: return
            case .took(let from): if let from { told(from) }
            case .busy: try await Task.sleep(for: Self.historyPause)
            }
        }
    }

    private func historyStep() async throws -> SegmentHistory.Step {
        try await pool.withConnection { connection in
            // Reading an hour of a large database takes longer than a question may.
            try connection.execute("SET statement_timeout = 0")
            defer { connection.discardAfterUse() }
            return try SegmentHistory(
                connection: connection, calendar: self.calendar, partitions: self.partitions
            ).step()
        }
    }
}
