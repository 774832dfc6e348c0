internal import BatchFormat
internal import Postgres
internal import UsageModel

/// Segments as the ledger's batches give them, against what an answer is made of now: the stored segments with the
/// batches that wait. Both are merged to segments whose bytes are compared.
struct SegmentRebuild {
    private let job: RollupJob
    /// Since 1970: those that lie whole in the range that is rebuilt.
    private let hours: Range<Int64>
    private let floors: Floors
    /// Hours of batches that wait, by ledger position.
    private let waiting: [Int64: Set<Int64>]
    private let stored: SegmentTables
    private let rebuilt: SegmentTables
    private let queued: SegmentTables
    /// What each hour must be put in the place of: the batches that it is made of.
    private var batches: [SegmentTables.Hour: (count: Int, lastPosition: Int64)] = [:]
    private var differing: Set<SegmentTables.Hour> = []
    /// Days whose rows aren't what the segments give.
    private var differingDays: Set<CalendarDate> = []
    /// Days of the reporting calendar whose hours are still kept.
    private let dates: Range<CalendarDate>
    private let days: TenantDays
    private let months: TenantMonths
    /// Months whose rows aren't what the days give.
    private var differingMonths: Set<Month> = []
    /// Ledger positions of batches that lie whole in the range and have usage under "(over-limit)".
    private var named: [Int64] = []
    /// Whether there are such batches.
    var hasUnnamed: Bool { !named.isEmpty }

    /// Makes the temporary tables that ``add(_:names:positions:within:)`` writes to.
    init(job: RollupJob, dates: Range<CalendarDate>, hours: Range<Int64>) throws {
        self.job = job
        floors = try job.session.floors()
        days = TenantDays(connection: job.connection, calendar: job.calendar)
        months = TenantMonths(connection: job.connection)
        let kept = floors.hour == .min ? dates.lowerBound : job.calendar.date(atSecond: floors.hour * 3_600 + 86_399)
        let firstDate = max(dates.lowerBound, kept)
        self.dates = firstDate..<max(firstDate, dates.upperBound)
        let first = max(hours.lowerBound, floors.segments)
        self.hours = first..<max(first, hours.upperBound)
        stored = SegmentTables(connection: job.connection)
        rebuilt = SegmentTables(connection: job.connection, prefix: "rebuilt_")
        queued = SegmentTables(connection: job.connection, prefix: "queued_")
        for tables in [rebuilt, queued] {
            for table in SegmentTables.all {
                try job.connection.execute(
                    "CREATE TEMPORARY TABLE \(tables.prefix)\(table) (LIKE \(table) INCLUDING INDEXES)")
            }
        }
        var waiting: [Int64: Set<Int64>] = [:]
        for queued in try SegmentQueue(connection: job.connection).read(from: first, to: self.hours.upperBound) {
            waiting[queued.position, default: []].insert(queued.hour)
        }
        self.waiting = waiting
    }

    /// Adds batches, which must come in the order of ledger positions.
    mutating func add(
        _ good: [DecodedBatches.Good], names: [BatchNames], positions: [Int64], within minutes: Range<Int64>
    ) throws {
        var all = SegmentBuilder(floors: floors, calendar: job.calendar)
        var late = SegmentBuilder(floors: floors, calendar: job.calendar)
        for (index, batch) in good.enumerated() {
            let own = Set(batch.rows.rows.map { $0.minute.flooredDivision(by: 60) }.filter(hours.contains))
            try all.add(batch.rows, names: names[index], hours: own, position: positions[index])
            // What waits is read as it would be answered: by what is in the queue, not by what should be.
            let waits = waiting[positions[index]] ?? []
            if !waits.isEmpty {
                try late.add(batch.rows, names: names[index], hours: waits, position: positions[index])
            }
            if !batch.overLimit.isEmpty, batch.rows.rows.allSatisfy({ minutes.contains($0.minute) }) {
                named.append(positions[index])
            }
        }
        for (place, sums) in all.hours {
            batches[place] = ((batches[place]?.count ?? 0) + sums.batches, sums.lastPosition)
        }
        for (builder, tables) in [(all, rebuilt), (late, queued)] {
            let places = builder.hours.keys.sorted()
            let before = try tables.lastPositions(of: places)
            try tables.insert(places.map { try builder.seal($0, after: before[$0] ?? 0) })
        }
    }

    /// Compares every hour. - Returns: what was found, for each table of segments.
    mutating func compare() throws -> [RebuildReport.Table] {
        var found = [SegmentTables.hourTable, SegmentTables.minuteTable].map {
            RebuildReport.Table(
                name: $0, rows: 0, differing: 0, stored: SignedTokenCounts(), rebuilt: SignedTokenCounts())
        }
        for place in try places() where try !waitsForDays(place) {
            let mine = try rebuilt.read(place)
            var theirs = try readStored(place)
            for (key, readers) in try queued.read(place) { theirs[key, default: []] += readers }
            for key in Set(mine.keys).union(theirs.keys).sorted() where floors.keep(key.granularity, of: place.hour) {
                let isHour = key.granularity == .hour
                let difference = try SegmentDifference(
                    stored: theirs[key] ?? [], rebuilt: mine[key] ?? [],
                    as: SegmentHeader(
                        granularity: key.granularity, provider: place.provider, hour: place.hour, chunk: key.chunk,
                        afterPosition: 0, lastPosition: .max))
                found[isHour ? 0 : 1].add(difference)
                if difference.differing > 0 { differing.insert(place) }
            }
        }
        var missing: [Int16: TenantMonths.Sums] = [:]
        return found + [try compareDays(missing: &missing), try compareMonths(missing: missing)]
    }

    /// Whether an hour that is kept no more has usage that is still to be written into its day, from the segments that
    /// are there: it is compared once it is in the day.
    private func waitsForDays(_ place: SegmentTables.Hour) throws -> Bool {
        try !floors.keep(.hour, of: place.hour) && !stored.ranges(of: place).allSatisfy(\.isInDays)
    }

    /// Compares the days by tenant with the stored segments that are in them, which were compared before.
    ///
    /// - Parameter missing: takes what the days don't have, by provider.
    private mutating func compareDays(missing: inout [Int16: TenantMonths.Sums]) throws -> RebuildReport.Table {
        var found = RebuildReport.Table(
            name: TenantDays.table, rows: 0, differing: 0, stored: SignedTokenCounts(), rebuilt: SignedTokenCounts())
        for offset in dates.lowerBound.days..<dates.upperBound.days {
            let day = CalendarDate(days: offset)
            for difference in try readDifferences(on: day) {
                found.rows += difference.rows
                found.differing += difference.missing.count
                found.stored += difference.stored
                found.rebuilt += difference.expected
                if difference.missing.isEmpty { continue }
                differingDays.insert(day)
                missing[difference.provider, default: TenantMonths.Sums()].add(difference.missing, of: day.days)
            }
        }
        return found
    }

    /// Compares the months that the days lie in with what all of their days have, or are to have.
    private mutating func compareMonths(missing: [Int16: TenantMonths.Sums]) throws -> RebuildReport.Table {
        var found = RebuildReport.Table(
            name: TenantMonths.table, rows: 0, differing: 0, stored: SignedTokenCounts(), rebuilt: SignedTokenCounts())
        for month in Set((dates.lowerBound.days..<dates.upperBound.days).map { Month(day: $0) }).sorted() {
            let difference = try months.difference(in: month, missing: missing)
            found.rows += difference.rows
            found.differing += difference.differing
            found.stored += difference.stored
            found.rebuilt += difference.expected
            if difference.differing > 0 { differingMonths.insert(month) }
        }
        return found
    }

    /// Of a day; nothing where a segment of it is damaged, which is found and mended first.
    private func readDifferences(on day: CalendarDate) throws -> [TenantDays.Difference] {
        do {
            return try days.differences(on: day)
        } catch let error as StoreError where error.code == .damagedSegment {
            return []
        }
    }

    /// What is stored of an hour; nothing where it is damaged, so that all of it is put in its place again.
    private func readStored(_ place: SegmentTables.Hour) throws -> [SegmentTables.ChunkKey: [SegmentReader]] {
        do {
            return try stored.read(place)
        } catch let error as StoreError where error.code == .damagedSegment {
            return [:]
        }
    }

    private func places() throws -> [SegmentTables.Hour] {
        try job.connection.query(
            """
            SELECT provider_id, hour FROM segment_range WHERE hour >= $1 AND hour < $2
             UNION SELECT provider_id, hour FROM segment_hour WHERE hour >= $1 AND hour < $2
             UNION SELECT provider_id, hour FROM segment_minute WHERE hour >= $1 AND hour < $2
             UNION SELECT provider_id, hour FROM rebuilt_segment_range ORDER BY 2, 1
            """, [SegmentTables.hour(hours.lowerBound), SegmentTables.hour(hours.upperBound)], isOneOff: true
        ).map { row in
            SegmentTables.Hour(
                provider: try row.decode(0), hour: try row.decode(1, as: Timestamp.self).seconds / 3_600)
        }
    }

    /// Makes the partitions that ``replace(namesAll:)`` needs. Must not run in a transaction.
    func makePartitions() throws {
        let months = Set(differing.map { Month(second: $0.hour * 3_600) })
        let needed = months.flatMap {
            [Partition(table: .segmentHour, month: $0), Partition(table: .segmentMinute, month: $0)]
        }
        let days = daysToMend.map { Partition(table: .tenantDay, month: Month(day: $0.days)) }
        try job.partitions.ensure(Set(needed + days), on: job.connection)
    }

    /// Days whose rows differ, or whose hours do.
    private var daysToMend: Set<CalendarDate> {
        let hours = differing.flatMap { [$0.hour * 3_600, $0.hour * 3_600 + 3_599] }
        return differingDays.union(hours.map { job.calendar.date(atSecond: $0) })
    }

    /// Puts one rebuilt range in the place of what is stored of each hour that differs, and of what waits for it.
    ///
    /// - Parameter namesAll: whether usage that was counted without its name has it now.
    func replace(namesAll: Bool) throws {
        for place in differing.sorted() {
            let (count, last) = batches[place] ?? (0, 0)
            // A day that has closed gets the difference in further rows; another gets all when it is written.
            let isInDays = try stored.ranges(of: place).contains(where: \.isInDays)
            try stored.remove(place)
            try job.connection.query(
                "DELETE FROM segment_queue WHERE provider_id = $1 AND hour = $2 AND position <= $3",
                [.int(Int64(place.provider)), SegmentTables.hour(place.hour), .int(last)])
            if count == 0 { continue }
            var hour = SealedHour(
                place: place, afterPosition: 0, lastPosition: last, batches: count, totals: SignedTokenCounts(),
                segments: [])
            hour.segments = try SegmentJob.merge(rebuilt, as: hour)
            hour.totals = try rebuilt.ranges(of: place).reduce(into: SignedTokenCounts()) { $0 += $1.totals }
            hour.isInDays = isInDays
            try stored.insert([hour])
        }
        // Batches that are gone from the ledger would keep their hours waiting for ever.
        try job.connection.query(
            """
            DELETE FROM segment_queue q WHERE q.hour >= $1 AND q.hour < $2 AND NOT EXISTS (
                SELECT FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
                 WHERE f.position = q.position)
            """, [SegmentTables.hour(hours.lowerBound), SegmentTables.hour(hours.upperBound)])
        for day in daysToMend.sorted() { try days.mend(try days.differences(on: day), on: day) }
        for month in differingMonths.union(daysToMend.map { Month(day: $0.days) }) { try months.replace(month) }
        if namesAll {
            for table in ["ledger_position", "segment_queue"] {
                try job.connection.query(
                    """
                    UPDATE \(table) SET over_limit_tenants = NULL, over_limit_models = NULL, over_limit_regions = NULL
                     WHERE position = ANY($1)
                    """, [.int64Array(named)])
            }
        }
    }
}

/// How stored segments of a chunk differ from rebuilt ones.
private struct SegmentDifference {
    var rows = 0
    var differing = 0
    var stored = SignedTokenCounts()
    var rebuilt = SignedTokenCounts()

    init(stored: [SegmentReader], rebuilt: [SegmentReader], as header: SegmentHeader) throws {
        let left = try SegmentMerge.seal(stored, as: header)
        let right = try SegmentMerge.seal(rebuilt, as: header)
        rows = right.reduce(0) { $0 + $1.rowCount }
        self.stored = left.reduce(into: SignedTokenCounts()) { $0 += $1.totals }
        self.rebuilt = right.reduce(into: SignedTokenCounts()) { $0 += $1.totals }
        if left.map(\.digest) != right.map(\.digest) { differing = try Self.count(stored: stored, rebuilt: rebuilt) }
    }

    private static func count(stored left: [SegmentReader], rebuilt right: [SegmentReader]) throws -> Int {
        var (ours, theirs) = (SegmentMerge(left), SegmentMerge(right))
        var (one, other) = (try ours.next(), try theirs.next())
        var count = 0
        while one != nil || other != nil {
            let isFirst = other.map { right in one.map { $0.key <= right.key } ?? false } ?? true
            let isSecond = one.map { left in other.map { $0.key <= left.key } ?? false } ?? true
            if one != other { count += 1 }
            if isFirst { one = try ours.next() }
            if isSecond { other = try theirs.next() }
        }
        return count
    }
}

extension RebuildReport.Table {
    fileprivate mutating func add(_ difference: SegmentDifference) {
        rows += difference.rows
        differing += difference.differing
        stored += difference.stored
        rebuilt += difference.rebuilt
    }
}
