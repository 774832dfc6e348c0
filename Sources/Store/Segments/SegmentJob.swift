internal import BatchFormat
internal import Postgres
package import UsageModel

/// When batches are merged into segments, and how much at once.
package struct SegmentPolicy: Sendable {
    /// An hour is merged once it, and the oldest of its batches that wait, is this old, in seconds. What comes later
    /// waits as long and makes a further segment.
    package var settleSeconds: Int64 = 300
    /// Payload of an hour that may wait, in bytes: with more an hour is merged before it ends. It bounds what a
    /// question about the hour must decode.
    package var maxQueuedBytes = 8 << 20
    /// Ranges of an hour from which on they are made one.
    package var maxRanges = 4
    /// How long after its end an hour's ranges are made one, however few they are, in seconds.
    package var compactAfterSeconds: Int64 = 86_400
    /// Hours that are looked at, at once.
    package var maxHours = 1_000
    /// Batches, rows and payload bytes of one merge.
    package var batches = RollupLimits(maxBatches: 2_000, maxRows: 262_144, maxPayloadBytes: 32 << 20)

    package init() {}
}

/// What one look for hours to merge did.
package struct SegmentReport: Sendable, Equatable {
    package enum Status: Sendable, Equatable {
        /// Batches were merged into segments.
        case merged
        /// Closed days were written by tenant and model.
        case wroteDays
        /// The ranges of an hour were made one.
        case compacted
        /// There is nothing to merge.
        case idle
        /// Another instance merges, or sums are changed otherwise.
        case busy
    }

    package var status: Status
    /// Hours of batches that left the queue.
    package var batchHours = 0
    package var segments = 0
    /// Of segments.
    package var rows = 0
    /// Of days by tenant and model.
    package var dayRows = 0
    /// As sealed.
    package var bytes = 0
    /// Batches whose payloads can't be decoded, or aren't what the ledger says of them: their hours wait for them.
    package var damaged: [QuarantineNote] = []

    init(status: Status) {
        self.status = status
    }

    /// Whether there may be more to do at once.
    package var didSomething: Bool { status != .idle && status != .busy }

    mutating func note(_ segments: [Segment]) {
        self.segments += segments.count
        rows += segments.reduce(0) { $0 + $1.rowCount }
        bytes += segments.reduce(0) { $0 + $1.sealed.count }
    }
}

extension Store {
    /// Merges what waits of one provider's hours into segments, or else writes a day that has closed by tenant and
    /// model, or else makes the ranges of one hour one. One instance at a time does so; call it again at once unless it
    /// is idle or busy.
    package func mergeSegmentsNext(
        _ policy: SegmentPolicy = SegmentPolicy(), now: Timestamp, decode: @escaping PayloadDecoder
    ) async throws -> SegmentReport {
        try await pool.withConnection { connection in
            let rollup = RollupJob(
                connection: connection, calendar: self.calendar, partitions: self.partitions, cubes: self.cubeMemory,
                decode: decode, memory: self.rollupMemory)
            return try SegmentJob(rollup: rollup, policy: policy, now: now).run()
        }
    }
}

/// Merges batches into segments, and segments into fewer.
///
/// Reading and merging come first, without a transaction; one transaction takes hours of batches out of the queue and
/// puts the segments in their place. So an hour of a batch is in the queue or in exactly one range, at every moment.
struct SegmentJob {
    let rollup: RollupJob
    let policy: SegmentPolicy
    let now: Timestamp

    private var connection: Connection { rollup.connection }
    private var queue: SegmentQueue { SegmentQueue(connection: connection) }
    private var tables: SegmentTables { SegmentTables(connection: connection) }
    private var days: TenantDays { TenantDays(connection: connection, calendar: rollup.calendar) }

    func run() throws -> SegmentReport {
        do {
            return try rollup.locks.forSegments { try mergeOrCompact() } ?? SegmentReport(status: .busy)
        } catch {
            // It may be a partition that somebody dropped: the next run makes it again.
            rollup.partitions.forgetAll()
            throw error
        }
    }

    private func mergeOrCompact() throws -> SegmentReport {
        var report = SegmentReport(status: .idle)
        for due in try queue.due(policy, now: now) {
            try merge(due, into: &report)
            if report.status == .merged { return report }
        }
        // Before ranges are made one, so that all of them are in the days or none is.
        if let due = try days.next(now: Timestamp(seconds: now.seconds - policy.settleSeconds)) {
            report.dayRows = try days.write(due, partitions: rollup.partitions)
            report.status = .wroteDays
            return report
        }
        if let place = try nextToCompact() { try compact(place, into: &report) }
        return report
    }

    // MARK: Merging batches

    private func merge(_ due: SegmentQueue.Due, into report: inout SegmentReport) throws {
        var due = due
        // Hours that a damaged batch holds up are left out, so that what comes after them isn't.
        while !due.hours.isEmpty {
            let decoded = try decode(portion(try queue.read(due, limit: RowPortions.maxRows)), into: &report)
            if !decoded.batches.isEmpty { return try merge(decoded.batches, into: &report) }
            if decoded.stopped.isEmpty { return }
            due.hours.removeAll(where: decoded.stopped.contains)
        }
    }

    private func merge(_ batches: [Batch], into report: inout SegmentReport) throws {
        let floors = try rollup.session.floors()
        var builder = SegmentBuilder(floors: floors, calendar: rollup.calendar)
        for batch in batches {
            try builder.add(
                batch.good.rows, names: batch.names, hours: Set(batch.hours.map(\.hour)), position: batch.position)
        }
        let places = builder.hours.keys.sorted()
        let before = try tables.lastPositions(of: places)
        let removed = batches.flatMap(\.hours)
        for queued in removed {
            let place = SegmentBuilder.Hour(provider: queued.batch.provider, hour: queued.hour)
            // What a range holds was taken out of the queue with it.
            guard queued.position > before[place] ?? 0 else {
                throw StoreError(
                    .damagedSegment,
                    "The batch at position \(queued.position) waits for a segment of hour \(queued.hour) and is in one."
                )
            }
        }
        // What comes too late for a segment by hour, from which days are written, is in the days at once.
        let isLate = { (place: SegmentBuilder.Hour) in !floors.keep(.hour, of: place.hour) }
        let late = places.filter(isLate).map { (place: $0, rows: builder.hours[$0]?.rows(.hour) ?? []) }
        let hours = try places.filter { floors.keepAny(of: $0.hour) }.map {
            var hour = try builder.seal($0, after: before[$0] ?? 0)
            hour.isInDays = isLate($0)
            return hour
        }
        let days = days
        // Making partitions takes transactions of its own.
        let partitions = late.flatMap { days.partitions(for: [$0.place.hour]) }
        try rollup.partitions.ensure(Self.partitions(of: hours).union(partitions), on: connection)
        try connection.transaction { _ in
            for (place, rows) in late { try days.add(rows, of: place) }
            let count = try queue.remove(removed)
            guard count == removed.count else {
                throw StoreError(.busy, "Another instance merged \(removed.count - count) hours of batches meanwhile.")
            }
            try tables.insert(hours)
        }
        report.status = .merged
        report.batchHours += removed.count
        report.note(hours.flatMap(\.segments))
    }

    /// What may be merged at once: at least one batch.
    private func portion(_ queued: [QueuedHour]) -> [QueuedHour] {
        var batches: [LedgerBatch] = []
        var ends: [Int] = []
        var position: Int64 = 0
        for (index, hour) in queued.enumerated() {
            if hour.position != position {
                batches.append(hour.batch)
                ends.append(index)
                position = hour.position
            } else {
                batches[batches.count - 1].rows += hour.batch.rows
                batches[batches.count - 1].payloadBytes += hour.batch.payloadBytes
            }
            ends[ends.count - 1] = index + 1
        }
        let count = policy.batches.portion(of: batches)
        return count == 0 ? [] : Array(queued[..<ends[count - 1]])
    }

    private struct Batch {
        var position: Int64
        var hours: [QueuedHour]
        var good: DecodedBatches.Good
        var names: BatchNames
    }

    /// Decodes the batches of queued hours, under the names that they were counted under, and holds them to the ledger.
    ///
    /// - Returns: without those that can't be decoded or aren't what was counted, and without what comes after them in
    ///   the same hours: a range can't leave out a batch within it. And the hours that such a batch stopped.
    private func decode(
        _ queued: [QueuedHour], into report: inout SegmentReport
    ) throws -> (batches: [Batch], stopped: Set<Int64>) {
        var hours: [Int64: [QueuedHour]] = [:]
        for hour in queued { hours[hour.position, default: []].append(hour) }
        let positions = hours.keys.sorted()
        let decoded = try rollup.read(positions.compactMap { hours[$0]?.first?.batch })
        let records = try rollup.records(at: positions)
        let found = Dictionary(uniqueKeysWithValues: decoded.good.map { ($0.batch.key, $0) })
        var stopped: Set<Int64> = []
        var kept: [(position: Int64, hours: [QueuedHour])] = []
        var good: [DecodedBatches.Good] = []
        report.damaged += decoded.bad.map { QuarantineNote($0) }
        for position in positions {
            guard let own = hours[position], let first = own.first else { continue }
            guard let batch = found[first.batch.key] else {
                stopped.formUnion(own.map(\.hour))
                continue
            }
            if let difference = LedgerRecord.difference(of: batch, from: records[position]) {
                report.damaged.append(QuarantineNote(first.batch, reason: "ledger-differs", detail: difference))
                stopped.formUnion(own.map(\.hour))
                continue
            }
            let left = own.filter { !stopped.contains($0.hour) }
            if left.isEmpty { continue }
            kept.append((position, left))
            good.append(batch)
        }
        let overLimit = try rollup.overLimitNames(at: kept.map(\.position))
        for index in good.indices { good[index].overLimit = overLimit[kept[index].position] ?? OverLimitNames() }
        let names = try rollup.names(of: good, naming: .known)
        let batches = good.indices.map {
            Batch(position: kept[$0].position, hours: kept[$0].hours, good: good[$0], names: names[$0])
        }
        return (batches, stopped)
    }

    static func partitions(of hours: [SealedHour]) -> Set<Partition> {
        Set(
            hours.flatMap(\.segments).map { segment in
                Partition(
                    table: segment.header.granularity == .hour ? .segmentHour : .segmentMinute,
                    month: Month(second: segment.header.hour * 3_600))
            })
    }

    // MARK: Making ranges one

    private func nextToCompact() throws -> SegmentBuilder.Hour? {
        let settled = Timestamp(seconds: now.seconds - 3_600 - policy.compactAfterSeconds)
        return try connection.query(
            """
            SELECT r.provider_id, r.hour FROM segment_range r WHERE r.after_position > 0 GROUP BY r.hour, r.provider_id
            HAVING (count(*) + 1 >= $1 OR r.hour <= $2)
               -- All in the days, or none.
               AND bool_and(r.is_in_days) = bool_or(r.is_in_days)
               AND bool_or(r.is_in_days) = (SELECT f.is_in_days FROM segment_range f WHERE f.provider_id = r.provider_id
                                              AND f.hour = r.hour AND f.after_position = 0)
             ORDER BY r.hour, r.provider_id LIMIT 1
            """, [.int(policy.maxRanges), .timestamp(settled)]
        ).first.map { row in
            SegmentBuilder.Hour(
                provider: try row.decode(0), hour: try row.decode(1, as: Timestamp.self).seconds / 3_600)
        }
    }

    /// Puts one range in the place of all that an hour has, in one transaction.
    private func compact(_ place: SegmentBuilder.Hour, into report: inout SegmentReport) throws {
        let ranges = try tables.ranges(of: place)
        guard let last = ranges.last else { return }
        var hour = SealedHour(
            place: place, afterPosition: 0, lastPosition: last.lastPosition,
            batches: ranges.reduce(0) { $0 + $1.batches },
            totals: ranges.reduce(into: SignedTokenCounts()) { $0 += $1.totals }, segments: [])
        hour.isInDays = last.isInDays
        hour.segments = try Self.merge(tables, as: hour)
        let floors = try rollup.session.floors()
        for granularity in SegmentGranularity.allCases where floors.keep(granularity, of: place.hour) {
            let totals = hour.segments.reduce(into: SignedTokenCounts()) {
                if $1.header.granularity == granularity { $0 += $1.totals }
            }
            // No segment of a range is left behind.
            guard totals == hour.totals else {
                throw StoreError(
                    .damagedSegment,
                    "The segments \(granularity) of provider \(place.provider), hour \(place.hour) sum up to \(totals), "
                        + "their ranges to \(hour.totals). Run rebuild --apply.")
            }
        }
        try connection.transaction { _ in
            try tables.remove(place)
            try tables.insert([hour])
        }
        report.status = .compacted
        report.note(hour.segments)
    }

    /// The segments of one range in the place of those of several, one chunk of tenants after the other: an hour's rows
    /// are never in memory all at once.
    static func merge(_ tables: SegmentTables, as hour: SealedHour) throws -> [Segment] {
        try tables.chunkKeys(of: hour.place).flatMap { key in
            try SegmentMerge.seal(
                try tables.read(hour.place, key), as: hour.header(key.granularity, chunk: key.chunk))
        }
    }
}
