internal import Postgres
internal import UsageModel

/// Rebuilds the sums of a range of days from the ledger and compares them with what is stored.
struct RebuildJob {
    let job: RollupJob
    let dates: Range<CalendarDate>
    let limits: RollupLimits

    var connection: Connection { job.connection }
    /// The range in minutes since 1970.
    private var minutes: Range<Int64> {
        job.calendar.startOfDay(dates.lowerBound) / 60..<job.calendar.startOfDay(dates.upperBound) / 60
    }

    func run(replace: Bool, decode: PayloadDecoder) throws -> RebuildReport {
        guard dates.lowerBound < dates.upperBound else {
            throw StoreError(.badQuery, "The range of days to rebuild is empty.")
        }
        // Temporary tables must not meet the connection's next user.
        defer { connection.discardAfterUse() }
        guard let report = try job.withLock({ try rebuild(replace: replace, decode: decode) }) else {
            throw StoreError(.busy, "Another instance is the rollup. Try again.")
        }
        return report
    }

    private func rebuild(replace: Bool, decode: PayloadDecoder) throws -> RebuildReport {
        try connection.execute("SET statement_timeout = 0")
        try checkPayloads()
        for table in RebuildTable.allCases {
            try connection.execute(
                "CREATE TEMPORARY TABLE refold_\(table.name) (LIKE \(table.name) INCLUDING INDEXES)")
        }
        let floors = try job.floors()
        var report = RebuildReport(
            batches: 0, position: try StoreSession(connection).position(), tables: [], hasReplaced: false)
        var after: Int64 = 0
        while let portion = try nextPortion(after: after) {
            report.batches += try add(portion.batches, floors: floors, decode: decode)
            after = portion.lastPosition
        }
        report.tables = try RebuildTable.allCases.map { try compare($0, floors: floors) }
        if replace, !report.isEqual {
            try connection.transaction { _ in
                for table in RebuildTable.allCases { try self.replace(table, floors: floors) }
            }
            report.hasReplaced = true
        }
        return report
    }

    private func add(_ batches: [RollupJob.Queued], floors: Floors, decode: PayloadDecoder) throws -> Int {
        let decoded = try job.read(batches, decode: decode)
        if let bad = decoded.bad.first {
            throw StoreError(
                .payloadDropped,
                "A batch (collector \(bad.batch.collector), epoch \(bad.batch.epoch), sequence "
                    + "\(bad.batch.sequence)) can't be decoded: \(bad.why).")
        }
        var builder = SumBuilder(
            calendar: job.calendar, range: minutes,
            expectedRows: decoded.good.reduce(0) { $0 + $1.rows.rows.count })
        try job.merge(decoded.good.map { ($0.rows, $0.batch.provider) }, into: &builder)
        builder.finish()
        _ = try SumWriter(connection: connection, prefix: "refold_").write(builder, floors: floors)
        return decoded.good.count
    }

    private static let inRange = """
        FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
         WHERE l.first_minute < $2 AND l.last_minute >= $1
        """

    private func checkPayloads() throws {
        let missing: Int = try connection.query(
            """
            SELECT count(*) \(Self.inRange)
               AND NOT EXISTS (
                   SELECT FROM ledger_payload p WHERE p.collector_id = l.collector_id AND p.epoch = l.epoch
                      AND p.sequence = l.sequence AND p.received_at = l.received_at)
            """, [.int(minutes.lowerBound), .int(minutes.upperBound)]
        ).one().decode(0)
        guard missing == 0 else {
            throw StoreError(
                .payloadDropped,
                "\(missing) batches with usage in the range have no payload any more; their sums can't be rebuilt.")
        }
    }

    private func nextPortion(after leaf: Int64) throws -> (batches: [RollupJob.Queued], lastPosition: Int64)? {
        let rows = try connection.query(
            """
            SELECT f.position, l.collector_id, (SELECT provider_id FROM collector WHERE collector_id = l.collector_id),
                   l.epoch, l.sequence, l.received_at, l.row_count, l.payload_bytes
            \(Self.inRange) AND f.position > $3 ORDER BY f.position LIMIT $4
            """,
            [.int(minutes.lowerBound), .int(minutes.upperBound), .int(leaf), .int(limits.maxBatches)])
        var batches: [RollupJob.Queued] = []
        var size = 0
        var bytes = 0
        for row in rows {
            let next = try RollupJob.Queued(row)
            size += next.rows
            bytes += next.payloadBytes
            if !batches.isEmpty, size > limits.maxRows || bytes > limits.maxPayloadBytes { break }
            batches.append(next)
        }
        // For these rows the first column is the leaf.
        guard let last = batches.last else { return nil }
        return (batches, last.queueID)
    }
}
