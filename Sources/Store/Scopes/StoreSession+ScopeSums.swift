internal import Postgres
internal import Scopes
internal import UsageModel

extension StoreSession {
    /// See ``Store/scopeSums(_:knownAt:byModel:visibility:)``. Must run in a snapshot transaction.
    func scopeSums(
        _ dates: Range<CalendarDate>, knownAt: Timestamp?, byModel: Bool, visibility: Visibility
    ) throws -> ScopeSums {
        let position = try position()
        let known: Timestamp = try knownAt ?? knownMoment()
        try restrict(to: visibility)
        let rows = try connection.query(
            Self.scopeSumsSQL(byModel: byModel),
            [
                .date(days: dates.lowerBound.days), .date(days: dates.upperBound.days), .timestamp(known),
                .text(visibility.setting),
            ])
        return ScopeSums(position: position, knownAt: known, rows: try rows.map(Self.scopeSumRow(_:)))
    }

    /// What a scope counts, and what it leaves out, over a part of the sums, told apart by a granularity. Must run in a
    /// transaction that is restricted already.
    func sums(
        under scope: Scope, of source: ScopeSource, granularity: SumGranularity, known: Timestamp,
        visibility: Visibility
    ) throws -> [FilteredSumRow] {
        var sql = ScopeSumsSQL(scope, granularity: granularity)
        let text = sql.text(source, known: known, visibility: visibility)
        return try connection.query(text, sql.parameters).map(Self.filteredSumRow(_:))
    }

    private static func filteredSumRow(_ row: Row) throws -> FilteredSumRow {
        func code<Value>(_ column: Int, _ parse: (UInt8) -> Value?) throws -> Value? {
            guard let code = try row.decode(column, as: UInt8?.self) else { return nil }
            guard let value = parse(code) else {
                throw PostgresError(.decoding, "The sums hold a code of a dimension that is not known.")
            }
            return value
        }
        guard let kind = try code(1, TenantKind.init(rawValue:)) else {
            throw PostgresError(.decoding, "The sums hold a row without a kind.")
        }
        return FilteredSumRow(
            provider: try row.decode(0), tenantKind: kind, model: try row.decode(3), region: try row.decode(4),
            layer: try code(5, Layer.init(rawValue:)), workload: try code(6, Workload.init(rawValue:)),
            tenant: try row.decode(7), segment: try row.decode(8), isCovered: try row.decode(2),
            counts: try counts(row, from: 9))
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
