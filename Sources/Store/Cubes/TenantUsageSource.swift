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
    /// Layer, workload and modality, packed as in ``SumKey``.
    var codes: UInt8
    /// Whether the counts are somebody's estimate.
    var isEstimated: Bool
    /// Negative where more was taken back than counted.
    var counts: SignedTokenCounts
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

/// The sums by hour and day.
struct HourSums: TenantUsageSource {
    let session: StoreSession

    /// Tenants' hours that are looked up one by one; more are found by reading all hours.
    private static let maxLookups = 200_000

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
        // Days are kept for ever, whatever became of their hours.
        let row = try connection.query(
            """
            SELECT (SELECT min(day) FROM usage_day WHERE day >= coalesce($1::date, '-infinity')),
                   (SELECT max(day) FROM usage_day WHERE day >= coalesce($1::date, '-infinity'))
            """, [.date(days: day?.days)]
        ).one()
        guard let first: DateColumn = try row.decode(0), let last: DateColumn = try row.decode(1) else { return nil }
        return CalendarDate(days: first.days)..<CalendarDate(days: last.days + 1)
    }

    func sums(of stretches: [TenantStretch], pieceStarts: [Int64]) throws -> [GroupedUsage] {
        let floor = try hoursFrom() ?? .min
        let byHour = stretches.compactMap { $0.from(floor) }
        let byDay = stretches.compactMap { $0.before(floor) }
        return try hours(of: byHour, pieceStarts: pieceStarts) + days(of: byDay)
    }

    func sums(on day: CalendarDate, groups: [Int64: Int32], pieceStarts: [Int64]) throws -> [GroupedUsage] {
        let (from, to) = (calendar.startOfDay(day), calendar.startOfDay(CalendarDate(days: day.days + 1)))
        let tenants = Array(groups)
        let isByHour = try hoursFrom().map { from >= $0 } ?? true
        var sql = SQLParameters()
        let (keys, values) = (
            sql.bind(.int64Array(tenants.map(\.key))), sql.bind(.int32Array(tenants.map(\.value)))
        )
        let source: String
        if isByHour {
            let moments = [from, to].map { sql.bind(.timestamp(Timestamp(seconds: $0))) }
            let starts = sql.bind(.timestampArray(pieceStarts.map { Timestamp(seconds: $0) }))
            source = """
                (SELECT *, width_bucket(hour, \(starts)) AS piece FROM usage_hour
                  WHERE hour >= \(moments[0]) AND hour < \(moments[1])) u
                """
        } else {
            let date = sql.bind(.date(days: day.days))
            source = "(SELECT *, 1 AS piece FROM usage_day WHERE day = \(date)) u"
        }
        return try connection.query(
            Self.grouped(
                group: "coalesce(g.number, 0)",
                from: """
                    \(source) LEFT JOIN unnest(\(keys), \(values)) AS g (tenant_id, number) USING (tenant_id)
                    """), sql.values
        ).map { try Self.usage($0, pieces: isByHour ? pieceStarts : [from]) }
    }

    private func hours(of stretches: [TenantStretch], pieceStarts: [Int64]) throws -> [GroupedUsage] {
        if stretches.isEmpty { return [] }
        var sql = SQLParameters()
        let list = Self.list(stretches, &sql)
        let starts = sql.bind(.timestampArray(pieceStarts.map { Timestamp(seconds: $0) }))
        let lookups = stretches.reduce(0) { $0 + $1.seconds.count / 3_600 }
        let source: String
        if lookups <= Self.maxLookups {
            // OFFSET 0 keeps the look-up whole: one descent of the primary key for each hour.
            source = """
                \(list) CROSS JOIN LATERAL generate_series(s.from_at, s.to_at - interval '1 hour', '1 hour') AS h
                 CROSS JOIN LATERAL (
                       SELECT *, width_bucket(hour, \(starts)) AS piece FROM usage_hour
                        WHERE hour = h AND tenant_id = s.tenant_id OFFSET 0) u
                """
        } else {
            let first = stretches.map(\.seconds.lowerBound).min() ?? 0
            let last = stretches.map(\.seconds.upperBound).max() ?? 0
            let moments = [first, last].map { sql.bind(.timestamp(Timestamp(seconds: $0))) }
            let tenants = sql.bind(.int64Array(Set(stretches.map(\.tenant)).sorted()))
            source = """
                (SELECT *, width_bucket(hour, \(starts)) AS piece FROM usage_hour
                  WHERE hour >= \(moments[0]) AND hour < \(moments[1]) AND tenant_id = ANY(\(tenants))) u
                  JOIN \(list) ON u.tenant_id = s.tenant_id AND u.hour >= s.from_at AND u.hour < s.to_at
                """
        }
        // The planner knows nothing of a list's values: it would look every hour through for each tenant, or hash and
        // sort all hours.
        let settings = lookups <= Self.maxLookups ? [] : ["enable_nestloop", "enable_sort"]
        for setting in settings { try connection.execute("SET LOCAL \(setting) = off") }
        let usage = try connection.query(Self.grouped(group: "s.number", from: source), sql.values, isOneOff: true)
            .map { try Self.usage($0, pieces: pieceStarts) }
        for setting in settings { try connection.execute("SET LOCAL \(setting) = on") }
        return usage
    }

    private func days(of stretches: [TenantStretch]) throws -> [GroupedUsage] {
        if stretches.isEmpty { return [] }
        var sql = SQLParameters()
        let list = Self.list(stretches, &sql)
        let zone = sql.bind(.text(calendar.identifier))
        let first = stretches.map(\.seconds.lowerBound).min() ?? 0
        let last = stretches.map(\.seconds.upperBound).max() ?? 0
        let days = [first, last - 1].map { sql.bind(.date(days: calendar.date(atSecond: $0).days)) }
        let rows = try connection.query(
            Self.grouped(
                group: "s.number",
                from: """
                    (SELECT *, (day - DATE '1970-01-01') AS piece FROM usage_day
                      WHERE day >= \(days[0]) AND day <= \(days[1])) u
                      JOIN \(list) ON u.tenant_id = s.tenant_id AND u.day >= (s.from_at AT TIME ZONE \(zone))::date
                       AND u.day < (s.to_at AT TIME ZONE \(zone))::date
                    """), sql.values)
        return try rows.map { row in
            var usage = try Self.usage(row, pieces: [])
            usage.piece = calendar.startOfDay(CalendarDate(days: usage.piece))
            return usage
        }
    }

    /// The stretches as a table `s`.
    private static func list(_ stretches: [TenantStretch], _ sql: inout SQLParameters) -> String {
        let columns = [
            sql.bind(.int64Array(stretches.map(\.tenant))),
            sql.bind(.timestampArray(stretches.map { Timestamp(seconds: $0.seconds.lowerBound) })),
            sql.bind(.timestampArray(stretches.map { Timestamp(seconds: $0.seconds.upperBound) })),
            sql.bind(.int32Array(stretches.map(\.group))),
        ]
        return "unnest(\(columns.joined(separator: ", "))) AS s (tenant_id, from_at, to_at, number)"
    }

    private static func grouped(group: String, from source: String) -> String {
        let sums = SumWriter.countColumns.map { "sum(u.\($0))" }.joined(separator: ", ")
        return """
            SELECT \(group), u.piece::int8, u.provider_id, u.model_id, u.region_id, u.layer, u.workload, u.modality, \(sums)
              FROM \(source) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
            """
    }

    /// - Parameter pieces: where pieces start that are told by their place, from 1; none where the piece is a day.
    private static func usage(_ row: Row, pieces: [Int64]) throws -> GroupedUsage {
        let piece: Int64 = try row.decode(1)
        let (layer, workload, modality): (UInt8, UInt8, UInt8) = (
            try row.decode(5), try row.decode(6), try row.decode(7)
        )
        return GroupedUsage(
            group: try row.decode(0), piece: pieces.isEmpty ? piece : pieces[Int(piece) - 1],
            provider: try row.decode(2), model: try row.decode(3), region: try row.decode(4),
            codes: layer << 5 | workload << 3 | modality, isEstimated: false,
            counts: try StoreSession.counts(row, from: 8))
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
