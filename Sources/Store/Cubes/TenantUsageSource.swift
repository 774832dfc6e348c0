internal import BatchFormat
internal import Postgres
internal import Reporting
internal import UsageModel

/// Usage of a tenant that is to be summed, with others of its group.
struct TenantStretch: Hashable {
    var tenant: Int64
    /// In seconds since 1970, half-open.
    var seconds: Range<Int64>
    var group: Int32
}

/// Usage of all tenants of a group in a piece.
struct GroupedUsage: Hashable {
    /// 0 for tenants of no group.
    var group: Int32
    /// A moment of the piece, in seconds since 1970.
    var piece: Int64
    var provider: Int16
    var model: Int32
    var region: Int32
    /// Layer, workload and modality, packed as in ``CellKey``.
    var codes: UInt8
    var counts: WideTokenCounts
}

/// Where cubes get tenants' usage from that was rolled up before: to make them, and to move cells when the registry
/// says something else of a tenant. Asked while no rollup writes cells.
protocol TenantUsageSource {
    /// From when on usage is told apart by hour, in seconds since 1970; `nil` for ever. Before, it is only by days of
    /// the reporting calendar.
    func hoursFrom() throws -> Int64?

    /// From the first day of the reporting calendar that has usage, at or after a day, to the day after the last one
    /// that has; `nil` where none has.
    func days(from day: CalendarDate?) throws -> Range<CalendarDate>?

    /// The usage of some tenants, summed by group, piece and names.
    ///
    /// - Parameter pieceStarts: in order, in seconds since 1970; usage is told apart by the last that isn't after it.
    func sums(of stretches: [TenantStretch], pieceStarts: [Int64]) throws -> [GroupedUsage]

    /// The usage of all tenants on a day of the reporting calendar, summed alike.
    ///
    /// - Parameter groups: by tenant; any other tenant is of group 0.
    func sums(on day: CalendarDate, groups: [Int64: Int32], pieceStarts: [Int64]) throws -> [GroupedUsage]
}

/// What segments, batches that wait and the days by tenant say of tenants' usage. From its first reading to the end of
/// the transaction nothing is merged.
struct TenantDetail: TenantUsageSource {
    let session: StoreSession

    private var connection: Connection { session.connection }
    private var calendar: ZoneRules { session.calendar }

    func hoursFrom() throws -> Int64? {
        guard calendar.hasWholeHours else { return .max }
        guard let kept = try session.keptFrom(.hour)?.seconds else { return nil }
        // A day that has lost some of its hours is told by its day sum.
        let day = calendar.date(atSecond: kept)
        let start = calendar.startOfDay(day)
        return start == kept ? kept : calendar.startOfDay(CalendarDate(days: day.days + 1))
    }

    func days(from day: CalendarDate?) throws -> Range<CalendarDate>? {
        try begin()
        // No usage is from before 1970.
        let from = day ?? CalendarDate(days: -1)
        let found = [try openDays(from: from), try storedDays(from: from)].compactMap { $0 }
        guard let first = found.map(\.lowerBound).min(), let end = found.map(\.upperBound).max() else { return nil }
        return first..<end
    }

    func sums(of stretches: [TenantStretch], pieceStarts: [Int64]) throws -> [GroupedUsage] {
        try begin()
        // Where pieces are whole days, usage is read by the day, through the index by tenant.
        let isByDay = pieceStarts.allSatisfy { calendar.startOfDay(calendar.date(atSecond: $0)) == $0 }
        let floor = isByDay ? .max : try hoursFrom() ?? .min
        return try hours(of: stretches.compactMap { $0.from(floor) }, pieceStarts: pieceStarts)
            + days(of: stretches.compactMap { $0.before(floor) })
    }

    func sums(on day: CalendarDate, groups: [Int64: Int32], pieceStarts: [Int64]) throws -> [GroupedUsage] {
        try begin()
        let days = day..<CalendarDate(days: day.days + 1)
        let seconds = calendar.startOfDay(days.lowerBound)..<calendar.startOfDay(days.upperBound)
        let numbers = TenantGroups { tenant, _ in Int64(groups[tenant] ?? 0) }
        if try hoursFrom().map({ seconds.lowerBound >= $0 }) ?? true {
            return try usage(
                hourReading(seconds, tenants: nil, groups: numbers, pieceStarts: pieceStarts))
        }
        let tenants = Array(groups)
        var sql = SQLParameters()
        let list = [sql.bind(.int64Array(tenants.map(\.key))), sql.bind(.int32Array(tenants.map(\.value)))]
        let stored = try storedUsage(
            days, tenants: nil, group: "coalesce(g.number, 0)",
            join: "LEFT JOIN unnest(\(list.joined(separator: ", "))) AS g (tenant_id, number) USING (tenant_id)", &sql)
        return try stored
            + usage(session.reading(ofDays: days, DetailSubjects(), by: Self.names, groups: numbers))
    }

    /// - Throws: ``StoreError`` with `.busy` where days by tenant are still taken over from a release without them.
    private func begin() throws {
        try RollupLocks(connection: connection).keepSegments()
        guard try session.floors().tenantDay == nil else {
            throw StoreError(
                .busy,
                "Days by tenant are still made of what an earlier release counted; the log says how far that has come. "
                    + "Try again afterwards.")
        }
    }

    // MARK: Which days there are

    /// Of the days by tenant.
    private func storedDays(from day: CalendarDate) throws -> Range<CalendarDate>? {
        let partitions: [String] = try connection.query(
            """
            SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = to_regclass($1) AND c.relname >= $2 ORDER BY 1
            """,
            [
                .text(TenantDays.table),
                .text(Partition(table: .tenantDay, month: Month(day: max(0, day.days))).name),
            ]
        ).map { try $0.decode(0) }
        // Days have no index of their own; the first and the last month with any tell them.
        func find(_ function: String, _ partitions: some Sequence<String>) throws -> CalendarDate? {
            for partition in partitions {
                let found: DateColumn? = try connection.query(
                    "SELECT \(function)(day) FROM \(partition) WHERE day >= $1", [.date(days: day.days)], isOneOff: true
                ).one().decode(0)
                if let found { return CalendarDate(days: found.days) }
            }
            return nil
        }
        guard let first = try find("min", partitions), let last = try find("max", partitions.reversed()) else {
            return nil
        }
        return first..<CalendarDate(days: last.days + 1)
    }

    /// Of what isn't in the days by tenant yet.
    private func openDays(from day: CalendarDate) throws -> Range<CalendarDate>? {
        let row = try connection.query(
            """
            SELECT min(hour), max(hour)
              FROM (SELECT hour FROM segment_range WHERE NOT is_in_days AND hour >= $1
                     UNION ALL SELECT hour FROM segment_queue WHERE hour >= $1) AS h
            """, [SegmentTables.hour(calendar.startOfDay(day).flooredDivision(by: 3_600))]
        ).one()
        guard let first: Timestamp = try row.decode(0), let last: Timestamp = try row.decode(1) else { return nil }
        let days =
            calendar.date(
                atSecond: first.seconds)..<CalendarDate(
                days: calendar.date(atSecond: last.seconds + 3_599).days + 1)
        return max(days.lowerBound, day)..<max(days.upperBound, day)
    }

    // MARK: Stretches

    private func hours(of stretches: [TenantStretch], pieceStarts: [Int64]) throws -> [GroupedUsage] {
        guard let seconds = Self.span(of: stretches) else { return [] }
        return try usage(
            hourReading(
                seconds, tenants: Set(stretches.map(\.tenant)).sorted(), groups: groups(stretches),
                pieceStarts: pieceStarts))
    }

    private func days(of stretches: [TenantStretch]) throws -> [GroupedUsage] {
        guard let seconds = Self.span(of: stretches) else { return [] }
        let last = calendar.date(atSecond: seconds.upperBound - 1)
        let days = calendar.date(atSecond: seconds.lowerBound)..<CalendarDate(days: last.days + 1)
        let tenants = Set(stretches.map(\.tenant)).sorted()
        var sql = SQLParameters()
        let list = [
            sql.bind(.int64Array(stretches.map(\.tenant))),
            sql.bind(.dateArray(days: stretches.map { calendar.date(atSecond: $0.seconds.lowerBound).days })),
            sql.bind(.dateArray(days: stretches.map { calendar.date(atSecond: $0.seconds.upperBound).days })),
            sql.bind(.int32Array(stretches.map(\.group))),
        ]
        let stored = try storedUsage(
            days, tenants: tenants, group: "s.number",
            join: """
                JOIN unnest(\(list.joined(separator: ", "))) AS s (tenant_id, from_day, to_day, number)
                  ON u.tenant_id = s.tenant_id AND u.day >= s.from_day AND u.day < s.to_day
                """, &sql)
        let subjects = DetailSubjects(providers: nil, tenants: tenants)
        return try stored
            + usage(session.reading(ofDays: days, subjects, by: Self.names, groups: groups(stretches)))
    }

    private static func span(of stretches: [TenantStretch]) -> Range<Int64>? {
        guard let first = stretches.map(\.seconds.lowerBound).min(),
            let last = stretches.map(\.seconds.upperBound).max()
        else { return nil }
        return first..<last
    }

    /// Stretches are of whole days.
    private func groups(_ stretches: [TenantStretch]) -> TenantGroups {
        let calendar = calendar
        let own = Dictionary(grouping: stretches, by: \.tenant)
        return TenantGroups { tenant, day in
            let second = calendar.startOfDay(day)
            return own[tenant]?.first { $0.seconds.contains(second) }.map { Int64($0.group) }
        }
    }

    // MARK: Reading

    private static let names: SegmentKey.Parts = [.model, .region, .layer, .workload, .modality]

    private func hourReading(
        _ seconds: Range<Int64>, tenants: [Int64]?, groups: TenantGroups, pieceStarts: [Int64]
    ) -> DetailReading {
        DetailReading(
            seconds: seconds, granularity: .hour, tenants: tenants, parts: Self.names, groups: groups,
            moment: { second in pieceStarts[pieceStarts.partitioningIndex { $0 > second } - 1] })
    }

    private func usage(_ reading: DetailReading) throws -> [GroupedUsage] {
        var usage: [GroupedUsage] = []
        try session.detail.sums(of: reading).forEach { place, row in
            let key = row.key
            let codes = [key.layer?.rawValue ?? 0, key.workload?.rawValue ?? 0, key.modality?.rawValue ?? 0]
            usage.append(
                GroupedUsage(
                    group: Int32(key.tenant), piece: place.second, provider: place.provider, model: key.model,
                    region: key.region, codes: codes[0] << 5 | codes[1] << 3 | codes[2],
                    counts: try WideTokenCounts(summed: row.counts)))
        }
        return usage
    }

    /// Of the days by tenant.
    ///
    /// - Parameters:
    ///   - group: an expression for the number of a row's group.
    ///   - join: what it is taken from, joined with rows `u`.
    private func storedUsage(
        _ days: Range<CalendarDate>, tenants: [Int64]?, group: String, join: String, _ sql: inout SQLParameters
    ) throws -> [GroupedUsage] {
        let bounds = [days.lowerBound, days.upperBound].map { sql.bind(.date(days: $0.days)) }
        let own = tenants.map { " AND tenant_id = ANY(\(sql.bind(.int64Array($0))))" } ?? ""
        let sums = CountColumns.names.map { "sum(u.\($0))" }.joined(separator: ", ")
        return try connection.query(
            """
            SELECT \(group), u.day, u.provider_id, u.model_id, u.region_id, u.layer, u.workload, u.modality, \(sums)
              FROM (SELECT * FROM \(TenantDays.table) WHERE day >= \(bounds[0]) AND day < \(bounds[1])\(own)) u \(join)
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
            """, sql.values, isOneOff: true
        ).map { row in
            let codes = try [5, 6, 7].map { try row.decode($0, as: UInt8.self) }
            return GroupedUsage(
                group: try row.decode(0),
                piece: calendar.startOfDay(CalendarDate(days: try row.decode(1, as: DateColumn.self).days)),
                provider: try row.decode(2), model: try row.decode(3), region: try row.decode(4),
                codes: codes[0] << 5 | codes[1] << 3 | codes[2], counts: try StoreSession.counts(row, from: 8))
        }
    }
}

extension TenantStretch {
    /// The part from a moment on.
    fileprivate func from(_ second: Int64) -> TenantStretch? {
        TenantStretch(tenant: tenant, from: max(seconds.lowerBound, second), to: seconds.upperBound, group: group)
    }

    /// The part before a moment.
    fileprivate func before(_ second: Int64) -> TenantStretch? {
        TenantStretch(tenant: tenant, from: seconds.lowerBound, to: min(seconds.upperBound, second), group: group)
    }

    private init?(tenant: Int64, from: Int64, to: Int64, group: Int32) {
        guard from < to else { return nil }
        self.init(tenant: tenant, seconds: from..<to, group: group)
    }
}
