internal import Postgres
internal import UsageModel

/// Drops what the retention policy doesn't keep, by whole partitions.
struct Retention {
    let connection: Connection
    let calendar: ZoneRules
    let policy: RetentionPolicy
    let now: Timestamp

    /// - Returns: the names of the partitions that were dropped.
    func run() throws -> [String] {
        // Nothing is rolled up meanwhile, into what is dropped. Where another instance rolls up, the next run of this
        // will do.
        return try RollupLocks(connection: connection).exclusively {
            try moveFloor(FloorName.minute, keptDays: policy.minuteDays)
            try moveFloor(FloorName.hour, keptDays: policy.hourDays)
            return try dropPayloads() + dropSegments()
        } ?? []
    }

    /// Moves the floor first: what lies below it is neither merged nor answered, whether it is dropped yet or not.
    private func moveFloor(_ name: String, keptDays: Int?) throws {
        guard let floor = floor(keptDays) else { return }
        try connection.query(
            """
            INSERT INTO sums_floor (table_name, kept_from) VALUES ($1, $2)
            ON CONFLICT (table_name) DO UPDATE SET kept_from = greatest(sums_floor.kept_from, excluded.kept_from)
            """, [.text(name), .timestamp(Timestamp(seconds: floor.firstSecond))])
    }

    /// Segments go by their granularity, and an hour's ranges with the last of them. Those that aren't in the days by
    /// tenant yet stay until they are.
    private func dropSegments() throws -> [String] {
        let floors = try StoreSession(connection, calendar: calendar).floors()
        let waiting: Timestamp? = try connection.query(
            "SELECT min(hour) FROM segment_range WHERE NOT is_in_days"
        ).one().decode(0)
        let kept = waiting.map { Month(second: $0.seconds) }
        var dropped: [String] = []
        for (table, hour) in [(.segmentMinute, floors.minuteHour), (.segmentHour, floors.hour)]
            as [(PartitionedTable, Int64)] where hour > .min
        {
            let floor = Month(second: hour * 3_600)
            let first = min(floor, kept ?? floor)
            dropped += try drop(try partitions(of: table).filter { $0.month < first })
        }
        if floors.segments > .min {
            // Ranges of an hour are a chain, and go together.
            try connection.query(
                """
                DELETE FROM segment_range r
                 WHERE r.hour < $1 AND NOT EXISTS (
                     SELECT FROM segment_range o
                      WHERE o.provider_id = r.provider_id AND o.hour = r.hour AND NOT o.is_in_days)
                """, [SegmentTables.hour(floors.segments)])
        }
        return dropped
    }

    /// A payload that waits to be rolled up, or to be merged into segments, keeps its partition.
    private func dropPayloads() throws -> [String] {
        guard let floor = floor(policy.payloadDays) else { return [] }
        let oldest: Timestamp? = try connection.query(
            "SELECT least((SELECT min(received_at) FROM rollup_queue), (SELECT min(received_at) FROM segment_queue))"
        ).one().decode(0)
        let kept = min(floor, oldest.map { Month(second: $0.seconds) } ?? floor)
        return try drop(try partitions(of: .ledgerPayload).filter { $0.month < kept })
    }

    /// The first month that is kept: the one that the oldest kept day lies in.
    private func floor(_ keptDays: Int?) -> Month? {
        keptDays.map { Month(second: now.seconds - Int64($0) * 86_400) }
    }

    private func partitions(of table: PartitionedTable) throws -> [Partition] {
        let rows = try connection.query(
            """
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = to_regclass($1) ORDER BY c.relname
            """, [.text(table.rawValue)])
        return try rows.compactMap { row in
            let parts = try row.decode(0, as: String.self).split(separator: "_").suffix(2).compactMap { Int($0) }
            guard parts.count == 2 else { return nil }
            return Partition(table: table, month: Month(index: parts[0] * 12 + parts[1] - 1))
        }
    }

    private func drop(_ partitions: [Partition]) throws -> [String] {
        for partition in partitions { try connection.execute("DROP TABLE IF EXISTS \(partition.name)") }
        return partitions.map(\.name)
    }
}
