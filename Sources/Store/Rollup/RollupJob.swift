internal import BatchFormat
internal import Postgres
internal import UsageModel

/// Why the sums can't take a batch that decodes: a fault of the batch, which it has for good.
struct RollupError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What a process remembers from one rollup to the next.
struct RollupMemory {
    let decoded = DecodedMemory()
    let names = NameMemory()
}

/// Rolls up committed batches: into cells of cubes, the position, and the queue of hours that wait for segments; on one
/// connection.
///
/// Reading and decoding come first, without a transaction. What counts the batches is one transaction: it takes them
/// out of the queue, and only if all of them were still there does it count them.
struct RollupJob {
    let connection: Connection
    let calendar: ZoneRules
    let partitions: PartitionCache
    let cubes: CubeMemory
    let decode: PayloadDecoder
    /// `nil` for work that must take everything from the database.
    var memory: RollupMemory?

    var session: StoreSession { StoreSession(connection, calendar: calendar) }
    var locks: RollupLocks { RollupLocks(connection: connection) }

    /// Rolls up what ``RollupPlan`` gives the lane.
    func rollUpNext(lane: RollupLane, within limits: RollupLimits) throws -> RollupReport {
        memory?.decoded.removeOld()
        return try locks.inLane(lane) { try rollUp(lane: lane, within: limits) } ?? RollupReport(status: .busy)
    }

    private func rollUp(lane: RollupLane, within limits: RollupLimits) throws -> RollupReport {
        let queues = try session.waiting(for: lane, within: limits)
        if queues.isEmpty { return RollupReport(status: .idle) }
        let held = try locks.acquire(providers: queues.map(\.provider))
        defer { locks.release(providers: held) }
        // What the other lane took between the look and the locks is missed when it is taken out of the queue.
        let locked = queues.filter { held.contains($0.provider) }
        if locked.isEmpty { return RollupReport(status: .busy) }
        let plan = RollupPlan(of: locked, within: limits)
        var report = RollupReport(status: .rolledUp)
        report.hasMore = plan.hasMore
        do {
            try count(plan.batches, naming: .within(limits.newNames), into: &report)
        } catch is QueueMoved {
            return RollupReport(status: .busy)
        }
        return report
    }

    /// Another rollup took batches of ours in the meantime.
    private struct QueueMoved: Error {}

    /// Counts batches; where they can't be counted together, halves find the ones that can't be counted at all, and
    /// quarantine those.
    private func count(_ taken: [QueuedBatch], naming: NamingRule, into report: inout RollupReport) throws {
        do {
            try countTogether(taken, naming: naming, into: &report)
        } catch let error where Self.isFaultOfBatches(error) {
            if taken.count > 1 {
                let half = taken.count / 2
                try count(Array(taken[..<half]), naming: naming, into: &report)
                try count(Array(taken[half...]), naming: naming, into: &report)
            } else {
                try countAlone(taken[0], naming: naming, into: &report)
            }
        }
    }

    /// Counts one batch, or quarantines it.
    private func countAlone(_ taken: QueuedBatch, naming: NamingRule, into report: inout RollupReport) throws {
        // What is wrong with rows that this process remembers needn't be wrong with the payload.
        memory?.decoded.remove([taken.batch.key])
        do {
            try countTogether([taken], naming: naming, into: &report)
        } catch let error where Self.isFaultOfBatches(error) {
            try giveUp(taken, because: error, into: &report)
        }
    }

    /// Whether an error comes from what is in a batch. Any other (the connection, a lock, the disk, a schema that isn't
    /// ours) says nothing about batches: the rollup is tried again.
    static func isFaultOfBatches(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return error is RollupError }
        // Data exceptions, violated constraints, values beyond a limit of the server; names that can't be stored.
        return ["22", "23", "54"].contains(error.code.rawValue.prefix(2)) || error.code == .decoding
    }

    private func countTogether(_ taken: [QueuedBatch], naming: NamingRule, into report: inout RollupReport) throws {
        let decoded = try recall(taken.map(\.batch))
        for batch in decoded.good { try batch.rows.checkMinutes() }
        let names = try names(of: decoded.good, naming: naming)
        let cells = CubeBuilder(
            try cubes.basis(of: try session.cubeState(), session), of: decoded.good, names: names)
        precondition(cells.totals == decoded.totals, "batches of \(decoded.totals) were merged to \(cells.totals)")
        let (position, count) = try connection.transaction { _ in
            try removeFromQueue(taken)
            try quarantine(decoded.bad)
            let count = try addToCubes(cells, of: decoded.good, names: names)
            // Last, since the other lane waits for the row from here to the commit.
            let position = try advance(decoded.good.map(\.batch))
            let before = Int64(position) - Int64(decoded.good.count)
            try note(names, after: before)
            try SegmentQueue(connection: connection).add(decoded.good, after: before)
            return (position, count)
        }
        memory?.decoded.remove(taken.map(\.batch.key))
        report.position = position
        report.cells += count
        report.batches += decoded.good.count
        report.rows += decoded.rowCount
        report.quarantined += decoded.bad.map { QuarantineNote($0) }
    }

    /// Adds what the batches hold to cubes, by the registry as it is now: no import is between this and the commit.
    ///
    /// - Parameter cells: made by the registry as it was a moment ago.
    private func addToCubes(_ cells: CubeBuilder, of batches: [DecodedBatches.Good], names: [BatchNames]) throws -> Int
    {
        try session.lockCubes(.rollup)
        let state = try session.cubeState()
        var cells = cells
        if !cells.basis.isCurrent(in: state) {
            cells = CubeBuilder(try cubes.basis(of: state, session), of: batches, names: names)
        }
        return try CubeWriter(connection: connection).write(cells.cells(in: state))
    }

    private func giveUp(_ taken: QueuedBatch, because error: any Error, into report: inout RollupReport) throws {
        var decoded = try read([taken.batch])
        decoded.bad += decoded.good.map {
            .init(batch: $0.batch, payload: $0.payload, reason: .rollupFailed, detail: .shortened("\(error)"))
        }
        report.position = try connection.transaction { _ in
            try removeFromQueue([taken])
            try quarantine(decoded.bad)
            return try session.position()
        }
        memory?.decoded.remove([taken.batch.key])
        report.quarantined += decoded.bad.map { QuarantineNote($0) }
    }

    private func removeFromQueue(_ taken: [QueuedBatch]) throws {
        let removed = try connection.query(
            "DELETE FROM rollup_queue WHERE queue_id = ANY($1)", [.int64Array(taken.map(\.queueID))])
        guard removed.affectedRows == taken.count else { throw QueueMoved() }
    }

    /// Gives each counted batch its ledger position, and moves the position that sums count up to.
    private func advance(_ good: [LedgerBatch]) throws -> UInt64 {
        let position: Int64 = try connection.query("SELECT position FROM rollup_state FOR UPDATE").one().decode(0)
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
        // Cubes count up to the same position, unless somebody rolled up without them.
        try connection.query(
            """
            UPDATE rollup_state SET position = $1,
                   cube_position = CASE WHEN cube_position = position THEN $1 ELSE cube_position END
            """, [.int(next)])
        return UInt64(next)
    }
}

extension UsageRows {
    /// - Throws: ``RollupError`` for a minute that no segment can hold: one such batch would hold up the others.
    fileprivate func checkMinutes() throws {
        for row in rows where !(0...BatchBounds.maxMinute).contains(row.minute) {
            throw RollupError("minute \(row.minute) since 1970 is beyond what sums can be kept of")
        }
    }
}

extension StoreSession {
    /// What waits of the providers that a lane takes, each provider's from the oldest on, as far as one rollup
    /// may need.
    func waiting(for lane: RollupLane, within limits: RollupLimits) throws -> [ProviderQueue] {
        // One look into the index for each provider that waits, however long the queue is.
        let providers: [Int16] = try connection.query(
            "\(Self.waitingProviders) SELECT provider_id FROM waiting WHERE provider_id IS NOT NULL"
        ).map { try $0.decode(0) }
        if providers.isEmpty { return [] }
        // One more than may be taken, which says whether there are more.
        let each = max(RollupLimits.minBatchesOfProvider, limits.maxBatches / providers.count) + 1
        let rows = try connection.query(
            """
            SELECT q.queue_id, q.collector_id, q.provider_id, q.epoch, q.sequence, q.received_at, q.row_count,
                   q.payload_bytes
              FROM unnest($1::int2[]) AS p (provider_id)
             CROSS JOIN LATERAL (
                   SELECT * FROM rollup_queue r WHERE r.provider_id = p.provider_id ORDER BY r.queue_id LIMIT $2) q
             ORDER BY q.queue_id
            """, [.int16Array(providers), .int(each)])
        var queues: [Int16: ProviderQueue] = [:]
        for row in rows {
            let queued = QueuedBatch(queueID: try row.decode(0), batch: try LedgerBatch(row, from: 1))
            let provider = queued.batch.provider
            queues[provider, default: ProviderQueue(provider: provider, batches: [], isTruncated: false)]
                .batches.append(queued)
        }
        return queues.values.map { queue in
            var queue = queue
            if queue.batches.count == each {
                queue.batches.removeLast()
                queue.isTruncated = true
            }
            return queue
        }
        .filter { queue in
            let isLight = !queue.isTruncated && queue.rows <= limits.lightRows
            return lane == .every || isLight == (lane == .light)
        }
        // The provider that has waited longest comes first where others have as much.
        .sorted { ($0.batches.first?.queueID ?? 0) < ($1.batches.first?.queueID ?? 0) }
    }

    /// Each provider that waits, by one look into the index.
    private static let waitingProviders = """
        WITH RECURSIVE waiting AS (
            (SELECT provider_id FROM rollup_queue ORDER BY provider_id LIMIT 1)
            UNION ALL
            SELECT (SELECT q.provider_id FROM rollup_queue q WHERE q.provider_id > w.provider_id
                     ORDER BY q.provider_id LIMIT 1)
              FROM waiting w WHERE w.provider_id IS NOT NULL)
        """

    /// Each provider's batch that has waited longest, of those that have one.
    package func oldestWaiting() throws -> [WaitingBatch] {
        try connection.query(
            """
            \(Self.waitingProviders)
            SELECT q.provider_id, q.queue_id, q.received_at
              FROM waiting w CROSS JOIN LATERAL (
                   SELECT * FROM rollup_queue r WHERE r.provider_id = w.provider_id ORDER BY r.queue_id LIMIT 1) q
            """
        ).map {
            WaitingBatch(provider: try $0.decode(0), number: try $0.decode(1), receivedAt: try $0.decode(2))
        }
    }

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
