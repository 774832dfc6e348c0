internal import Postgres
internal import Scopes
internal import UsageModel

/// The text and parameters of a scope's sums over a period: the scope's filters, as SQL. Text is made of fixed pieces
/// only; every value is a parameter.
///
/// What the filters leave out is summed as well, because it stands beside the figures: whether usage passes them is a
/// column to group by, not a condition. Only providers that the scope doesn't look at are left out altogether.
struct ScopeSumsSQL {
    private let scope: Scope
    private let granularity: SumGranularity
    private var sql = SQLParameters()
    var parameters: [Parameter] { sql.values }

    init(_ scope: Scope, granularity: SumGranularity) {
        self.scope = scope
        self.granularity = granularity
    }

    /// Columns: provider, kind, whether covered; model, region, layer, workload and tenant, each NULL where the granularity
    /// doesn't tell it apart; the segment's position; five sums. In no order.
    ///
    /// - Parameter known: the registry's moment.
    mutating func text(_ source: ScopeSource, known: Timestamp, visibility: Visibility) -> String {
        let (table, conditions, day, segment) = range(source)
        let all = conditions + lookedAt() + sql.visibility(visibility)
        let kind = KindJoin.sql(tenant: "u.tenant_id", day: day, known: sql.bind(.timestamp(known)))
        func column(_ name: String, _ type: String, _ isNeeded: Bool) -> String {
            isNeeded ? "u.\(name)" : "NULL::\(type) AS \(name)"
        }
        let keys = [
            "u.provider_id", "coalesce(k.kind, 0) AS kind", "\(covered()) AS covered",
            column("model_id", "int4", granularity.byModel), column("region_id", "int2", granularity.byRegion),
            column("layer", "int2", granularity.byLayer), column("workload", "int2", granularity.byWorkload),
            column("tenant_id", "int4", granularity.byTenant), "\(segment) AS segment",
        ]
        let sums = SumWriter.countColumns.map { "sum(u.\($0)) AS \($0)" }
        let grouped = keys.indices.map { "\($0 + 1)" }.joined(separator: ", ")
        return """
            SELECT p.name, s.kind, s.covered, m.name, r.name, s.layer, s.workload, s.tenant_id, s.segment,
                   \(SumWriter.countColumns.map { "s.\($0)" }.joined(separator: ", "))
              FROM (SELECT \((keys + sums).joined(separator: ", "))
                      FROM \(table) u \(kind)
                     WHERE \(all.joined(separator: " AND "))
                     GROUP BY \(grouped)) s
              JOIN provider p USING (provider_id) LEFT JOIN model m USING (model_id)
              LEFT JOIN region r USING (region_id)
            """
    }

    /// The table, what restricts it to the source, the day of the reporting calendar that a row belongs to, and the position
    /// of its segment.
    private mutating func range(
        _ source: ScopeSource
    ) -> (table: String, conditions: [String], day: String, segment: String) {
        let starts = Array(source.starts.dropFirst())
        switch source.days {
        case .reporting(let dates):
            let (from, to) = (
                sql.bind(.date(days: dates.lowerBound.days)), sql.bind(.date(days: dates.upperBound.days))
            )
            let segment = starts.isEmpty ? "0" : "width_bucket(u.day, \(sql.bind(.dateArray(days: starts))))"
            return ("usage_day", ["u.day >= \(from)", "u.day < \(to)"], "u.day", segment)
        case .hours(let seconds, let calendar):
            let from = sql.bind(.timestamp(Timestamp(seconds: seconds.lowerBound)))
            let to = sql.bind(.timestamp(Timestamp(seconds: seconds.upperBound)))
            let zone = sql.bind(.text(calendar.identifier))
            let moments = starts.map { Timestamp(seconds: $0) }
            let segment = starts.isEmpty ? "0" : "width_bucket(u.hour, \(sql.bind(.timestampArray(moments))))"
            return (
                "usage_hour", ["u.hour >= \(from)", "u.hour < \(to)"], "(u.hour AT TIME ZONE \(zone))::date", segment
            )
        }
    }

    private mutating func lookedAt() -> [String] {
        guard let providers = scope.filters.providers else { return [] }
        let names = sql.bind(.textArray(providers.sorted()))
        return ["u.provider_id IN (SELECT provider_id FROM provider WHERE name = ANY(\(names)))"]
    }

    /// An expression that is true of usage which passes the filters, those that ask catalogues left aside.
    private mutating func covered() -> String {
        let filters = scope.filters
        var conditions =
            sql.codes(filters.layers?.map(\.rawValue).sorted(), "u.layer")
            + sql.codes(filters.workloads?.map(\.rawValue).sorted(), "u.workload")
            + sql.codes(filters.modalities?.map(\.rawValue).sorted(), "u.modality")
        addPatterns(filters.regions, "u.region_id", "SELECT region_id FROM region", to: &conditions)
        addPatterns(filters.models, "u.model_id", "SELECT model_id FROM model", to: &conditions)
        return conditions.isEmpty ? "true" : conditions.joined(separator: " AND ")
    }

    private mutating func addPatterns(
        _ patterns: [NamePattern]?, _ column: String, _ select: String, to conditions: inout [String]
    ) {
        guard let patterns else { return }
        let names = sql.bind(.textArray(patterns.filter { $0.prefix == nil }.map(\.text)))
        let prefixes = sql.bind(.textArray(patterns.compactMap(\.prefix)))
        conditions.append(
            """
            \(column) IN (\(select) WHERE name = ANY(\(names))
                OR EXISTS (SELECT 1 FROM unnest(\(prefixes)) AS prefix WHERE starts_with(name, prefix)))
            """)
    }
}
