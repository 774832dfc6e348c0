internal import BatchFormat
internal import Postgres
internal import UsageModel

/// Reads detail by tenant from segments and from the payloads of batches that are in none yet. Must run in a snapshot,
/// or while segments are kept as they are (``RollupLocks/keepSegments()``).
struct DetailReader {
    let session: StoreSession

    private var connection: Connection { session.connection }
    private var calendar: ZoneRules { session.calendar }

    /// - Throws: ``StoreError`` with `.damagedSegment` where what the figures need can't be read; ``QuestionError``
    ///   where there are too many sums.
    /// - Complexity: decodes the segments of the time, of the chunks that the tenants lie in.
    func sums(of reading: DetailReading) throws -> DetailSums {
        var sums = DetailSums(budget: session.rowBudget)
        try add(reading, to: &sums)
        return sums
    }

    /// Adds to what was read before.
    func add(_ reading: DetailReading, to sums: inout DetailSums) throws {
        if reading.providers?.isEmpty == true || reading.tenants?.isEmpty == true || reading.seconds.isEmpty { return }
        let places = HourPlaces(reading, calendar: calendar)
        try forEachSegment(of: reading) { segment in
            try places.add(segment, to: &sums)
            try sums.check()
        }
        try forEachWaitingBatch(of: reading) { batch, names, hours in
            places.add(batch, names: names, hours: hours, to: &sums)
            try sums.check()
        }
    }

    // MARK: Segments

    /// Opens the segments of a reading one by one, hour by hour, an hour's by provider and chunk of tenants.
    func forEachSegment(of reading: DetailReading, _ body: (SegmentReader) throws -> Void) throws {
        if reading.source == .waiting { return }
        var sql = SQLParameters()
        let table = SegmentTables.table(of: reading.granularity)
        var from = table
        var conditions = ["granularity = \(reading.granularity.rawValue)"]
        if reading.source == .notInDays {
            guard let ranges = try notInDays(reading, &sql) else { return }
            from += """
                 JOIN \(ranges)
                  ON hour = r.range_hour AND provider_id = r.range_provider AND last_position = r.range_last
                """
        } else {
            let hours = [reading.hours.lowerBound, reading.hours.upperBound].map { sql.bind(SegmentTables.hour($0)) }
            conditions += ["hour >= \(hours[0])", "hour < \(hours[1])"]
            if let providers = reading.providers {
                conditions.append("provider_id = ANY(\(sql.bind(.int16Array(providers))))")
            }
        }
        if let tenants = reading.tenants {
            let chunks = Set(tenants.map(SegmentBounds.chunk(of:))).sorted()
            conditions.append("chunk = ANY(\(sql.bind(.int32Array(chunks))))")
        }
        try connection.forEachRow(
            """
            SELECT \(SegmentTables.columns), provider_id FROM \(from) WHERE \(conditions.joined(separator: " AND "))
             ORDER BY hour, provider_id, chunk, last_position, part
            """, sql.values
        ) { row in
            try body(SegmentTables.open(row, of: row.decode(SegmentTables.columnCount)))
        }
    }

    /// The ranges that aren't in the days by tenant, as a table `r`; `nil` where there are none.
    private func notInDays(_ reading: DetailReading, _ sql: inout SQLParameters) throws -> String? {
        var own = SQLParameters()
        let hours = [reading.hours.lowerBound, reading.hours.upperBound].map { own.bind(SegmentTables.hour($0)) }
        let providers = reading.providers.map { " AND provider_id = ANY(\(own.bind(.int16Array($0))))" } ?? ""
        let rows = try connection.query(
            """
            SELECT hour, provider_id, last_position FROM segment_range
             WHERE NOT is_in_days AND hour >= \(hours[0]) AND hour < \(hours[1])\(providers)
            """, own.values)
        if rows.isEmpty { return nil }
        let columns = [
            sql.bind(.timestampArray(try rows.map { try $0.decode(0, as: Timestamp.self) })),
            sql.bind(.int16Array(try rows.map { try $0.decode(1) })),
            sql.bind(.int64Array(try rows.map { try $0.decode(2) })),
        ]
        return "unnest(\(columns.joined(separator: ", "))) AS r (range_hour, range_provider, range_last)"
    }

    // MARK: Batches that wait

    /// What is decoded at once.
    private static let portion = RollupLimits(maxBatches: 2_000, maxRows: 262_144, maxPayloadBytes: 8 << 20)

    /// Decodes the batches that wait for a segment of the time, under the names that they were counted under.
    ///
    /// - Parameter body: takes the hours of the batch that wait and are asked for.
    func forEachWaitingBatch(
        of reading: DetailReading, _ body: (UsageRows, BatchNames, Set<Int64>) throws -> Void
    ) throws {
        var waiting = try SegmentQueue(connection: connection).waiting(in: reading.hours, of: reading.providers)[...]
        let payloads = PayloadReader(connection: connection, decode: session.decode)
        let naming = BatchNaming(connection: connection, rule: .known)
        while !waiting.isEmpty {
            let count = Self.portion.portion(of: waiting.map(\.batch))
            let portion = waiting.prefix(count)
            waiting = waiting.dropFirst(count)
            var decoded = try payloads.read(portion.map(\.batch))
            if let bad = decoded.bad.first {
                let position = portion.first { $0.batch.key == bad.batch.key }?.position ?? 0
                throw StoreError(
                    .damagedSegment,
                    "The batch at ledger position \(position) waits for a segment and can't be decoded: \(bad.detail). "
                        + "Its hours are not answered until its payload is restored or rebuild --apply has run.")
            }
            for (index, batch) in portion.enumerated() { decoded.good[index].overLimit = batch.overLimit }
            for ((batch, names), waits) in zip(zip(decoded.good, try naming.names(of: decoded.good)), portion) {
                try body(batch.rows, names, waits.hours)
            }
        }
    }
}

/// Where the rows of each hour are added, by what a reading tells apart.
private struct HourPlaces {
    let reading: DetailReading
    let calendar: ZoneRules
    private let tenants: Set<Int64>?
    /// The reading's tenants by chunk.
    private let byChunk: [Int32: [Int64]]

    init(_ reading: DetailReading, calendar: ZoneRules) {
        self.reading = reading
        self.calendar = calendar
        tenants = reading.tenants.map(Set.init)
        byChunk = Dictionary(grouping: (reading.tenants ?? []).sorted(), by: SegmentBounds.chunk(of:))
    }

    /// A table with the minutes whose rows go there.
    private struct Target {
        var table: Int
        /// Bit *n* for the hour's minute *n*.
        var minutes: UInt64
        /// The day of the reporting calendar, where tenants are told apart by what they are on it.
        var day: CalendarDate?
    }

    /// An hour has few: its minutes are mostly added to one moment.
    private func targets(hour: Int64, provider: Int16, in sums: inout DetailSums) -> [Target] {
        var targets: [Target] = []
        for minute in 0..<(reading.isByWholeHour ? 1 : 60) {
            guard let moments = reading.moments(hour: hour, minute: minute) else { continue }
            let day = reading.groups.map { _ in calendar.date(atSecond: moments.own) }
            let table = sums.table(of: DetailSums.Place(second: moments.added, provider: provider))
            if let index = targets.firstIndex(where: { $0.table == table && $0.day == day }) {
                targets[index].minutes |= 1 << UInt64(minute)
            } else {
                targets.append(Target(table: table, minutes: 1 << UInt64(minute), day: day))
            }
        }
        if targets.count == 1, reading.isByWholeHour || targets[0].minutes == 1 << 60 - 1 {
            targets[0].minutes = .max
        }
        return targets
    }

    private func number(on day: CalendarDate?) -> ((Int64) -> Int64?)? {
        guard let groups = reading.groups, let day else { return nil }
        return { groups.number($0, day) }
    }

    func add(_ segment: SegmentReader, to sums: inout DetailSums) throws {
        let spans =
            tenants == nil
            ? [segment.rows] : (byChunk[segment.header.chunk] ?? []).map { segment.rows(ofTenants: $0...$0) }
        for target in targets(hour: segment.header.hour, provider: segment.header.provider, in: &sums) {
            let number = number(on: target.day)
            for span in spans where !span.isEmpty {
                sums[target.table].add(
                    segment, span, by: reading.parts, minutes: target.minutes, tenantNumber: number)
            }
        }
    }

    /// Adds the rows of some hours of a batch.
    func add(_ batch: UsageRows, names: BatchNames, hours: Set<Int64>, to sums: inout DetailSums) {
        // Of each hour, the target of each minute.
        var found: [Int64: [Target?]] = [:]
        // Neighbours are mostly of one hour.
        var (hour, current) = (Int64.min, [Target?]())
        for row in batch.rows {
            let tenant = names.tenants[Int(row.tenant)]
            if let tenants, !tenants.contains(tenant) { continue }
            let own = row.minute.flooredDivision(by: 60)
            if own != hour {
                hour = own
                if found[own] == nil {
                    found[own] = hours.contains(own) ? byMinute(own, provider: names.provider, in: &sums) : []
                }
                current = found[own] ?? []
            }
            if current.isEmpty { continue }
            let minute = Int(row.minute - hour * 60)
            guard let target = current[minute] else { continue }
            let key = SegmentKey(
                tenant: tenant, model: names.models[Int(row.model)], region: names.regions[Int(row.region)],
                layer: row.layer, workload: row.workload, modality: row.modality, isEstimated: row.isEstimated,
                minute: minute
            ).keeping(reading.parts)
            let counts = row.signedCounts
            guard let groups = reading.groups, let day = target.day else {
                sums[target.table].add(key, counts)
                continue
            }
            if let number = groups.number(tenant, day) {
                sums[target.table].add(key.replacingTenant(with: number), counts)
            }
        }
    }

    private func byMinute(_ hour: Int64, provider: Int16, in sums: inout DetailSums) -> [Target?] {
        var minutes = [Target?](repeating: nil, count: 60)
        for target in targets(hour: hour, provider: provider, in: &sums) {
            for minute in 0..<60 where target.minutes >> UInt64(minute) & 1 == 1 { minutes[minute] = target }
        }
        return minutes
    }
}
