internal import Postgres
package import UsageModel

/// How long things are kept; `nil` keeps them for ever. Only whole months (UTC) are dropped, once all of a month is
/// older. The ledger's keys, digests and totals, and day and month sums, are kept for ever.
package struct RetentionPolicy: Sendable, Equatable {
    /// Sealed batches, by when they were received, in days.
    package var payloadDays: Int?
    /// Minute sums, by event time, in days.
    package var minuteDays: Int?
    /// Hour sums, by event time, in days.
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

    /// Drops partitions that the policy doesn't keep. Sums for dropped months are no longer rolled up or answered.
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

    /// Makes the partitions that sums of these days (UTC) need, before the batch that needs them is committed: its
    /// sender waits for them, and no rollup does, which others' batches may be in.
    ///
    /// Each is made on a connection that is given back at once.
    func ensureSumPartitions(for days: Set<Int64>) async throws {
        let wanted = Set(days.flatMap(sumPartitions(ofDay:)))
        if partitions.has(wanted) { return }
        let floors = try await session { try $0.floors() }
        for partition in partitions.missing(wanted) where partition.isKept(floors) {
            try await pool.withConnection { try self.partitions.ensure([partition], on: $0) }
        }
    }

    private func sumPartitions(ofDay day: Int64) -> [Partition] {
        let month = Month(day: day)
        let (start, end) = (day * CivilTime.secondsPerDay, (day + 1) * CivilTime.secondsPerDay - 1)
        let days = Set([start, end].map { Month(day: calendar.date(atSecond: $0).days) })
        return [Partition(table: .usageHour, month: month), Partition(table: .usageMinute, month: month)]
            + days.map { Partition(table: .usageDay, month: $0) }
    }
}
