internal import BatchFormat
internal import Postgres
package import Reporting
package import UsageModel

/// Whose usage a question is about, by ids.
struct DetailSubjects {
    /// `nil` for all that may be seen.
    var providers: [Int16]?
    /// `nil` for all of them.
    var tenants: [Int64]?
}

extension StoreSession {
    var detail: DetailReader { DetailReader(session: self) }

    /// The ids behind names.
    ///
    /// - Parameters:
    ///   - providers: `nil` for all that may be seen.
    ///   - tenants: `nil` for all of the providers'.
    func subjects(
        providers: [String]?, tenants: [String]? = nil, visibility: Visibility
    ) throws -> DetailSubjects {
        var subjects = DetailSubjects()
        var names = providers
        if case .provider(let own) = visibility { names = (providers ?? [own]).filter { $0 == own } }
        if let names {
            subjects.providers = try connection.query(
                "SELECT provider_id FROM provider WHERE name = ANY($1) ORDER BY 1", [.textArray(names)]
            ).map { try $0.decode(0) }
        }
        if let tenants {
            let own = subjects.providers == nil ? "" : " AND provider_id = ANY($2)"
            subjects.tenants = try connection.query(
                "SELECT tenant_id FROM tenant WHERE name = ANY($1)\(own) ORDER BY 1",
                [.textArray(tenants)] + (subjects.providers.map { [.int16Array($0)] } ?? [])
            ).map { try $0.decode(0) }
        }
        return subjects
    }

    /// What tenants were on the days of a range, as it was known at a moment.
    func tenantKinds(on days: Range<CalendarDate>, known: Timestamp, of providers: [Int16]?) throws -> TenantKinds {
        var sql = SQLParameters()
        let (from, to) = (
            sql.bind(.date(days: days.lowerBound.days)), sql.bind(.date(days: days.upperBound.days))
        )
        let moment = sql.bind(.timestamp(known))
        let own = providers.map { " AND k.provider_id = ANY(\(sql.bind(.int16Array($0))))" } ?? ""
        var entries: [(tenant: Int64, kind: TenantKind, from: CalendarDate, to: CalendarDate?)] = []
        try connection.forEachRow(
            """
            SELECT k.tenant_id, k.kind, k.effective_from, k.effective_to FROM tenant_kind k
             WHERE k.effective_from < \(to) AND (k.effective_to IS NULL OR k.effective_to > \(from))
               AND \(KindJoin.isHeld(known: moment))\(own)
            """, sql.values
        ) { row in
            let end: DateColumn? = try row.decode(3)
            entries.append(
                (
                    tenant: try row.decode(0), kind: try Self.kind(row, 1),
                    from: CalendarDate(days: try row.decode(2, as: DateColumn.self).days),
                    to: end.map { CalendarDate(days: $0.days) }
                ))
        }
        return TenantKinds(entries)
    }

    /// What of days by tenant the table of days doesn't have yet.
    ///
    /// - Parameter parts: what rows are told apart by, beside provider and day.
    func reading(
        ofDays days: Range<CalendarDate>, _ subjects: DetailSubjects, by parts: SegmentKey.Parts,
        groups: TenantGroups? = nil
    ) -> DetailReading {
        let calendar = calendar
        return DetailReading(
            seconds: calendar.startOfDay(days.lowerBound)..<calendar.startOfDay(days.upperBound), granularity: .hour,
            providers: subjects.providers, tenants: subjects.tenants, parts: parts, groups: groups,
            moment: { calendar.startOfDay(calendar.date(atSecond: $0)) }, source: .notInDays)
    }

    /// From when on sums of a bucket are kept; `nil` for ever.
    package func keptFrom(_ bucket: UsageBucket) throws -> Timestamp? {
        let floors = try floors()
        let second: Int64 =
            switch bucket {
            case .minute: max(floors.minute == .min ? .min : floors.minute * 60, floors.segmentSecond)
            case .hour: max(floors.hour == .min ? .min : floors.hour * 3_600, floors.segmentSecond)
            // Days and months are kept for ever, once they are taken over from a release without them.
            case .day, .month, .none: floors.tenantDay.map { calendar.startOfDay($0) } ?? .min
            }
        return second == .min ? nil : Timestamp(seconds: second)
    }

    /// Whether cubes count what is rolled up: they have all of the reporting calendar then.
    func hasCubes() throws -> Bool {
        try connection.query(
            """
            SELECT position = cube_position AND EXISTS (
                   SELECT FROM cube_calendar WHERE calendar_id = 1 AND zone = $1 AND filled_to IS NULL)
              FROM rollup_state
            """, [.text(calendar.identifier)]
        ).one().decode(0)
    }
}

extension Floors {
    fileprivate var segmentSecond: Int64 { segment == .min ? .min : segment * 3_600 }
}
