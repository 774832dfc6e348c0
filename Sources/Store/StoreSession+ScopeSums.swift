internal import Postgres
internal import Scopes
internal import Usage

extension StoreSession {
    /// See ``Store/scopeSums(_:knownAt:byModel:sight:)``. Must run in a snapshot transaction.
    func scopeSums(
        _ dates: Range<CalendarDate>, knownAt: Timestamp?, byModel: Bool, sight: Sight
    ) throws -> ScopeSums {
        let mark = try mark()
        // The registry's clock, not this machine's: it may run ahead of it by the microseconds that order records.
        let known: Timestamp = try knownAt ?? registryClock()
        try confine(to: sight)
        let rows = try connection.query(
            Self.scopeSumsSQL(byModel: byModel),
            [
                .date(days: dates.lowerBound.days), .date(days: dates.upperBound.days), .timestamp(known),
                .text(sight.setting),
            ])
        return ScopeSums(mark: mark, knownAt: known, rows: try rows.map(Self.scopeSumRow(_:)))
    }

    /// See ``Store/sums(under:over:knownAt:sight:)``. Must run in a snapshot transaction.
    func sums(
        under scope: Scope, over period: Period, calendar: ZoneRules, knownAt: Timestamp?, sight: Sight
    ) throws -> FilteredSums {
        let mark = try mark()
        let known: Timestamp = try knownAt ?? registryClock()
        try confine(to: sight)
        var sql = ScopeSumsSQL(scope)
        let text = sql.text(try source(of: scope, period, calendar: calendar), known: known, sight: sight)
        let rows = try connection.query(text, sql.parameters)
        return FilteredSums(mark: mark, knownAt: known, rows: try rows.map(Self.filteredSumRow(_:)))
    }

    private func source(of scope: Scope, _ period: Period, calendar: ZoneRules) throws -> ScopeSumsSQL.Source {
        guard scope.zone != calendar.identifier else { return .day(period.from..<period.to) }
        guard let zone = ZoneRules(identifier: scope.zone) else {
            throw StoreError(
                .notKept, "The scope \(scope.id) reads periods in \(scope.zone), a zone that is not known.")
        }
        let seconds = period.seconds(in: zone)
        let (from, to) = (seconds.lowerBound, seconds.upperBound)
        guard from.isMultiple(of: 3_600), to.isMultiple(of: 3_600), calendar.hasWholeHours(from: from, to: to) else {
            throw StoreError(
                .notKept,
                "The scope \(scope.id) reads periods in \(scope.zone), whose days don't begin with the hours that "
                    + "sums are kept by.")
        }
        try checkFloor(of: .hour, from: from)
        return .hour(Timestamp(seconds: from)..<Timestamp(seconds: to), calendar: calendar)
    }

    private static func filteredSumRow(_ row: Row) throws -> FilteredSumRow {
        guard let kind = TenantKind(rawValue: try row.decode(1)) else {
            throw PostgresError(.decoding, "The registry holds a kind that is not known.")
        }
        return FilteredSumRow(
            provider: try row.decode(0), tenantKind: kind, model: try row.decode(3), isCovered: try row.decode(2),
            counts: try counts(row, from: 4))
    }

    /// Now, or the last record's moment where that is later.
    func registryClock() throws -> Timestamp {
        try connection.query(
            """
            SELECT greatest(clock_timestamp(), (SELECT max(recorded_at) FROM tenant_kind),
                            (SELECT max(superseded_at) FROM tenant_kind))
            """
        ).one().decode(0)
    }

    private static func scopeSumRow(_ row: Row) throws -> ScopeSumRow {
        guard let kind = TenantKind(rawValue: try row.decode(1)), let layer = Layer(rawValue: try row.decode(2)),
            let workload = Workload(rawValue: try row.decode(3)), let modality = Modality(rawValue: try row.decode(4))
        else { throw PostgresError(.decoding, "The sums hold a code of a dimension that is not known.") }
        return ScopeSumRow(
            provider: try row.decode(0), tenantKind: kind, layer: layer, workload: workload, modality: modality,
            region: try row.decode(5), model: try row.decode(6), counts: try counts(row, from: 7))
    }

    private static func scopeSumsSQL(byModel: Bool) -> String {
        let model = byModel ? "u.model_id" : "NULL::int4"
        let sums = SumWriter.countColumns.map { "sum(u.\($0)) AS \($0)" }.joined(separator: ", ")
        let kind = KindJoin.sql(tenant: "u.tenant_id", day: "u.day", known: "$3")
        return """
            SELECT p.name, s.kind, s.layer, s.workload, s.modality, r.name, m.name,
                   \(SumWriter.countColumns.map { "s.\($0)" }.joined(separator: ", "))
              FROM (SELECT u.provider_id, coalesce(k.kind, 0) AS kind, u.layer, u.workload, u.modality, u.region_id,
                           \(model) AS model_id, \(sums)
                      FROM usage_day u \(kind)
                     WHERE u.day >= $1 AND u.day < $2
                       AND ($4 = '*' OR u.provider_id = (SELECT provider_id FROM provider WHERE name = $4))
                     GROUP BY 1, 2, 3, 4, 5, 6, 7) s
              JOIN provider p USING (provider_id) JOIN region r USING (region_id) LEFT JOIN model m USING (model_id)
             ORDER BY p.name, s.kind, s.layer, s.workload, s.modality, r.name, m.name
            """
    }
}
