internal import BatchFormat
internal import Postgres
internal import Reporting
internal import UsageModel

/// Rows of sums as a table that a statement selects from as `u`, whatever they are read from: the days by tenant,
/// cubes, or what was added up of segments.
///
/// | column | |
/// |---|---|
/// | `moment`, or `day` | `timestamptz`, or a `date` of the reporting calendar |
/// | `provider_id` | |
/// | `tenant_id`, `model_id`, `region_id`, `layer`, `workload`, `modality` | 0 where rows aren't told apart by it |
/// | `kind` | the tenant's on the day; 0 where nobody asks |
/// | `granularity` | as segments have it; days have that of hours |
/// | `is_estimated` | `false` where rows aren't told apart by it |
/// | five counts | |
struct DetailRelation {
    /// What a row's time is.
    enum Time: String {
        case moment, day
    }

    let time: Time
    private let calendar: ZoneRules
    /// `SELECT`s of the same columns.
    private var parts: [String] = []

    // What was added up, column by column.
    private var seconds: [Int64] = []
    private var providers: [Int16] = []
    private var granularities: [Int16] = []
    private var kinds: [Int16] = []
    private var keys: [SegmentKey] = []
    private var tenants: [Int64] = []
    private var counts: [SignedTokenCounts] = []

    private static let names = [
        "provider_id", "tenant_id", "kind", "model_id", "region_id", "layer", "workload", "modality", "is_estimated",
        "granularity",
    ]

    init(_ time: Time, calendar: ZoneRules) {
        self.time = time
        self.calendar = calendar
    }

    /// Adds what was added up of a reading.
    ///
    /// - Parameter kinds: what tenants were, where the reading tells tenants apart and their kinds matter.
    mutating func add(_ sums: DetailSums, of reading: DetailReading, kinds tenantKinds: TenantKinds? = nil) {
        sums.forEach { place, row in
            let second = place.second + Int64(row.key.minute) * 60
            seconds.append(second)
            providers.append(place.provider)
            granularities.append(Int16(reading.granularity.rawValue))
            keys.append(row.key)
            counts.append(row.counts)
            if let groups = reading.groups {
                kinds.append(Int16(TenantGroups.kind(row.key.tenant)))
                tenants.append(groups.tenant(row.key.tenant))
            } else {
                let day = tenantKinds.map { _ in calendar.date(atSecond: second) }
                let kind = day.flatMap { tenantKinds?.kind(of: row.key.tenant, on: $0) }
                kinds.append(Int16(kind?.rawValue ?? 0))
                tenants.append(row.key.tenant)
            }
        }
    }

    /// Adds the rows of the days by tenant.
    ///
    /// - Parameters:
    ///   - providers: only these; `nil` for all.
    ///   - tenants: only these; `nil` for all.
    ///   - known: the moment of knowledge; `nil` where kinds don't matter.
    mutating func addTenantDays(
        _ days: Range<CalendarDate>, providers: [Int16]?, tenants: [Int64]?, known: Timestamp?,
        _ sql: inout SQLParameters
    ) {
        let bounds = [days.lowerBound, days.upperBound].map { sql.bind(.date(days: $0.days)) }
        var conditions = ["d.day >= \(bounds[0])", "d.day < \(bounds[1])"]
        if let providers { conditions.append("d.provider_id = ANY(\(sql.bind(.int16Array(providers))))") }
        if let tenants { conditions.append("d.tenant_id = ANY(\(sql.bind(.int64Array(tenants))))") }
        let join = known.map {
            KindJoin.sql(tenant: "d.tenant_id", day: "d.day", known: sql.bind(.timestamp($0)))
        }
        parts.append(
            select(
                time: "d.day", tenant: "d.tenant_id", kind: join == nil ? "0::int2" : "coalesce(k.kind, 0)::int2",
                of: "d", counts: CountColumns.names.map { "d.\($0)" },
                from: "\(TenantDays.table) d \(join ?? "") WHERE \(conditions.joined(separator: " AND "))"))
    }

    /// Adds the rows of the months by tenant, whose day is the month's first.
    ///
    /// - Parameters:
    ///   - days: of whole months.
    ///   - providers: only these; `nil` for all.
    ///   - tenants: only these; `nil` for all.
    mutating func addTenantMonths(
        _ days: Range<CalendarDate>, providers: [Int16]?, tenants: [Int64]?, _ sql: inout SQLParameters
    ) {
        let bounds = [days.lowerBound, days.upperBound].map { sql.bind(.date(days: $0.days)) }
        var conditions = ["d.month >= \(bounds[0])", "d.month < \(bounds[1])"]
        if let providers { conditions.append("d.provider_id = ANY(\(sql.bind(.int16Array(providers))))") }
        if let tenants { conditions.append("d.tenant_id = ANY(\(sql.bind(.int64Array(tenants))))") }
        parts.append(
            select(
                time: "d.month", tenant: "d.tenant_id", kind: "0::int2", of: "d",
                counts: CountColumns.names.map { "d.\($0)" }, hasNames: false,
                from: "\(TenantMonths.table) d WHERE \(conditions.joined(separator: " AND "))"))
    }

    /// Adds the cells of a calendar's months or of pieces, all tenants of a kind together.
    ///
    /// - Parameters:
    ///   - number: the calendar's, or ``CubeLayout/pieces``, or either without models.
    ///   - changesAfter: the moment of knowledge whose later changes are taken back; `nil` for what is known now.
    mutating func addCells(
        _ number: Int16, in span: Range<Int64>, changesAfter known: Timestamp?, _ sql: inout SQLParameters
    ) {
        let calendar = sql.bind(.int(Int64(number)))
        let bounds = [span.lowerBound, span.upperBound].map { sql.bind(.timestamp(Timestamp(seconds: $0))) }
        let condition = "c.calendar_id = \(calendar) AND c.start_at >= \(bounds[0]) AND c.start_at < \(bounds[1])"
        let day = "(c.start_at AT TIME ZONE \(sql.bind(.text(self.calendar.identifier))))::date"
        func cells(_ table: CubeTable, sign: String, _ conditions: String) -> String {
            select(
                time: day, tenant: "0::int8", kind: "c.kind", of: "c",
                counts: CountColumns.names.map { "\(sign)c.\($0)" },
                from: "\(table.rawValue) c WHERE \(conditions)")
        }
        parts.append(cells(.current, sign: "", condition))
        if let known {
            let later = sql.bind(.timestamp(known))
            parts.append(cells(.changes, sign: "-", "c.recorded_at > \(later) AND \(condition)"))
        }
    }

    /// - Parameter hasNames: whether the table tells model, region, layer, workload and modality apart.
    private func select(
        time column: String, tenant: String, kind: String, of alias: String, counts: [String], hasNames: Bool = true,
        from: String
    ) -> String {
        let own = Self.names.map { name in
            switch name {
            case "tenant_id": "\(tenant) AS tenant_id"
            case "kind": "\(kind) AS kind"
            case "granularity": "\(SegmentGranularity.hour.rawValue)::int2 AS granularity"
            case "model_id" where !hasNames, "region_id" where !hasNames: "0::int4 AS \(name)"
            case "layer" where !hasNames, "workload" where !hasNames, "modality" where !hasNames:
                "0::int2 AS \(name)"
            default: "\(alias).\(name)"
            }
        }
        let sums = zip(counts, CountColumns.names).map { "\($0) AS \($1)" }
        return "SELECT \((["\(column) AS \(time.rawValue)"] + own + sums).joined(separator: ", ")) FROM \(from)"
    }

    /// The text of the table, named `u`.
    func text(_ sql: inout SQLParameters) -> String {
        let all = seconds.isEmpty && !parts.isEmpty ? parts : parts + [added(&sql)]
        return "(\(all.joined(separator: " UNION ALL "))) u"
    }

    private func added(_ sql: inout SQLParameters) -> String {
        let moments: Parameter =
            switch time {
            case .moment: .timestampArray(seconds.map { Timestamp(seconds: $0) })
            case .day: .dateArray(days: seconds.map { calendar.date(atSecond: $0).days })
            }
        let columns =
            [
                moments, .int16Array(providers), .int64Array(tenants), .int16Array(kinds),
                .int32Array(keys.map(\.model)), .int32Array(keys.map(\.region)),
                .int16Array(keys.map { Int16($0.layer?.rawValue ?? 0) }),
                .int16Array(keys.map { Int16($0.workload?.rawValue ?? 0) }),
                .int16Array(keys.map { Int16($0.modality?.rawValue ?? 0) }),
                .int16Array(keys.map { $0.isEstimated ? 1 : 0 }), .int16Array(granularities),
            ] + Parameter.numericColumns(counts)
        let arrays = columns.map { sql.bind($0) }.joined(separator: ", ")
        let names = [time.rawValue] + Self.names + CountColumns.names
        let selected = names.map { $0 == "is_estimated" ? "a.is_estimated = 1 AS is_estimated" : "a.\($0)" }
        let rows = "unnest(\(arrays)) AS a (\(names.joined(separator: ", ")))"
        return "SELECT \(selected.joined(separator: ", ")) FROM \(rows)"
    }
}
