internal import Postgres
internal import UsageModel

/// Rolls up committed batches into the sums, on one connection.
///
/// Reading and decoding come first, without a transaction. What moves the sums is one transaction: it takes the
/// batches out of the queue, and only if all of them were still there does it count them.
struct RollupJob {
    /// The advisory lock that makes one instance roll up at a time. Nothing is wrong if two do: the queue rows decide.
    static let lockKey: Int64 = 0x7374_6565_6C66_6F6C

    let connection: Connection
    let calendar: ZoneRules
    let partitions: PartitionCache

    var session: StoreSession { StoreSession(connection, calendar: calendar) }

    /// A batch that waits to be rolled up.
    private struct QueuedBatch {
        /// Its number in the queue: the order in which batches were committed.
        var queueID: Int64
        var batch: LedgerBatch
    }

    func rollUpNext(_ limits: RollupLimits, decode: PayloadDecoder) throws -> RollupReport {
        guard let report = try withLock({ try rollUp(limits, decode: decode) }) else {
            return RollupReport(status: .busy)
        }
        return report
    }

    /// Runs `body` while no other instance rolls up; `nil` where one does.
    func withLock<Value>(_ body: () throws -> Value) throws -> Value? {
        let isMine: Bool = try connection.query(
            "SELECT pg_try_advisory_lock($1)", [.int(Self.lockKey)]
        ).one().decode(0)
        guard isMine else { return nil }
        let result = Result { try body() }
        do {
            try connection.query("SELECT pg_advisory_unlock($1)", [.int(Self.lockKey)])
        } catch {
            // The lock goes with the session.
            connection.discardAfterUse()
        }
        return try result.get()
    }

    private func rollUp(_ limits: RollupLimits, decode: PayloadDecoder) throws -> RollupReport {
        let (taken, hasMore) = try take(limits)
        if taken.isEmpty { return RollupReport(status: .idle) }
        let floors = try floors()
        let decoded = try read(taken.map(\.batch), decode: decode)
        var builder = SumBuilder(calendar: calendar, expectedRows: decoded.rowCount)
        try merge(decoded.good, into: &builder)
        builder.finish()
        precondition(
            builder.totals == decoded.totals, "batches of \(decoded.totals) were merged to \(builder.totals)")
        // Making partitions takes transactions of its own.
        try partitions.ensure(builder.partitions(floors: floors), on: connection)

        var report = RollupReport(status: .rolledUp)
        report.batches = decoded.good.count
        report.rows = decoded.rowCount
        report.quarantined = decoded.bad.count
        report.hasMore = hasMore
        do {
            try connection.transaction { _ in
                report.position = try advance(decoded.good.map(\.batch), taken: taken)
                try quarantine(decoded.bad)
                report.sums = try SumWriter(connection: connection).write(builder, floors: floors)
            }
        } catch is QueueMoved {
            return RollupReport(status: .busy)
        }
        return report
    }

    /// Another rollup job took batches of ours in the meantime.
    private struct QueueMoved: Error {}

    /// The oldest batches, as many as the limits allow and at least one.
    private func take(_ limits: RollupLimits) throws -> (taken: [QueuedBatch], hasMore: Bool) {
        // One more than may be taken, which says whether there are more.
        let queued = try connection.query(
            """
            SELECT q.queue_id, q.collector_id, c.provider_id, q.epoch, q.sequence, q.received_at, q.row_count,
                   q.payload_bytes
              FROM rollup_queue q JOIN collector c USING (collector_id) ORDER BY q.queue_id LIMIT $1
            """, [.int(limits.maxBatches + 1)]
        ).map { QueuedBatch(queueID: try $0.decode(0), batch: try LedgerBatch($0, from: 1)) }
        let count = limits.portion(of: queued.map(\.batch))
        return (Array(queued.prefix(count)), count < queued.count)
    }

    /// Takes the batches out of the queue, gives each counted one its ledger position, and moves the position that sums
    /// count up to.
    private func advance(_ good: [LedgerBatch], taken: [QueuedBatch]) throws -> UInt64 {
        let position: Int64 = try connection.query("SELECT position FROM rollup_state FOR UPDATE").one().decode(0)
        let removed = try connection.query(
            "DELETE FROM rollup_queue WHERE queue_id = ANY($1)", [.int64Array(taken.map(\.queueID))])
        guard removed.affectedRows == taken.count else { throw QueueMoved() }
        let placed = try connection.query(
            """
            INSERT INTO ledger_position (position, collector_id, epoch, sequence, received_at)
            SELECT $1 + n, collector_id, epoch, sequence, received_at
              FROM unnest($2::int4[], $3::int8[], $4::int8[], $5::timestamptz[])
                   WITH ORDINALITY AS batch (collector_id, epoch, sequence, received_at, n)
            """,
            [
                .int(position), .int32Array(good.map(\.collector)), .int64Array(good.map(\.epoch)),
                .int64Array(good.map(\.sequence)), .timestampArray(good.map(\.receivedAt)),
            ]
        ).affectedRows
        // Positions are gapless: each counted batch takes exactly one, and the next rollup goes on after the last.
        precondition(placed == good.count, "\(placed) of \(good.count) batches got a position after \(position)")
        let next = position + Int64(good.count)
        try connection.query("UPDATE rollup_state SET position = $1", [.int(next)])
        return UInt64(next)
    }

    /// From when on sums are kept; retention holds the rollup lock while it moves them.
    func floors() throws -> Floors {
        var floors = Floors()
        for row in try connection.query("SELECT table_name, kept_from FROM sums_floor") {
            let seconds = try row.decode(1, as: Timestamp.self).seconds
            switch try row.decode(0, as: String.self) {
            case PartitionedTable.usageHour.rawValue: floors.hour = seconds / 3_600
            case PartitionedTable.usageMinute.rawValue: floors.minute = seconds / 60
            default: continue
            }
        }
        return floors
    }
}

extension StoreSession {
    /// The ledger position that every sum counts up to: how many batches, in their order.
    package func position() throws -> UInt64 {
        try connection.query("SELECT position FROM rollup_state").one().decode(0)
    }

    /// The highest number in the rollup queue; `nil` where it is empty.
    func newestQueued() throws -> Int64? {
        try connection.query("SELECT max(queue_id) FROM rollup_queue").one().decode(0)
    }

    /// The lowest number in the rollup queue; `nil` where it is empty.
    func oldestQueued() throws -> Int64? {
        try connection.query("SELECT min(queue_id) FROM rollup_queue").one().decode(0)
    }
}
