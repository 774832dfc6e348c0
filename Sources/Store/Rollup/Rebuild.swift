internal import Postgres
internal import Reporting
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
    /// Rebuilds the sums of some days from the ledger in temporary tables and compares. Nothing is rolled up meanwhile.
    ///
    /// - Parameters:
    ///   - dates: half-open, in the reporting calendar. Month sums are compared for months that lie in it whole.
    ///   - admitNames: gives names to usage that was counted beyond a budget of new names.
    ///   - replace: puts the rebuilt sums in the place of the stored ones, in one transaction.
    /// - Throws: ``StoreError``: `.busy` while another instance rolls up, `.payloadDropped` where batches in the range
    ///   have no payload any more.
    package func rebuild(
        _ dates: Range<CalendarDate>, replace: Bool = false, admitNames: Bool = false,
        limits: RollupLimits = RollupLimits(), decode: @escaping PayloadDecoder
    ) async throws -> RebuildReport {
        try await pool.withConnection { connection in
            let job = RollupJob(
                connection: connection, calendar: self.calendar, partitions: self.partitions, cubes: self.cubeMemory,
                decode: decode)
            return try RebuildJob(job: job, dates: dates, limits: limits, naming: admitNames ? .all : .known)
                .run(replace: replace)
        }
    }
}

/// Rebuilds the sums of a range of days from the ledger and compares them with what is stored.
struct RebuildJob {
    let job: RollupJob
    let dates: Range<CalendarDate>
    let limits: RollupLimits
    let naming: NamingRule

    var connection: Connection { job.connection }
    /// The range in minutes since 1970.
    private var minutes: Range<Int64> {
        job.calendar.startOfDay(dates.lowerBound) / 60..<job.calendar.startOfDay(dates.upperBound) / 60
    }

    func run(replace: Bool) throws -> RebuildReport {
        guard dates.lowerBound < dates.upperBound else {
            throw QuestionError(.badQuery, "The range of days to rebuild is empty.")
        }
        // Temporary tables must not meet the connection's next user.
        defer { connection.discardAfterUse() }
        guard let report = try job.locks.exclusively({ try rebuild(replace: replace) }) else {
            throw StoreError(.busy, "Another instance rolls up at this moment. Try again.")
        }
        return report
    }

    private func rebuild(replace: Bool) throws -> RebuildReport {
        // Comparing months takes longer than a question may. The setting goes with the connection, which is discarded.
        try connection.execute("SET statement_timeout = 0")
        try checkPayloads()
        for table in RebuildTable.allCases {
            try connection.execute(
                "CREATE TEMPORARY TABLE rebuilt_\(table.name) (LIKE \(table.name) INCLUDING INDEXES)")
        }
        let hours = (minutes.lowerBound + 59).flooredDivision(by: 60)..<minutes.upperBound.flooredDivision(by: 60)
        var segments = try SegmentRebuild(job: job, dates: dates, hours: hours)
        let cubes = try CubeRebuild(job: job, minutes: minutes)
        let floors = try job.floors()
        var report = RebuildReport(
            batches: 0, position: try job.session.position(), tables: [], hasReplaced: false)
        var after: Int64 = 0
        while let portion = try nextPortion(after: after) {
            report.batches += try add(portion, floors: floors, segments: &segments, cubes: cubes)
            after = portion.lastPosition
        }
        report.tables = try RebuildTable.allCases.map { try compare($0, floors: floors) } + segments.compare()
        // Making partitions takes transactions of its own.
        if replace { try segments.makePartitions() }
        return try connection.transaction { _ in
            var report = report
            report.tables += try cubes.compare()
            if replace, !report.isEqual {
                for table in RebuildTable.allCases { try self.replace(table, floors: floors) }
                try segments.replace(namesAll: naming.namesAll)
                try cubes.replace()
                report.hasReplaced = true
            }
            return report
        }
    }

    private func add(
        _ portion: Portion, floors: Floors, segments: inout SegmentRebuild, cubes: CubeRebuild
    ) throws -> Int {
        var decoded = try job.read(portion.batches)
        if let bad = decoded.bad.first {
            throw StoreError(
                .payloadDropped,
                "A batch (collector \(bad.batch.collector), epoch \(bad.batch.epoch), sequence "
                    + "\(bad.batch.sequence)) can't be decoded: \(bad.detail).")
        }
        let overLimit = try job.overLimitNames(at: portion.positions)
        for (index, position) in portion.positions.enumerated() {
            decoded.good[index].overLimit = overLimit[position] ?? OverLimitNames()
        }
        var builder = SumBuilder(
            calendar: job.calendar, range: minutes, expectedRows: decoded.rowCount)
        let names = try job.names(of: decoded.good, naming: naming)
        try builder.add(decoded.good, names: names)
        builder.finish()
        try segments.add(decoded.good, names: names, positions: portion.positions, within: minutes)
        _ = try SumWriter(connection: connection, prefix: "rebuilt_").write(builder, floors: floors)
        try cubes.add(decoded.good, names: names)
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

    /// Batches in the order of their ledger positions.
    private struct Portion {
        var batches: [LedgerBatch]
        var positions: [Int64]
        /// The ledger position of the last of them.
        var lastPosition: Int64 { positions.last ?? 0 }
    }

    private func nextPortion(after position: Int64) throws -> Portion? {
        let rows = try connection.query(
            """
            SELECT f.position, l.collector_id, (SELECT provider_id FROM collector WHERE collector_id = l.collector_id),
                   l.epoch, l.sequence, l.received_at, l.row_count, l.payload_bytes
            \(Self.inRange) AND f.position > $3 ORDER BY f.position LIMIT $4
            """,
            [.int(minutes.lowerBound), .int(minutes.upperBound), .int(position), .int(limits.maxBatches)])
        let batches = try rows.map { try LedgerBatch($0, from: 1) }
        let count = limits.portion(of: batches)
        guard count > 0 else { return nil }
        let positions: [Int64] = try rows.map { try $0.decode(0) }
        return Portion(batches: Array(batches.prefix(count)), positions: Array(positions.prefix(count)))
    }
}

/// The tables of sums, with what their rows are compared by.
enum RebuildTable: String, CaseIterable {
    case minute, hour, day, month

    var name: String { "usage_\(rawValue)" }

    var keys: [String] {
        switch self {
        case .minute: ["minute", "provider_id", "granularity", "subject_id"]
        case .hour, .day, .month:
            [rawValue, "tenant_id", "model_id", "region_id", "layer", "workload", "modality"]
        }
    }

    var columns: [String] {
        let key = keys.contains("provider_id") ? keys : keys + ["provider_id"]
        return key + SumWriter.countColumns
    }
}

extension RebuildJob {
    /// The rows of a table that lie whole in the range: the first bucket that does and the first that doesn't.
    private func bounds(_ table: RebuildTable, floors: Floors) -> [Parameter] {
        let calendar = job.calendar
        let from = calendar.startOfDay(dates.lowerBound)
        let to = calendar.startOfDay(dates.upperBound)
        // Rounded inwards: where days don't start on the hour, an hour at either end holds minutes of another day, and
        // the batches that bring those needn't be among the rebuilt ones.
        func moments(size: Int64, floor: Int64) -> [Parameter] {
            let first = max((from + size - 1).flooredDivision(by: size), floor)
            let last = max(to.flooredDivision(by: size), first)
            return [.timestamp(Timestamp(seconds: first * size)), .timestamp(Timestamp(seconds: last * size))]
        }
        switch table {
        case .minute: return moments(size: 60, floor: floors.minute)
        case .hour: return moments(size: 3_600, floor: floors.hour)
        case .day: return [.date(days: dates.lowerBound.days), .date(days: dates.upperBound.days)]
        case .month:
            let start = Month(day: dates.lowerBound.days)
            let first = dates.lowerBound == start.firstDay ? start : start.next
            let last = max(first, Month(day: dates.upperBound.days))
            return [.date(days: first.firstDay.days), .date(days: last.firstDay.days)]
        }
    }

    private func joined(_ table: RebuildTable) -> String {
        let time = table.rawValue
        let matches = table.keys.map { "s.\($0) = r.\($0)" }.joined(separator: " AND ")
        return """
            (SELECT * FROM \(table.name) WHERE \(time) >= $1 AND \(time) < $2) s
            FULL JOIN (SELECT * FROM rebuilt_\(table.name) WHERE \(time) >= $1 AND \(time) < $2) r ON \(matches)
            """
    }

    func compare(_ table: RebuildTable, floors: Floors) throws -> RebuildReport.Table {
        let counts = SumWriter.countColumns
        let stored = counts.map { "coalesce(sum(s.\($0)), 0)" }
        let rebuilt = counts.map { "coalesce(sum(r.\($0)), 0)" }
        let differs = counts.map { "s.\($0) IS DISTINCT FROM r.\($0)" }.joined(separator: " OR ")
        let row = try connection.query(
            """
            SELECT count(r.\(table.rawValue)), count(*) FILTER (WHERE \(differs)),
                   \((stored + rebuilt).joined(separator: ", "))
              FROM \(joined(table))
            """, bounds(table, floors: floors), isOneOff: true
        ).one()
        return RebuildReport.Table(
            name: table.name, rows: try row.decode(0), differing: try row.decode(1),
            stored: try StoreSession.counts(row, from: 2), rebuilt: try StoreSession.counts(row, from: 7))
    }

    func replace(_ table: RebuildTable, floors: Floors) throws {
        let time = table.rawValue
        let bounds = bounds(table, floors: floors)
        let columns = table.columns.joined(separator: ", ")
        try connection.query(
            "DELETE FROM \(table.name) WHERE \(time) >= $1 AND \(time) < $2", bounds, isOneOff: true)
        try connection.query(
            """
            INSERT INTO \(table.name) (\(columns))
            SELECT \(columns) FROM rebuilt_\(table.name) WHERE \(time) >= $1 AND \(time) < $2
            """, bounds, isOneOff: true)
    }
}
