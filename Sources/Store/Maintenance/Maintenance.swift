internal import Postgres
package import UsageModel

/// How long things are kept; `nil` keeps them for ever. Only whole months (UTC) are dropped, once all of a month is
/// older. The ledger's keys, digests and totals, days by tenant, and cubes, are kept for ever.
package struct RetentionPolicy: Sendable, Equatable {
    /// Sealed batches, by when they were received, in days.
    package var payloadDays: Int?
    /// Segments by minute, by event time, in days.
    package var minuteDays: Int?
    /// Segments by hour, by event time, in days.
    package var hourDays: Int?

    package init(payloadDays: Int? = nil, minuteDays: Int? = nil, hourDays: Int? = nil) {
        self.payloadDays = payloadDays
        self.minuteDays = minuteDays
        self.hourDays = hourDays
    }
}

extension Store {
    /// Makes this month's and next month's partitions ahead of time.
    package func makePartitionsAhead(now: Timestamp) async throws {
        let months = [Month(second: now.seconds), Month(second: now.seconds).next]
        try await pool.withConnection { connection in
            try self.partitions.ensure(
                Set(
                    PartitionedTable.allCases.flatMap { table in
                        months.map { Partition(table: table, month: $0) }
                    }), on: connection)
        }
    }

    /// Drops partitions that the policy doesn't keep. Segments of dropped months are no longer made or answered; what
    /// comes late for them reaches days and cubes.
    ///
    /// - Returns: the names of the partitions that were dropped.
    @discardableResult
    package func applyRetention(_ policy: RetentionPolicy, now: Timestamp) async throws -> [String] {
        try await pool.withConnection { connection in
            let dropped = try Retention(
                connection: connection, calendar: self.calendar, policy: policy, now: now
            ).run()
            self.partitions.forget(dropped)
            return dropped
        }
    }

    func ensureLedgerPartitions(for moment: Timestamp) async throws {
        let month = Month(second: moment.seconds)
        let wanted: Set<Partition> = [
            Partition(table: .ledger, month: month), Partition(table: .ledgerPayload, month: month),
        ]
        if partitions.has(wanted) { return }
        try await pool.withConnection { try self.partitions.ensure(wanted, on: $0) }
    }
}
