internal import Postgres
internal import Scopes
internal import Usage

/// The text and parameters of a scope's sums over a period: the scope's filters, as SQL. Text is made of fixed pieces
/// only; every value is a parameter.
///
/// What the filters leave out is summed as well, because it stands beside the figures: whether usage passes them is a
/// column to group by, not a condition. Only providers that the scope doesn't look at are left out altogether.
struct ScopeSumsSQL {
    private let scope: Scope
    private var sql = SQLParameters()
    var parameters: [Parameter] { sql.values }

    /// Which sums answer a scope.
    enum Source {
        /// Day sums, for scopes in the reporting calendar.
        case day(Range<CalendarDate>)
        /// Hour sums, for scopes in another zone; the calendar says which day, and so which kind, an hour belongs to.
        case hour(Range<Timestamp>, calendar: ZoneRules)
    }

    init(_ scope: Scope) {
        self.scope = scope
    }

    /// Columns: provider, kind, whether covered, model (or NULL), five sums. Ordered by the first four.
    ///
    /// - Parameter known: the registry's moment.
    mutating func text(_ source: Source, known: Timestamp, sight: Sight) -> String {
        let (table, conditions, day) = range(source)
        let all = conditions + lookedAt() + sql.sight(sight)
        let kind = KindJoin.sql(tenant: "u.tenant_id", day: day, known: sql.bind(.timestamp(known)))
        let model = scope.entity == .model ? "u.model_id" : "NULL::int4"
        let sums = SumWriter.countColumns.map { "sum(u.\($0)) AS \($0)" }.joined(separator: ", ")
        return """
            SELECT p.name, s.kind, s.covered, m.name, \(SumWriter.countColumns.map { "s.\($0)" }.joined(separator: ", "))
              FROM (SELECT u.provider_id, coalesce(k.kind, 0) AS kind, \(covered()) AS covered, \(model) AS model_id,
                           \(sums)
                      FROM \(table) u \(kind)
                     WHERE \(all.joined(separator: " AND "))
                     GROUP BY 1, 2, 3, 4) s
              JOIN provider p USING (provider_id) LEFT JOIN model m USING (model_id)
             ORDER BY p.name, s.kind, s.covered, m.name
            """
    }

    private mutating func range(_ source: Source) -> (table: String, conditions: [String], day: String) {
        switch source {
        case .day(let dates):
            let (from, to) = (
                sql.bind(.date(days: dates.lowerBound.days)), sql.bind(.date(days: dates.upperBound.days))
            )
            return ("usage_day", ["u.day >= \(from)", "u.day < \(to)"], "u.day")
        case .hour(let moments, let calendar):
            let (from, to) = (sql.bind(.timestamp(moments.lowerBound)), sql.bind(.timestamp(moments.upperBound)))
            let zone = sql.bind(.text(calendar.identifier))
            return ("usage_hour", ["u.hour >= \(from)", "u.hour < \(to)"], "(u.hour AT TIME ZONE \(zone))::date")
        }
    }

    private mutating func lookedAt() -> [String] {
        guard let providers = scope.filters.providers else { return [] }
        let names = sql.bind(.textArray(providers.sorted()))
        return ["u.provider_id IN (SELECT provider_id FROM provider WHERE name = ANY(\(names)))"]
    }

    /// An expression that is true of usage which passes the filters.
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
