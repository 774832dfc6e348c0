internal import Postgres
internal import UsageModel

/// Rolls up committed batches into the sums, on one connection.
///
/// Reading and decoding come first, without a transaction. What moves the sums is one transaction: it takes the
/// batches out of the queue, and only if all of them were still there does it count them.
struct RollupJob {
    /// The advisory lock that makes one instance rollup at a time. Nothing is wrong if two do: the queue rows decide.
    static let lockKey: Int64 = 0x7374_6565_6C66_6F6C

    let connection: Connection
    let calendar: ZoneRules
    let partitions: PartitionCache

    /// One batch of the queue.
    struct Queued {
        var queueID: Int64
        var collector: Int32
        var provider: Int16
        var epoch: Int64
        var sequence: Int64
        var receivedAt: Timestamp
        var rows: Int
        var payloadBytes: Int
    }

    func rollUpNext(_ limits: RollupLimits, decode: PayloadDecoder) throws -> RollupReport {
        guard let report = try withLock({ try rollUp(limits, decode: decode) }) else {
            return RollupReport(status: .busy)
        }
        return report
    }

    /// Runs `body` while no other instance rollups; `nil` where one does.
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
        let decoded = try read(taken, decode: decode)
        var builder = SumBuilder(
            calendar: calendar, expectedRows: decoded.good.reduce(0) { $0 + $1.rows.rows.count })
        try merge(decoded.good.map { ($0.rows, $0.batch.provider) }, into: &builder)
        builder.finish()
        try partitions.ensure(builder.partitions(floors: floors), on: connection)

        var report = RollupReport(status: .rolledUp)
        report.batches = decoded.good.count
        report.rows = decoded.good.reduce(0) { $0 + $1.rows.rows.count }
        report.setAside = decoded.bad.count
        report.hasMore = hasMore
        do {
            try connection.transaction { _ in
                report.position = try advance(decoded.good.map(\.batch), taken: taken)
                try setAside(decoded.bad)
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
    private func take(_ limits: RollupLimits) throws -> (taken: [Queued], hasMore: Bool) {
        let rows = try connection.query(
            """
            SELECT q.queue_id, q.collector_id, c.provider_id, q.epoch, q.sequence, q.received_at, q.row_count,
                   q.payload_bytes
              FROM rollup_queue q JOIN collector c USING (collector_id) ORDER BY q.queue_id LIMIT $1
            """, [.int(limits.maxBatches + 1)])
        var taken: [Queued] = []
        var rowsTaken = 0
        var bytesTaken = 0
        for row in rows {
            let next = try Queued(row)
            rowsTaken += next.rows
            bytesTaken += next.payloadBytes
            let fits =
                taken.count < limits.maxBatches && rowsTaken <= limits.maxRows
                && bytesTaken <= limits.maxPayloadBytes
            guard taken.isEmpty || fits else { return (taken, true) }
            taken.append(next)
        }
        return (taken, false)
    }

    /// Takes the batches out of the queue, gives each counted one its leaf, and moves the position.
    private func advance(_ good: [Queued], taken: [Queued]) throws -> UInt64 {
        let position: Int64 = try connection.query("SELECT position FROM rollup_state FOR UPDATE").one().decode(0)
        let removed = try connection.query(
            "DELETE FROM rollup_queue WHERE queue_id = ANY($1)", [.int64Array(taken.map(\.queueID))])
        guard removed.affectedRows == taken.count else { throw QueueMoved() }
        try connection.query(
            """
            INSERT INTO ledger_position (position, collector_id, epoch, sequence, received_at)
            SELECT $1 + n, collector_id, epoch, sequence, received_at
              FROM unnest($2::int4[], $3::int8[], $4::int8[], $5::timestamptz[])
                   WITH ORDINALITY AS batch (collector_id, epoch, sequence, received_at, n)
            """,
            [
                .int(position), .int32Array(good.map(\.collector)), .int64Array(good.map(\.epoch)),
                .int64Array(good.map(\.sequence)), .timestampArray(good.map(\.receivedAt)),
            ])
        let next = position + Int64(good.count)
        try connection.query("UPDATE rollup_state SET position = $1", [.int(next)])
        return UInt64(next)
    }
}

extension RollupJob.Queued {
    init(_ row: Row) throws {
        queueID = try row.decode(0)
        collector = try row.decode(1)
        provider = try row.decode(2)
        epoch = try row.decode(3)
        sequence = try row.decode(4)
        receivedAt = try row.decode(5)
        rows = try row.decode(6)
        payloadBytes = try row.decode(7)
    }
}
