internal import BatchFormat
internal import Postgres
internal import UsageModel

/// Writes days by tenant and model from the segments of hours whose day has closed.
///
/// Rows are only added. A range's usage is added once: the transaction that adds it says so in the range.
struct TenantDays {
    let connection: Connection
    let calendar: ZoneRules

    static let table = SegmentTables.dayTable
    private var tables: SegmentTables { SegmentTables(connection: connection) }
    private var months: TenantMonths { TenantMonths(connection: connection) }

    /// Ranges of one provider's hours on one day.
    struct Due {
        var provider: Int16
        var ranges: [(hour: Int64, lastPosition: Int64)]

        /// Without repeats, in their order.
        var hours: [Int64] { Set(ranges.map(\.hour)).sorted() }
    }

    /// What has closed and isn't in the days, from the oldest hour on; `nil` for nothing.
    ///
    /// - Parameter now: a day has closed once this moment is in a later one.
    func next(now: Timestamp) throws -> Due? {
        let closed = endHour(before: calendar.date(atSecond: now.seconds))
        let first = try connection.query(
            """
            SELECT provider_id, hour FROM segment_range WHERE NOT is_in_days AND hour < $1
             ORDER BY hour, provider_id LIMIT 1
            """, [SegmentTables.hour(closed)]
        ).first
        guard let first else { return nil }
        let provider: Int16 = try first.decode(0)
        let hour = try first.decode(1, as: Timestamp.self).seconds / 3_600
        let day = calendar.date(atSecond: hour * 3_600)
        let end = min(closed, endHour(before: CalendarDate(days: day.days + 1)))
        let rows = try connection.query(
            """
            SELECT hour, last_position FROM segment_range
             WHERE provider_id = $1 AND hour >= $2 AND hour < $3 AND NOT is_in_days ORDER BY hour, last_position
            """, [.int(Int64(provider)), SegmentTables.hour(hour), SegmentTables.hour(end)])
        let ranges = try rows.map { row in
            (
                hour: try row.decode(0, as: Timestamp.self).seconds / 3_600,
                lastPosition: try row.decode(1, as: Int64.self)
            )
        }
        return Due(provider: provider, ranges: ranges)
    }

    /// The first hour without usage of the days before one. Where that day begins within an hour, the hour is written
    /// with the day before: its other rows are the day's first.
    private func endHour(before day: CalendarDate) -> Int64 {
        (calendar.startOfDay(day) + 3_599).flooredDivision(by: 3_600)
    }

    /// Adds the usage of ranges to their days and months, chunk of tenants by chunk, in one transaction. - Returns: the
    /// rows added to days.
    func write(_ due: Due, partitions: PartitionCache) throws -> Int {
        // Making partitions takes transactions of its own.
        try partitions.ensure(self.partitions(for: due.hours), on: connection)
        return try connection.transaction { _ in
            let expected = try noteInDays(due)
            var (rows, totals) = (0, SignedTokenCounts())
            for chunk in try tables.chunks(of: due.provider, hours: due.hours) {
                var added = TenantMonths.Sums()
                for (day, sums) in try self.sums(due, chunk: chunk) {
                    let sorted = sums.sorted()
                    try insert(sorted, provider: due.provider, day: day)
                    added.add(sorted, of: day)
                    rows += sorted.count
                    for row in sorted { totals += row.counts }
                }
                try months.add(added, provider: due.provider)
            }
            guard totals == expected else {
                throw StoreError(
                    .damagedSegment,
                    "Segments of provider \(due.provider), hours \(due.hours), sum up to \(totals), their ranges to "
                        + "\(expected). Run rebuild --apply.")
            }
            return rows
        }
    }

    /// The partitions of the days that hours lie in.
    func partitions(for hours: [Int64]) -> Set<Partition> {
        let days = hours.flatMap { [$0 * 3_600, $0 * 3_600 + 3_599] }.map { calendar.date(atSecond: $0).days }
        return Set(days.map { Partition(table: .tenantDay, month: Month(day: $0)) })
    }

    /// Adds rows of an hour that is in no segment to its days and months. Must run in a transaction; the days have
    /// their partitions.
    func add(_ rows: [SegmentRow], of place: SegmentTables.Hour) throws {
        var days: [Int64: [SegmentRow]] = [:]
        for row in rows {
            let day = calendar.date(atSecond: place.hour * 3_600 + Int64(row.key.minute) * 60).days
            days[day, default: []].append(SegmentRow(key: row.key.wholeHour, counts: row.counts))
        }
        var added = TenantMonths.Sums()
        for (day, rows) in days.sorted(by: { $0.key < $1.key }) {
            try insert(rows, provider: place.provider, day: day)
            added.add(rows, of: day)
        }
        try months.add(added, provider: place.provider)
    }

    /// - Returns: the totals of the ranges.
    private func noteInDays(_ due: Due) throws -> SignedTokenCounts {
        let rows = try connection.query(
            """
            UPDATE segment_range r SET is_in_days = true
              FROM unnest($2::timestamptz[], $3::int8[]) AS d (hour, last_position)
             WHERE r.provider_id = $1 AND r.hour = d.hour AND r.last_position = d.last_position AND NOT r.is_in_days
            RETURNING \(SegmentTables.totalsAsText)
            """,
            [
                .int(Int64(due.provider)), SegmentQueue.hours(due.ranges.map(\.hour)),
                .int64Array(due.ranges.map(\.lastPosition)),
            ])
        guard rows.count == due.ranges.count else {
            throw StoreError(
                .busy, "Another instance wrote \(due.ranges.count - rows.count) ranges into days meanwhile.")
        }
        return try rows.reduce(into: SignedTokenCounts()) { $0 += try SegmentTables.totals($1, from: 0) }
    }

    private func sums(_ due: Due, chunk: Int32) throws -> [(day: Int64, sums: SegmentSums)] {
        var days: [Int64: SegmentSums] = [:]
        let wanted = Set(due.ranges.map { "\($0.hour) \($0.lastPosition)" })
        for reader in try tables.read(due.provider, hours: due.hours, chunk: chunk)
        where wanted.contains("\(reader.header.hour) \(reader.header.lastPosition)") {
            Self.add(reader, to: &days, calendar: calendar)
        }
        return days.sorted { $0.key < $1.key }.map { (day: $0.key, sums: $0.value) }
    }

    /// Adds an hour's rows to the days that they lie in, by their keys without the minute.
    static func add(_ reader: SegmentReader, to days: inout [Int64: SegmentSums], calendar: ZoneRules) {
        let start = reader.header.hour * 3_600
        let first = calendar.date(atSecond: start).days
        // Taken out of the dictionary while it is changed, so that it isn't copied.
        var sums = days.removeValue(forKey: first) ?? SegmentSums(minimumCapacity: reader.rowCount)
        var rest = SegmentSums()
        reader.forEach(reader.rows) { row in
            // A day that begins within the hour has rows of its own.
            if row.key.minute == 0 {
                sums.add(row.key, row.counts)
            } else {
                rest.add(row.key.wholeHour, row.counts)
            }
        }
        if sums.count > 0 { days[first] = sums }
        if rest.count > 0 {
            let second = calendar.date(atSecond: start + 3_599).days
            var sums = days.removeValue(forKey: second) ?? SegmentSums()
            for row in rest.sorted() { sums.add(row.key, row.counts) }
            days[second] = sums
        }
    }

    /// Adds rows to a day, and leaves months as they are.
    func insert(_ rows: [SegmentRow], provider: Int16, day: Int64) throws {
        for portion in Array(rows.indices).portions(of: RowPortions.maxRows) {
            try insertPortion(portion.map { rows[$0] }, provider: provider, day: day)
        }
    }

    private func insertPortion(_ rows: [SegmentRow], provider: Int16, day: Int64) throws {
        let keys = rows.map(\.key)
        let inserted = try connection.query(
            """
            INSERT INTO \(Self.table) (day, provider_id, tenant_id, model_id, region_id, layer, workload, modality,
                is_estimated, \(CountColumns.list))
            SELECT $1, $2, a, b, c, d, e, f, g = 1, h, i, j, k, l
              FROM unnest($3::int8[], $4::int4[], $5::int4[], $6::int2[], $7::int2[], $8::int2[], $9::int2[],
                $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[]) AS t (a, b, c, d, e, f, g, h, i, j, k, l)
            """,
            [
                .date(days: day), .int(Int64(provider)), .int64Array(keys.map(\.tenant)),
                .int32Array(keys.map(\.model)), .int32Array(keys.map(\.region)),
                .int16Array(keys.map { Int16($0.layer?.rawValue ?? 0) }),
                .int16Array(keys.map { Int16($0.workload?.rawValue ?? 0) }),
                .int16Array(keys.map { Int16($0.modality?.rawValue ?? 0) }),
                .int16Array(keys.map { $0.isEstimated ? 1 : 0 }),
            ] + Parameter.numericColumns(rows.map(\.counts))
        ).affectedRows
        precondition(inserted == rows.count, "\(inserted) of \(rows.count) rows of days were written")
    }

    // MARK: Comparing

    /// How a provider's day differs from the segments that are in it.
    struct Difference {
        var provider: Int16
        /// Rows that the segments give.
        var rows: Int
        var stored: SignedTokenCounts
        var expected: SignedTokenCounts
        /// What must be added for the day to be what the segments give.
        var missing: [SegmentRow]
    }

    func differences(on day: CalendarDate) throws -> [Difference] {
        let expected = try expected(on: day)
        let stored = try stored(on: day)
        return Set(expected.keys).union(stored.keys).sorted().map { provider in
            let rows = expected[provider]?.sorted() ?? []
            var missing = expected[provider] ?? SegmentSums()
            var difference = Difference(
                provider: provider, rows: rows.count, stored: SignedTokenCounts(), expected: SignedTokenCounts(),
                missing: [])
            for row in rows { difference.expected += row.counts }
            for row in stored[provider]?.sorted() ?? [] {
                difference.stored += row.counts
                missing.add(row.key, -row.counts)
            }
            difference.missing = missing.sorted()
            return difference
        }
    }

    /// Adds what is missing of a day. Must run in a transaction; the day has its partition, and its month is made again
    /// afterwards.
    func mend(_ differences: [Difference], on day: CalendarDate) throws {
        for difference in differences {
            try insert(difference.missing, provider: difference.provider, day: day.days)
        }
    }

    /// What the ranges that are in the days give of a day, by key.
    private func expected(on day: CalendarDate) throws -> [Int16: SegmentSums] {
        let first = calendar.startOfDay(day).flooredDivision(by: 3_600)
        let end = endHour(before: CalendarDate(days: day.days + 1))
        let ranges = try connection.query(
            """
            SELECT provider_id, hour, last_position FROM segment_range WHERE hour >= $1 AND hour < $2 AND is_in_days
             ORDER BY provider_id, hour, last_position
            """, [SegmentTables.hour(first), SegmentTables.hour(end)])
        var due: [Int16: Due] = [:]
        for row in ranges {
            let provider: Int16 = try row.decode(0)
            due[provider, default: Due(provider: provider, ranges: [])].ranges.append(
                (hour: try row.decode(1, as: Timestamp.self).seconds / 3_600, lastPosition: try row.decode(2)))
        }
        return try due.compactMapValues { due in
            var whole = SegmentSums()
            for chunk in try tables.chunks(of: due.provider, hours: due.hours) {
                for (_, sums) in try sums(due, chunk: chunk).filter({ $0.day == day.days }) {
                    for row in sums.sorted() { whole.add(row.key, row.counts) }
                }
            }
            return whole
        }
    }

    /// What the rows of a day add up to, by key.
    func stored(on day: CalendarDate) throws -> [Int16: SegmentSums] {
        var providers: [Int16: SegmentSums] = [:]
        let rows = try connection.query(
            """
            SELECT provider_id, tenant_id, model_id, region_id, layer, workload, modality, is_estimated,
                   \(SegmentTables.totalsAsText)
              FROM \(Self.table) WHERE day = $1
            """, [.date(days: day.days)])
        for row in rows {
            let key = SegmentKey(
                tenant: try row.decode(1), model: try row.decode(2), region: try row.decode(3),
                layer: Layer(rawValue: try row.decode(4)), workload: Workload(rawValue: try row.decode(5)),
                modality: Modality(rawValue: try row.decode(6)), isEstimated: try row.decode(7))
            providers[try row.decode(0), default: SegmentSums()].add(key, try SegmentTables.totals(row, from: 8))
        }
        return providers
    }
}
