internal import BatchFormat
internal import Postgres
internal import Reporting
internal import UsageModel

/// Takes what was counted before there were segments from the tables of sums, step by step from the newest hour back:
/// for usage whose payloads are gone there is nothing else.
///
/// How far it has come stands in `sums_floor`, and moves in the transaction of each step: a step that is broken off is
/// done again, and usage that comes meanwhile for an hour waits for a segment from the moment on at which the hour has
/// one. Nothing is rolled up during a step, so that an hour's sums are those of all batches up to the ledger position.
struct SegmentHistory {
    let rollup: RollupJob
    let days: TenantDays

    /// The rows of `sums_floor` that say from when on there are segments, and days by tenant; without them there are
    /// all.
    static let segmentFloor = "segment"
    static let dayFloor = SegmentTables.dayTable

    private var connection: Connection { rollup.connection }
    private var tables: SegmentTables { SegmentTables(connection: connection) }

    /// Takes the next hour, or the next day of which hours are kept no more.
    ///
    /// Fills in `.tookFromSums` and how far it has come; leaves `.idle` where there is nothing left, and gives `.busy`
    /// while something is rolled up.
    func step(into report: inout SegmentReport) throws {
        report.status = try step()
        guard report.status == .tookFromSums else { return }
        let floors = try rollup.session.floors()
        report.historyFrom =
            floors.segment > .min
            ? Timestamp(seconds: floors.segment * 3_600)
            : floors.tenantDay.map { Timestamp(seconds: rollup.calendar.startOfDay($0)) }
    }

    private func step() throws -> SegmentReport.Status {
        let floors = try rollup.session.floors()
        guard floors.segment > .min || floors.tenantDay != nil else { return .idle }
        // Hours of sums don't say on which side of a day's start within the hour their usage lies.
        guard rollup.calendar.hasWholeHours else { return .idle }
        return try rollup.locks.exclusively {
            // As they are now that nothing moves.
            let floors = try rollup.session.floors()
            if floors.segment > .min { return try takeHour(before: floors.segment) }
            guard let day = floors.tenantDay else { return .idle }
            return try takeDay(before: day, floors: floors)
        } ?? .busy
    }

    // MARK: Hours

    private func takeHour(before floor: Int64) throws -> SegmentReport.Status {
        guard let hour = try newestHour(before: floor) else {
            try connection.query("DELETE FROM sums_floor WHERE table_name = $1", [.text(Self.segmentFloor)])
            return .tookFromSums
        }
        var hours: [SealedHour] = []
        for provider in try providers(of: hour) {
            hours.append(try seal(SegmentTables.Hour(provider: provider, hour: hour)))
        }
        // Making partitions takes transactions of its own.
        try rollup.partitions.ensure(SegmentJob.partitions(of: hours), on: connection)
        try connection.transaction { _ in
            try tables.insert(hours)
            try moveFloor(Self.segmentFloor, to: Timestamp(seconds: hour * 3_600))
        }
        return .tookFromSums
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

    private func seal(_ place: SegmentTables.Hour) throws -> SealedHour {
        var hour = SealedHour(
            place: place, afterPosition: 0, lastPosition: Int64(try rollup.session.position()),
            batches: try batches(of: place), totals: SignedTokenCounts(), segments: [])
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
        try connection.query(
            """
            SELECT tenant_id, model_id, region_id, layer, workload, modality, \(SegmentTables.totalsAsText)
              FROM usage_hour WHERE hour = $1 AND provider_id = $2
             ORDER BY tenant_id, model_id, region_id, layer, workload, modality
            """, [SegmentTables.hour(place.hour), .int(Int64(place.provider))]
        ).map { row in
            let key = SegmentKey(
                tenant: try row.decode(0), model: try row.decode(1), region: try row.decode(2),
                layer: Layer(rawValue: try row.decode(3)), workload: Workload(rawValue: try row.decode(4)),
                modality: Modality(rawValue: try row.decode(5)))
            return SegmentRow(key: key, counts: try SegmentTables.totals(row, from: 6))
        }
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
    private func takeDay(before floor: CalendarDate, floors: Floors) throws -> SegmentReport.Status {
        let last = floors.hour == .min ? nil : rollup.calendar.date(atSecond: floors.hour * 3_600 - 1)
        let newest: DateColumn? = try connection.query(
            "SELECT max(day) FROM usage_day WHERE day < $1 AND day <= $2",
            [.date(days: floor.days), .date(days: last?.days ?? Self.never)]
        ).one().decode(0)
        guard let newest else {
            try connection.query("DELETE FROM sums_floor WHERE table_name = $1", [.text(Self.dayFloor)])
            return .tookFromSums
        }
        let day = CalendarDate(days: newest.days)
        guard try isSettled(day) else { return .idle }
        let stored = try days.stored(on: day)
        var missing: [Int16: SegmentSums] = [:]
        for (provider, sums) in stored {
            // The tables of sums don't tell estimates apart.
            for row in sums.sorted() { missing[provider, default: SegmentSums()].add(row.key.unflagged, -row.counts) }
        }
        for row in try connection.query(
            """
            SELECT provider_id, tenant_id, model_id, region_id, layer, workload, modality, \(SegmentTables.totalsAsText)
              FROM usage_day WHERE day = $1
            """, [.date(days: day.days)])
        {
            let key = SegmentKey(
                tenant: try row.decode(1), model: try row.decode(2), region: try row.decode(3),
                layer: Layer(rawValue: try row.decode(4)), workload: Workload(rawValue: try row.decode(5)),
                modality: Modality(rawValue: try row.decode(6)))
            missing[try row.decode(0), default: SegmentSums()].add(key, try SegmentTables.totals(row, from: 7))
        }
        try rollup.partitions.ensure([Partition(table: .tenantDay, month: Month(day: day.days))], on: connection)
        let added = missing
        try connection.transaction { _ in
            for (provider, sums) in added.sorted(by: { $0.key < $1.key }) {
                try days.insert(sums.sorted(), provider: provider, day: day.days)
            }
            try moveFloor(Self.dayFloor, to: Timestamp(seconds: rollup.calendar.startOfDay(day)))
        }
        return .tookFromSums
    }

    /// Days since 1970 before which there is no usage.
    private static let never: Int64 = -1

    /// Whether nothing of a day waits to be added to it.
    private func isSettled(_ day: CalendarDate) throws -> Bool {
        let bounds = [day, CalendarDate(days: day.days + 1)].map {
            SegmentTables.hour(rollup.calendar.startOfDay($0).flooredDivision(by: 3_600))
        }
        let waiting: Bool = try connection.query(
            """
            SELECT EXISTS (SELECT FROM segment_queue WHERE hour >= $1 AND hour < $2)
                OR EXISTS (SELECT FROM segment_range WHERE hour >= $1 AND hour < $2 AND NOT is_in_days)
            """, bounds
        ).one().decode(0)
        return !waiting
    }

    private func moveFloor(_ name: String, to moment: Timestamp) throws {
        try connection.query(
            "UPDATE sums_floor SET kept_from = $2 WHERE table_name = $1", [.text(name), .timestamp(moment)])
    }
}
