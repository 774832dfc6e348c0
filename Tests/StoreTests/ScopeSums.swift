import Postgres
import Reporting
import ScopesTestSupport
import UsageModel

@testable import Store

/// Sums of usage by every dimension that a scope can filter on, from the rows that batches were made of, without any
/// filter: what ``ScopesTestSupport`` filters in plain code.
struct ScopeSums {
    var position: UInt64
    /// The moment up to which the registry's entries were taken into account.
    var knownAt: Timestamp
    var rows: [ScopeSumRow]
}

extension World {
    /// - Parameters:
    ///   - dates: half-open, in the reporting calendar.
    ///   - knownAt: the registry as it was known then; `nil` for now. Days on which nothing was known about a tenant
    ///     are `unclassified`.
    ///   - byModel: whether rows are told apart by model; otherwise `model` is `nil`.
    func scopeSums(
        _ dates: Range<CalendarDate>, knownAt: Timestamp? = nil, byModel: Bool = false, visibility: Visibility
    ) async throws -> ScopeSums {
        let rows = try await store.pool.withConnection { try counted($0) }
        return try await store.transaction(.snapshot) { session in
            let position = try session.position()
            let known: Timestamp = try knownAt ?? session.knownMoment()
            let counts = rows.map { SignedTokenCounts($0.row.counts) }
            let rows = try session.connection.query(
                Self.scopeSumsSQL(byModel: byModel),
                [
                    .date(days: dates.lowerBound.days), .date(days: dates.upperBound.days), .timestamp(known),
                    .text(visibility.setting),
                    .dateArray(days: rows.map { session.calendar.date(atSecond: $0.row.minute * 60).days }),
                    .int16Array(rows.map(\.provider)), .textArray(rows.map(\.tenant)), .textArray(rows.map(\.model)),
                    .textArray(rows.map(\.region)), .int16Array(rows.map { Int16($0.row.layer.rawValue) }),
                    .int16Array(rows.map { Int16($0.row.workload.rawValue) }),
                    .int16Array(rows.map { Int16($0.row.modality.rawValue) }),
                ] + Parameter.numericColumns(counts))
            return ScopeSums(position: position, knownAt: known, rows: try rows.map(Self.scopeSumRow(_:)))
        }
    }

    private static func scopeSumRow(_ row: Row) throws -> ScopeSumRow {
        guard let kind = TenantKind(rawValue: try row.decode(1)), let layer = Layer(rawValue: try row.decode(2)),
            let workload = Workload(rawValue: try row.decode(3)), let modality = Modality(rawValue: try row.decode(4))
        else { throw PostgresError(.decoding, "The sums hold a code of a dimension that is not known.") }
        return ScopeSumRow(
            provider: try row.decode(0), tenantKind: kind, layer: layer, workload: workload, modality: modality,
            region: try row.decode(5), model: try row.decode(6), counts: try StoreSession.counts(row, from: 7))
    }

    private static func scopeSumsSQL(byModel: Bool) -> String {
        let model = byModel ? "u.model_id" : "NULL::int4"
        let sums = CountColumns.names.map { "sum(u.\($0)) AS \($0)" }.joined(separator: ", ")
        let kind = KindJoin.sql(tenant: "u.tenant_id", day: "u.day", known: "$3")
        return """
            SELECT p.name, s.kind, s.layer, s.workload, s.modality, r.name, m.name,
                   \(CountColumns.names.map { "s.\($0)" }.joined(separator: ", "))
              FROM (SELECT u.provider_id, coalesce(k.kind, 0) AS kind, u.layer, u.workload, u.modality, u.region_id,
                           \(model) AS model_id, \(sums)
                      FROM (SELECT n.*, t.tenant_id, m.model_id, r.region_id
                              FROM unnest($5::date[], $6::int2[], $7::text[], $8::text[], $9::text[], $10::int2[],
                                $11::int2[], $12::int2[], $13::numeric[], $14::numeric[], $15::numeric[], $16::numeric[],
                                $17::numeric[]) AS n (day, provider_id, tenant, model, region, layer, workload, modality,
                                \(CountColumns.list))
                              JOIN tenant t ON t.provider_id = n.provider_id AND t.name = n.tenant
                              JOIN model m ON m.name = n.model JOIN region r ON r.name = n.region) u \(kind)
                     WHERE u.day >= $1 AND u.day < $2
                       AND ($4 = '*' OR u.provider_id = (SELECT provider_id FROM provider WHERE name = $4))
                     GROUP BY 1, 2, 3, 4, 5, 6, 7) s
              JOIN provider p USING (provider_id) JOIN region r USING (region_id) LEFT JOIN model m USING (model_id)
             ORDER BY p.name, s.kind, s.layer, s.workload, s.modality, r.name, m.name
            """
    }
}
