internal import BatchFormat
internal import Postgres
internal import Reporting
internal import UsageModel

/// A minute, an hour or a day in which a provider has usage.
struct UsedTime: Hashable {
    var provider: Int16
    /// Since 1970, half-open.
    var seconds: Range<Int64>
}

/// When providers have usage, each time once, in no order.
extension StoreSession {
    func usedMinutes(in seconds: Range<Int64>, _ subjects: DetailSubjects) throws -> [UsedTime] {
        let sums = try detail.sums(
            of: DetailReading(
                seconds: seconds, granularity: .minuteByProvider, providers: subjects.providers, parts: .minute,
                moment: { $0 }))
        var used: [UsedTime] = []
        sums.forEach { place, row in
            let start = place.second + Int64(row.key.minute) * 60
            used.append(UsedTime(provider: place.provider, seconds: start..<start + 60))
        }
        return used
    }

    /// Hours that have segments, of which nothing is decoded, and hours that wait.
    func usedHours(in seconds: Range<Int64>, _ subjects: DetailSubjects) throws -> [UsedTime] {
        let waiting = DetailReading(
            seconds: seconds, granularity: .hour, providers: subjects.providers, parts: [], moment: { $0 },
            source: .waiting)
        var used: Set<UsedTime> = []
        try detail.sums(of: waiting).forEach { place, _ in
            used.insert(UsedTime(provider: place.provider, seconds: place.second..<place.second + 3_600))
        }
        var sql = SQLParameters()
        let bounds = [seconds.lowerBound, seconds.upperBound].map { sql.bind(.timestamp(Timestamp(seconds: $0))) }
        let own = subjects.providers.map { " AND provider_id = ANY(\(sql.bind(.int16Array($0))))" } ?? ""
        let rows = try connection.query(
            """
            SELECT DISTINCT provider_id, hour FROM \(SegmentTables.hourTable)
             WHERE hour >= \(bounds[0]) AND hour < \(bounds[1])\(own)
            """, sql.values)
        for row in rows {
            let start = try row.decode(1, as: Timestamp.self).seconds
            used.insert(UsedTime(provider: try row.decode(0), seconds: start..<start + 3_600))
        }
        return Array(used)
    }

    /// Days of the reporting calendar.
    func usedDays(in days: Range<CalendarDate>, _ subjects: DetailSubjects) throws -> [UsedTime] {
        var sql = SQLParameters()
        let relation = try providersByDay(days, subjects, &sql)
        let own = subjects.providers.map { "u.provider_id = ANY(\(sql.bind(.int16Array($0))))" } ?? "true"
        return try connection.query(
            """
            SELECT u.provider_id, u.day FROM \(relation.text(&sql)) WHERE \(own) GROUP BY 1, 2 HAVING \(Self.isSomething)
            """, sql.values
        ).map { row in
            let day = try row.decode(1, as: DateColumn.self).days
            return UsedTime(
                provider: try row.decode(0),
                seconds: calendar.startOfDay(CalendarDate(days: day))..<calendar.startOfDay(CalendarDate(days: day + 1))
            )
        }
    }

    /// Providers that have usage before a day of the reporting calendar.
    func providersWithUsage(before day: CalendarDate) throws -> Set<Int16> {
        var sql = SQLParameters()
        let relation = try providersByDay(CalendarDate(days: 0)..<day, DetailSubjects(), &sql)
        return Set(
            try connection.query(
                "SELECT u.provider_id FROM \(relation.text(&sql)) GROUP BY 1 HAVING \(Self.isSomething)", sql.values
            ).map { try $0.decode(0) })
    }

    private static let isSomething = CountColumns.names.map { "sum(u.\($0)) <> 0" }.joined(separator: " OR ")

    /// Usage by provider and day: from cubes where they are complete, otherwise from the days by tenant.
    private func providersByDay(
        _ days: Range<CalendarDate>, _ subjects: DetailSubjects, _ sql: inout SQLParameters
    ) throws -> DetailRelation {
        var relation = DetailRelation(.day, calendar: calendar)
        if try hasCubes() {
            relation.addCells(
                CubeLayout.withoutModels(CubeLayout.pieces),
                in: calendar.startOfDay(days.lowerBound)..<calendar.startOfDay(days.upperBound), changesAfter: nil, &sql
            )
            return relation
        }
        relation.addTenantDays(days, providers: subjects.providers, tenants: nil, known: nil, &sql)
        let reading = reading(ofDays: days, subjects, by: [])
        relation.add(try detail.sums(of: reading), of: reading)
        return relation
    }
}
