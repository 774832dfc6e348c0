internal import Postgres
package import Reporting
internal import TextFormats
package import UsageModel

/// What a rebuild found: the sums as stored against the sums as the ledger's batches give them.
package struct RebuildReport: Sendable, Equatable {
    package struct Table: Sendable, Equatable {
        package var name: String
        /// Rows that the ledger gives.
        package var rows: Int
        /// Rows that differ: missing, surplus, or with other counts.
        package var differing: Int
        package var stored: SignedTokenCounts
        package var rebuilt: SignedTokenCounts
    }

    /// Batches that were decoded.
    package var batches: Int
    package var position: UInt64
    /// What is gone from the ledger of batches that may have been of these days.
    package var holes: [LedgerHole]
    package var tables: [Table]
    /// Whether the stored sums were replaced by the rebuilt ones.
    package var hasReplaced: Bool

    /// Nothing differs.
    package var isEqual: Bool { tables.allSatisfy { $0.differing == 0 } }
}

/// What becomes of sums that a rebuild finds different.
package struct Replacement: Sendable {
    /// Who replaces them.
    package var by: ServerOperator
    package var now: Timestamp
    /// Replaces them also where batches are gone from the ledger, whose usage is then gone from the sums.
    package var acceptsHoles: Bool

    package init(by author: ServerOperator, now: Timestamp, acceptsHoles: Bool = false) {
        by = author
        self.now = now
        self.acceptsHoles = acceptsHoles
    }
}

extension Store {
    /// Rebuilds the sums of some days from the ledger in temporary tables and compares. Nothing is rolled up meanwhile.
    ///
    /// Every payload is held against the SHA-256 and the totals that the ledger has of it; one that differs is refused
    /// by name, and with it the whole rebuild.
    ///
    /// - Parameters:
    ///   - dates: half-open, in the reporting calendar. Hours, and months of cubes, are compared that lie in it whole.
    ///   - admitNames: gives names to usage that was counted beyond a budget of new names.
    ///   - replacement: puts the rebuilt sums in the place of the stored ones, in one transaction, and writes into the
    ///     audit log what came of it, a refusal too; `nil` compares only.
    /// - Throws: ``StoreError``: `.busy` while another instance rolls up, `.payloadDropped` where retention has dropped
    ///   payloads of the range, `.ledgerDiffers` where a batch isn't what the ledger says of it, `.ledgerHole` where
    ///   batches are gone and sums were to be replaced.
    package func rebuild(
        _ dates: Range<CalendarDate>, replacement: Replacement? = nil, admitNames: Bool = false,
        limits: RollupLimits = RollupLimits(), decode: @escaping PayloadDecoder
    ) async throws -> RebuildReport {
        do {
            return try await pool.withConnection { connection in
                let job = RollupJob(
                    connection: connection, calendar: self.calendar, partitions: self.partitions,
                    cubes: self.cubeMemory, decode: decode)
                return try RebuildJob(job: job, dates: dates, limits: limits, admitsNames: admitNames)
                    .run(replacement: replacement)
            }
        } catch let refusal as StoreError {
            guard let replacement else { throw refusal }
            try await transaction {
                try $0.note(replacement, of: dates, detail: [JSONMember("refused", .string("\(refusal.code)"))])
            }
            throw refusal
        }
    }
}

extension StoreSession {
    /// Writes down that sums of some days were to be replaced, and what came of it.
    fileprivate func note(
        _ replacement: Replacement, of dates: Range<CalendarDate>, counts: [(name: String, count: Int)] = [],
        detail: [JSONMember]
    ) throws {
        let days: [JSONMember] = [
            JSONMember("from", .string("\(dates.lowerBound)")), JSONMember("to", .string("\(dates.upperBound)")),
        ]
        try audit(
            .sumsRebuilt, of: "\(dates.lowerBound)/\(dates.upperBound)", by: replacement.by, counts: counts,
            detail: days + detail, at: replacement.now)
    }
}

/// Rebuilds the sums of a range of days from the ledger and compares them with what is stored.
struct RebuildJob {
    let job: RollupJob
    let dates: Range<CalendarDate>
    let limits: RollupLimits
    let admitsNames: Bool

    /// How often it is looked whether anybody changes sums, and how long it is waited between two looks: in all 10
    /// seconds.
    private static let maxLooks = 100
    private static let secondsBetweenLooks = 0.1

    var connection: Connection { job.connection }
    private var naming: NamingRule { admitsNames ? .all : .known }
    /// The range in minutes since 1970.
    private var minutes: Range<Int64> {
        job.calendar.startOfDay(dates.lowerBound) / 60..<job.calendar.startOfDay(dates.upperBound) / 60
    }

    func run(replacement: Replacement?) throws -> RebuildReport {
        guard dates.lowerBound < dates.upperBound else {
            throw QuestionError(.badQuery, "The range of days to rebuild is empty.")
        }
        // Temporary tables must not meet the connection's next user.
        defer { connection.discardAfterUse() }
        for look in 1...Self.maxLooks {
            if let report = try job.locks.exclusively({ try rebuild(replacement) }) { return report }
            // Rollups and merges are short, and there are moments between them.
            if look < Self.maxLooks { try connection.query("SELECT pg_sleep(\(Self.secondsBetweenLooks))") }
        }
        throw StoreError(.busy, "Another instance rolls up at this moment. Try again.")
    }

    private func rebuild(_ replacement: Replacement?) throws -> RebuildReport {
        // Comparing takes longer than a question may. The setting goes with the connection, which is discarded.
        try connection.execute("SET statement_timeout = 0")
        try checkPayloads()
        let hours = (minutes.lowerBound + 59).flooredDivision(by: 60)..<minutes.upperBound.flooredDivision(by: 60)
        var segments = try SegmentRebuild(job: job, dates: dates, hours: hours)
        let cubes = try CubeRebuild(job: job, minutes: minutes)
        var report = RebuildReport(
            batches: 0, position: try job.session.position(), holes: try holes(), tables: [], hasReplaced: false)
        var (after, first): (Int64, Int64?) = (0, nil)
        var faults = LedgerFaults()
        while let portion = try nextPortion(after: after) {
            report.batches += try add(portion, segments: &segments, cubes: cubes, faults: &faults)
            first = first ?? portion.records.first?.position
            after = portion.records.last?.position ?? after
        }
        try faults.check()
        report.tables = try segments.compare()
        // Making partitions takes transactions of its own.
        if replacement != nil { try segments.makePartitions() }
        return try connection.transaction { _ in
            report.tables += try cubes.compare()
            guard let replacement else { return report }
            if !report.holes.isEmpty, !replacement.acceptsHoles {
                throw StoreError(
                    .ledgerHole,
                    "Batches are gone from the ledger (\(report.holes.named(\.description))): sums without them would "
                        + "say less than was counted. Restore them from a backup, or accept the holes (--accept-holes)."
                )
            }
            // What only waits is answered by the names that its batches were counted under.
            if !report.isEqual || naming.namesAll && segments.hasUnnamed {
                try segments.replace(namesAll: naming.namesAll)
                try cubes.replace()
                report.hasReplaced = true
            }
            try job.session.note(
                replacement, of: dates,
                counts: [
                    ("batches", report.batches), ("first_position", Int(clamping: first ?? 0)),
                    ("last_position", Int(clamping: after)), ("holes", report.holes.count),
                ] + report.tables.map { ("\($0.name)_differing", $0.differing) },
                detail: [
                    JSONMember("admit_names", .bool(admitsNames)), JSONMember("replaced", .bool(report.hasReplaced)),
                ])
            return report
        }
    }

    /// What is gone of batches that were received since the first of the days began, less what clocks may differ by.
    private func holes() throws -> [LedgerHole] {
        let since = minutes.lowerBound * 60 - CoverageQuery.maxLeadDays * CivilTime.secondsPerDay
        return try job.session.ledgerHoles(since: Timestamp(seconds: since))
    }

    /// Adds the batches of a portion that are what the ledger says.
    private func add(
        _ portion: Portion, segments: inout SegmentRebuild, cubes: CubeRebuild, faults: inout LedgerFaults
    ) throws -> Int {
        let decoded = try job.read(portion.batches)
        let records = Dictionary(
            zip(portion.batches.map(\.key), portion.records), uniquingKeysWith: { first, _ in first })
        var good: [DecodedBatches.Good] = []
        var positions: [Int64] = []
        for item in decoded.good {
            guard let record = records[item.batch.key] else { continue }
            if let difference = record.difference(from: item.payload, .success(item.rows)) {
                faults.add(record.name(of: item.batch), fault: difference)
            } else {
                good.append(item)
                positions.append(record.position)
            }
        }
        for item in decoded.bad {
            guard let record = records[item.batch.key] else { continue }
            let difference = record.difference(from: item.payload, .failure(RollupError(item.detail)))
            faults.add(record.name(of: item.batch), fault: difference ?? item.detail)
        }
        let overLimit = try job.overLimitNames(at: positions)
        for (index, position) in positions.enumerated() {
            good[index].overLimit = overLimit[position] ?? OverLimitNames()
        }
        let names = try job.names(of: good, naming: naming)
        try segments.add(good, names: names, positions: positions, within: minutes)
        try cubes.add(good, names: names)
        return good.count
    }

    private static let inRange = """
        FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
        JOIN collector c ON c.collector_id = l.collector_id JOIN provider p ON p.provider_id = c.provider_id
         WHERE l.first_minute < $2 AND l.last_minute >= $1
        """

    /// Retention drops whole months of payloads. One that is missing from a month that is kept was deleted.
    private func checkPayloads() throws {
        let missing = """
            \(Self.inRange)
               AND NOT EXISTS (
                   SELECT FROM ledger_payload y WHERE y.collector_id = l.collector_id AND y.epoch = l.epoch
                      AND y.sequence = l.sequence AND y.received_at = l.received_at)
            """
        let isDropped = """
            to_regclass('ledger_payload_' || to_char(l.received_at AT TIME ZONE 'UTC', 'YYYY_MM')) IS NULL
            """
        let range: [Parameter] = [.int(minutes.lowerBound), .int(minutes.upperBound)]
        var faults = LedgerFaults()
        for row in try connection.query(
            "SELECT \(LedgerRecord.columns), \(Self.batchColumns) \(missing) AND NOT \(isDropped) ORDER BY f.position",
            range)
        {
            let batch = try LedgerBatch(row, from: LedgerRecord.columnCount)
            faults.add(try LedgerRecord(row, from: 0).name(of: batch), fault: "its payload was deleted")
        }
        try faults.check()
        let dropped: Int = try connection.query("SELECT count(*) \(missing) AND \(isDropped)", range).one().decode(0)
        guard dropped == 0 else {
            throw StoreError(
                .payloadDropped,
                "\(dropped == 1 ? "1 batch" : "\(dropped) batches") with usage in the range came in months whose payloads "
                    + "retention has dropped; their sums can't be rebuilt.")
        }
    }

    private static let batchColumns = """
        l.collector_id, l.provider_id, l.epoch, l.sequence, l.received_at, l.row_count, l.payload_bytes
        """

    /// Batches in the order of their ledger positions, with what the ledger says of each.
    private struct Portion {
        var batches: [LedgerBatch]
        var records: [LedgerRecord]
    }

    private func nextPortion(after position: Int64) throws -> Portion? {
        let rows = try connection.query(
            """
            SELECT \(LedgerRecord.columns), \(Self.batchColumns)
            \(Self.inRange) AND f.position > $3 ORDER BY f.position LIMIT $4
            """,
            [.int(minutes.lowerBound), .int(minutes.upperBound), .int(position), .int(limits.maxBatches)])
        let batches = try rows.map { try LedgerBatch($0, from: LedgerRecord.columnCount) }
        let count = limits.portion(of: batches)
        guard count > 0 else { return nil }
        return Portion(
            batches: Array(batches.prefix(count)),
            records: try rows.prefix(count).map { try LedgerRecord($0, from: 0) })
    }
}
