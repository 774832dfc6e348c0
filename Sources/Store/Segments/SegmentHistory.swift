internal import BatchFormat
internal import Postgres
internal import Reporting
internal import UsageModel

/// Takes what was counted before there were segments from the tables of sums, step by step from the newest hour back:
/// for usage whose payloads are gone there is nothing else. Schema version 19 drops those tables, and only once this is
/// complete.
///
/// How far it has come stands in `sums_floor`, and moves in the transaction of each step: a step that is broken off is
/// done again, and usage that comes meanwhile for an hour waits for a segment from the moment on at which the hour has
/// one. Nothing is rolled up during a step, so that an hour's sums are those of all batches up to the ledger position.
struct SegmentHistory {
    let connection: Connection
    let calendar: ZoneRules
    let partitions: PartitionCache

    /// The schema version that it works on: the last one with the tables of sums.
    static let schemaVersion = 18

    /// What a step did.
    enum Step: Equatable {
        /// Took an hour, or a day of which hours are kept no more. From when on usage is in segments, or in the days by
        /// tenant once all hours are; `nil` at the end of either.
        case took(from: Timestamp?)
        /// Something is rolled up or merged at this moment.
        case busy
        /// There is nothing left.
        case complete
    }

    private var tables: SegmentTables { SegmentTables(connection: connection) }
    private var days: TenantDays { TenantDays(connection: connection, calendar: calendar) }
    private var session: StoreSession { StoreSession(connection, calendar: calendar) }

    /// Takes the next hour, or the next day of which hours are kept no more.
    func step() throws -> Step {
        let floors = try session.floors()
        guard floors.segment > .min || floors.tenantDay != nil else { return .complete }
        return try RollupLocks(connection: connection).exclusively {
            // As they are now that nothing moves.
            let floors = try session.floors()
            if floors.segment > .min { return try takeHour(before: floors.segment, floors: floors) }
            guard let day = floors.tenantDay else { return .complete }
            return try takeDay(before: day, floors: floors)
        } ?? .busy
    }

    // MARK: Hours

    private func takeHour(before floor: Int64, floors: Floors) throws -> Step {
        guard let hour = try newestHour(before: floor) else {
            try removeFloor(FloorName.segment)
            return .took(from: nil)
        }
        var hours: [SealedHour] = []
        for provider in try providers(of: hour) {
            hours.append(try seal(SegmentTables.Hour(provider: provider, hour: hour), floors: floors))
        }
        // Making partitions takes transactions of its own.
        try partitions.ensure(SegmentJob.partitions(of: hours), on: connection)
        try connection.transaction { _ in
            try tables.insert(hours)
            try moveFloor(FloorName.segment, to: Timestamp(seconds: hour * 3_600))
        }
        return .took(from: Timestamp(seconds: hour * 3_600))
    }

    private func newestHour(before floor: Int64) throws -> Int64? {
        let row = try connection.query(
            """
            SELECT (SELECT max(hour) FROM usage_hour WHERE hour < $1), (SELECT max(minute) FROM usage_minute WHERE minute < $1)
            """, [SegmentTables.hour(floor)]
        ).one()
        let found = [try row.decode(0, as: Timestamp?.self), try row.decode(1, as: Timestamp?.self)]
        return found.compactMap { $0?.seconds.flooredDivision(by: 3_600) }.max()
    }

    private func providers(of hour: Int64) throws -> [Int16] {
        try connection.query(
            """
            SELECT provider_id FROM usage_hour WHERE hour = $1
             UNION SELECT provider_id FROM usage_minute WHERE minute >= $1 AND minute < $1 + interval '1 hour' ORDER BY 1
            """, [SegmentTables.hour(hour)]
        ).map { try $0.decode(0) }
    }

    private func seal(_ place: SegmentTables.Hour, floors: Floors) throws -> SealedHour {
        var hour = SealedHour(
            place: place, afterPosition: 0, lastPosition: Int64(try session.position()),
            batches: try batches(of: place), totals: SignedTokenCounts(), segments: [])
        // Days of hours that are kept no more come from their own sums.
        hour.isInDays = place.hour < floors.hour
        for granularity in SegmentGranularity.allCases {
            let rows = try granularity == .hour ? hourRows(place) : minuteRows(place, granularity)
            let segments = try SegmentEncoder.sealChunks(rows, as: hour.header(granularity))
            hour.segments += segments
            let totals = segments.reduce(into: SignedTokenCounts()) { $0 += $1.totals }
            // Minutes may have gone before hours, or hours before minutes.
            if segments.isEmpty { continue }
            if hour.totals == SignedTokenCounts() { hour.totals = totals }
            guard hour.totals == totals else {
                throw StoreError(
                    .damagedSegment,
                    "The sums of provider \(place.provider), hour \(place.hour), are \(hour.totals) by hour and \(totals) "
                        + "by \(granularity). Mend the tables of sums; they are taken into segments afterwards.")
            }
        }
        return hour
    }

    /// Batches of the provider whose span has the hour in it: at least those that the sums are made of.
    private func batches(of place: SegmentTables.Hour) throws -> Int {
        let count: Int = try connection.query(
            """
            SELECT count(*) FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
             WHERE l.provider_id = $1 AND l.first_minute < $2 AND l.last_minute >= $3
            """, [.int(Int64(place.provider)), .int((place.hour + 1) * 60), .int(place.hour * 60)]
        ).one().decode(0)
        return max(1, count)
    }

    private func hourRows(_ place: SegmentTables.Hour) throws -> [SegmentRow] {
        let rows = try connection.query(
            """
            SELECT tenant_id, model_id, region_id, layer, workload, modality, \(SegmentTables.totalsAsText)
              FROM usage_hour WHERE hour = $1 AND provider_id = $2
            """, [SegmentTables.hour(place.hour), .int(Int64(place.provider))]
        ).map { SegmentRow(key: try Self.key($0, from: 0), counts: try SegmentTables.totals($0, from: 6)) }
        let start = calendar.minuteOfDayStart(withinHour: place.hour)
        var sums = SegmentSums(minimumCapacity: rows.count)
        for row in rows { sums.add(row.key, row.counts) }
        if start > 0 {
            for row in try rowsOfLaterDay(place) {
                sums.add(row.key, -row.counts)
                sums.add(row.key.at(minute: start), row.counts)
            }
        }
        return sums.sorted()
    }

    /// What of an hour within which a day begins is that day's: what all days from it on count and the hours after this
    /// one don't.
    private func rowsOfLaterDay(_ place: SegmentTables.Hour) throws -> [SegmentRow] {
        let day = calendar.date(atSecond: place.hour * 3_600 + 3_599)
        let keys = "tenant_id, model_id, region_id, layer, workload, modality"
        let negative = CountColumns.names.map { "-\($0)" }.joined(separator: ", ")
        let sums = CountColumns.names.map { "sum(\($0))::text" }.joined(separator: ", ")
        return try connection.query(
            """
            SELECT \(keys), \(sums)
              FROM (SELECT \(keys), \(CountColumns.list) FROM usage_day WHERE day >= $1 AND provider_id = $2
                    UNION ALL
                    SELECT \(keys), \(negative) FROM usage_hour WHERE hour > $3 AND provider_id = $2) u
             WHERE (\(keys)) IN (SELECT \(keys) FROM usage_hour WHERE hour = $3 AND provider_id = $2)
             GROUP BY \(keys)
            """, [.date(days: day.days), .int(Int64(place.provider)), SegmentTables.hour(place.hour)]
        ).map { SegmentRow(key: try Self.key($0, from: 0), counts: try SegmentTables.totals($0, from: 6)) }
    }

    /// Reads the columns tenant, model, region, layer, workload and modality.
    private static func key(_ row: Row, from column: Int) throws -> SegmentKey {
        SegmentKey(
            tenant: try row.decode(column), model: try row.decode(column + 1), region: try row.decode(column + 2),
            layer: Layer(rawValue: try row.decode(column + 3)),
            workload: Workload(rawValue: try row.decode(column + 4)),
            modality: Modality(rawValue: try row.decode(column + 5)))
    }

    private func minuteRows(
        _ place: SegmentTables.Hour, _ granularity: SegmentGranularity
    ) throws -> [SegmentRow] {
        let stored: MinuteGranularity =
            switch granularity {
            case .minuteByTenant: .tenant
            case .minuteByModel: .model
            default: .provider
            }
        return try connection.query(
            """
            SELECT subject_id, minute, \(SegmentTables.totalsAsText) FROM usage_minute
             WHERE minute >= $1 AND minute < $1 + interval '1 hour' AND provider_id = $2 AND granularity = $3
             ORDER BY subject_id, minute
            """, [SegmentTables.hour(place.hour), .int(Int64(place.provider)), .int(Int64(stored.rawValue))]
        ).map { row in
            let minute = try row.decode(1, as: Timestamp.self).seconds.flooredDivision(by: 60) - place.hour * 60
            let subject: Int64 = try row.decode(0)
            let key =
                stored == .model
                ? SegmentKey(tenant: 0, model: Int32(truncatingIfNeeded: subject), minute: Int(minute))
                : SegmentKey(tenant: stored == .tenant ? subject : 0, minute: Int(minute))
            return SegmentRow(key: key, counts: try SegmentTables.totals(row, from: 2))
        }
    }

    // MARK: Days

    /// Adds to a day what its sums have beyond its rows. Only for days of which hours were dropped: the others are
    /// written from segments.
    private func takeDay(before floor: CalendarDate, floors: Floors) throws -> Step {
        let last = floors.hour == .min ? nil : calendar.date(atSecond: floors.hour * 3_600 - 1)
        let newest: DateColumn? = try connection.query(
            "SELECT max(day) FROM usage_day WHERE day < $1 AND day <= $2",
            [.date(days: floor.days), .date(days: last?.days ?? Self.never)]
        ).one().decode(0)
        guard let newest else {
            try removeFloor(FloorName.tenantDay)
            return .took(from: nil)
        }
        let day = CalendarDate(days: newest.days)
        let missing = try missing(of: day, keptFrom: floors.hour)
        try partitions.ensure([Partition(table: .tenantDay, month: Month(day: day.days))], on: connection)
        try connection.transaction { _ in
            for (provider, sums) in missing.sorted(by: { $0.key < $1.key }) {
                try days.insert(sums.sorted(), provider: provider, day: day.days)
            }
            // What was to be added to the day of hours that are kept no more is in it now.
            let dropped = [hours(of: day).lowerBound, floors.hour].map { SegmentTables.hour($0) }
            try connection.query("DELETE FROM segment_queue WHERE hour >= $1 AND hour < $2", dropped)
            try connection.query("UPDATE segment_range SET is_in_days = true WHERE hour >= $1 AND hour < $2", dropped)
            try moveFloor(FloorName.tenantDay, to: Timestamp(seconds: calendar.startOfDay(day)))
        }
        return .took(from: Timestamp(seconds: calendar.startOfDay(day)))
    }

    /// Days since 1970 before which there is no usage.
    private static let never: Int64 = -1

    /// The hours that a day has a part of.
    private func hours(of day: CalendarDate) -> Range<Int64> {
        let end = calendar.startOfDay(CalendarDate(days: day.days + 1))
        return calendar.startOfDay(day).flooredDivision(by: 3_600)..<(end + 3_599).flooredDivision(by: 3_600)
    }

    /// What a day's sums have that neither its rows have nor the hours that are kept and still to be written into it,
    /// by provider.
    private func missing(of day: CalendarDate, keptFrom floor: Int64) throws -> [Int16: SegmentSums] {
        var missing: [Int16: SegmentSums] = [:]
        for (provider, sums) in try days.stored(on: day) {
            // The tables of sums don't tell estimates apart.
            for row in sums.sorted() { missing[provider, default: SegmentSums()].add(row.key.unflagged, -row.counts) }
        }
        for row in try connection.query(
            """
            SELECT provider_id, tenant_id, model_id, region_id, layer, workload, modality, \(SegmentTables.totalsAsText)
              FROM usage_day WHERE day = $1
            """, [.date(days: day.days)])
        {
            missing[try row.decode(0), default: SegmentSums()].add(
                try Self.key(row, from: 1), try SegmentTables.totals(row, from: 7))
        }
        for hour in hours(of: day) where hour >= floor {
            for provider in try providers(of: hour) {
                let place = SegmentTables.Hour(provider: provider, hour: hour)
                for row in try rowsToCome(of: place) where isOf(day, row, in: place) {
                    missing[provider, default: SegmentSums()].add(row.key.wholeHour, -row.counts)
                }
            }
        }
        return missing
    }

    /// What of an hour that is kept isn't in the days yet.
    private func rowsToCome(of place: SegmentTables.Hour) throws -> [SegmentRow] {
        var sums = SegmentSums()
        for row in try hourRows(place) { sums.add(row.key, row.counts) }
        let written = Set(try tables.ranges(of: place).filter(\.isInDays).map(\.lastPosition))
        if written.isEmpty { return sums.sorted() }
        for (key, readers) in try tables.read(place) where key.granularity == .hour {
            for reader in readers where written.contains(reader.header.lastPosition) {
                reader.forEach(reader.rows) { sums.add($0.key, -$0.counts) }
            }
        }
        return sums.sorted()
    }

    private func isOf(_ day: CalendarDate, _ row: SegmentRow, in place: SegmentTables.Hour) -> Bool {
        calendar.date(atSecond: place.hour * 3_600 + Int64(row.key.minute) * 60) == day
    }

    private func removeFloor(_ name: String) throws {
        try connection.query("DELETE FROM sums_floor WHERE table_name = $1", [.text(name)])
    }

    private func moveFloor(_ name: String, to moment: Timestamp) throws {
        try connection.query(
            "UPDATE sums_floor SET kept_from = $2 WHERE table_name = $1", [.text(name), .timestamp(moment)])
    }
}
