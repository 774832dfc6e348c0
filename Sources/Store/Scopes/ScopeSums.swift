internal import BatchFormat
internal import Postgres
package import Reporting
package import Scopes
package import UsageModel

extension StoreSession {
    /// What a plan's scope counts, and what it leaves out, over a part of the sums. Must run in a transaction.
    package func sums(_ plan: SumPlan, known: Timestamp, visibility: Visibility) throws -> [FilteredSumRow] {
        var sql = ScopeSumsSQL(plan, overLimit: try overLimitIDs())
        let text = try sql.text(known: known, visibility: visibility, from: self)
        return try keptRows(text, sql.parameters, as: Self.filteredSumRow(_:))
    }

    private static func filteredSumRow(_ row: Row) throws -> FilteredSumRow {
        FilteredSumRow(
            provider: try row.decode(0), tenantKind: try kind(row, 1), model: try row.decode(3),
            region: try row.decode(4), layer: try code(row, 5, of: Layer.init(rawValue:)),
            workload: try code(row, 6, of: Workload.init(rawValue:)), tenant: try row.decode(7),
            segment: try row.decode(8), passesFilters: try row.decode(2),
            overLimit: OverLimitDimensions(rawValue: try row.decode(9)), isEstimated: try row.decode(10),
            counts: try counts(row, from: 11))
    }

    /// A column that holds a code of a dimension; `nil` where it is NULL.
    static func code<Value>(_ row: Row, _ column: Int, of parse: (UInt8) -> Value?) throws -> Value? {
        guard let code = try row.decode(column, as: UInt8?.self) else { return nil }
        guard let value = parse(code) else {
            throw PostgresError(.decoding, "The sums hold a code of a dimension that is not known.")
        }
        return value
    }

    /// A column that holds a kind of tenants.
    static func kind(_ row: Row, _ column: Int) throws -> TenantKind {
        guard let kind = try code(row, column, of: TenantKind.init(rawValue:)) else {
            throw PostgresError(.decoding, "The sums hold a row without a kind.")
        }
        return kind
    }
}

/// The text and parameters of a plan's sums: the scope's filters, as SQL. Text is made of fixed pieces
/// only; every value is a parameter.
///
/// What the filters leave out is summed as well, because it stands beside the figures: whether usage passes them is a
/// column to group by, not a condition. Only providers that the scope doesn't include are left out altogether.
struct ScopeSumsSQL {
    private let plan: SumPlan
    private let overLimit: OverLimitIDs
    private var scope: Scope { plan.scope }
    private var sql = SQLParameters()
    var parameters: [Parameter] { sql.values }

    init(_ plan: SumPlan, overLimit: OverLimitIDs) {
        self.plan = plan
        self.overLimit = overLimit
    }

    /// Columns: provider, kind, whether the filters pass it; model, region, layer, workload and tenant, each NULL
    /// where the granularity doesn't tell it apart; the segment's index; the dimensions that are over limit; whether
    /// counts are estimated; five sums. In no order.
    ///
    /// - Parameter known: the registry's moment.
    mutating func text(known: Timestamp, visibility: Visibility, from session: StoreSession) throws -> String {
        let granularity = plan.granularity
        let relation = try relation(known: known, visibility: visibility, session: session)
        let all = included() + sql.visibility(visibility)
        func column(_ name: String, type: String, if isNeeded: Bool) -> String {
            isNeeded ? "u.\(name)" : "NULL::\(type) AS \(name)"
        }
        let keys = [
            "u.provider_id", "u.kind", "\(passing()) AS passes",
            column("model_id", type: "int4", if: granularity.byModel),
            column("region_id", type: "int4", if: granularity.byRegion),
            column("layer", type: "int2", if: granularity.byLayer),
            column("workload", type: "int2", if: granularity.byWorkload),
            column("tenant_id", type: "int8", if: granularity.byTenant), "\(segment()) AS segment",
            "\(overLimit.dimensions(&sql)) AS over_limit", "u.is_estimated",
        ]
        let sums = CountColumns.names.map { "sum(u.\($0)) AS \($0)" }
        let grouped = keys.indices.map { "\($0 + 1)" }.joined(separator: ", ")
        return """
            SELECT p.name, s.kind, s.passes, m.name, r.name, s.layer, s.workload, s.tenant_id, s.segment,
                   s.over_limit, s.is_estimated,
                   \(CountColumns.names.map { "s.\($0)" }.joined(separator: ", "))
              FROM (SELECT \((keys + sums).joined(separator: ", "))
                      FROM \(relation)
                     WHERE \(all.isEmpty ? "true" : all.joined(separator: " AND "))
                     GROUP BY \(grouped)) s
              JOIN provider p USING (provider_id) LEFT JOIN model m USING (model_id)
              LEFT JOIN region r USING (region_id)
            """
    }

    /// The table that has the plan's days, by what it tells apart and what its filters ask.
    private mutating func relation(
        known: Timestamp, visibility: Visibility, session: StoreSession
    ) throws -> String {
        let subjects = try session.subjects(
            providers: scope.filters.providers.map { $0.sorted() }, visibility: visibility)
        let calendar = session.calendar
        let last = calendar.date(atSecond: plan.seconds.upperBound - 1)
        let days = calendar.date(atSecond: plan.seconds.lowerBound)..<CalendarDate(days: last.days + 1)
        let kinds = try session.tenantKinds(on: days, known: known, of: subjects.providers)
        let groups =
            plan.granularity.byTenant ? nil : TenantGroups(kinds: kinds, overLimit: Set(overLimit.tenants))
        let reading: DetailReading
        var relation: DetailRelation
        switch plan.days {
        case .reporting(let dates):
            relation = DetailRelation(.day, calendar: calendar)
            relation.addTenantDays(dates, providers: subjects.providers, tenants: nil, known: known, &sql)
            reading = session.reading(ofDays: dates, subjects, by: parts, groups: groups)
        case .hours(let seconds, _):
            relation = DetailRelation(.moment, calendar: calendar)
            reading = DetailReading(
                seconds: seconds, granularity: .hour, providers: subjects.providers, parts: parts, groups: groups,
                moment: moment(calendar))
        }
        relation.add(try session.detail.sums(of: reading), of: reading, kinds: kinds)
        return relation.text(&sql)
    }

    /// The start of the segment that a moment lies in; by tenant, of the day if it begins later, on which the tenant's
    /// kind depends.
    private func moment(_ calendar: ZoneRules) -> (Int64) -> Int64 {
        let (starts, isByTenant) = (plan.startSeconds, plan.granularity.byTenant)
        return { second in
            let start = starts.last { $0 <= second } ?? second
            return isByTenant ? max(start, calendar.startOfDay(calendar.date(atSecond: second))) : start
        }
    }

    /// What rows are told apart by, beside provider, kind and day or segment.
    private var parts: SegmentKey.Parts {
        let granularity = plan.granularity
        var parts: SegmentKey.Parts = [.estimated]
        if granularity.byTenant { parts.insert(.tenant) }
        if granularity.byModel || !overLimit.models.isEmpty { parts.insert(.model) }
        if granularity.byRegion || !overLimit.regions.isEmpty { parts.insert(.region) }
        if granularity.byLayer { parts.insert(.layer) }
        if granularity.byWorkload { parts.insert(.workload) }
        for condition in conditions {
            switch condition {
            case .codes(let dimension, _), .names(let dimension, _):
                switch dimension {
                case .model: parts.insert(.model)
                case .region: parts.insert(.region)
                case .layer: parts.insert(.layer)
                case .workload: parts.insert(.workload)
                case .modality: parts.insert(.modality)
                }
            }
        }
        return parts
    }

    private var conditions: [ScopeFilter.Condition] { ScopeFilter.all.compactMap { $0.condition(scope.filters) } }

    /// The index of the segment that a row lies in.
    private mutating func segment() -> String {
        let starts = Array(plan.starts.dropFirst())
        if starts.isEmpty { return "0" }
        switch plan.days {
        case .reporting: return "width_bucket(u.day, \(sql.bind(.dateArray(days: starts))))"
        case .hours:
            return "width_bucket(u.moment, \(sql.bind(.timestampArray(starts.map { Timestamp(seconds: $0) }))))"
        }
    }

    private mutating func included() -> [String] {
        scope.filters.providers.map { [sql.included($0)] } ?? []
    }

    /// An expression that is true of usage which passes the filters, those that ask catalogues left aside. Whether
    /// models and regions beyond a budget would pass those on names isn't known: they pass here, and evaluation tells.
    private mutating func passing() -> String {
        sql.passing(conditions, overLimit: overLimit)
    }
}

extension SQLParameters {
    /// What restricts usage to some providers.
    mutating func included(_ providers: Set<String>) -> String {
        let names = bind(.textArray(providers.sorted()))
        return "u.provider_id IN (SELECT provider_id FROM provider WHERE name = ANY(\(names)))"
    }

    /// An expression that is true of usage which meets all conditions.
    ///
    /// - Parameter overLimit: names that meet every condition on names, for nobody knows what they stand for.
    mutating func passing(_ conditions: [ScopeFilter.Condition], overLimit: OverLimitIDs) -> String {
        var texts: [String] = []
        for condition in conditions {
            switch condition {
            case .codes(let dimension, let codes): texts += self.codes(codes, "u.\(dimension.rawValue)")
            case .names(let dimension, let patterns):
                texts.append(matching(patterns, in: dimension.rawValue, overLimit: overLimit))
            }
        }
        return texts.isEmpty ? "true" : texts.joined(separator: " AND ")
    }

    /// - Parameter table: of names, whose keys rows of sums hold.
    private mutating func matching(
        _ patterns: [NamePattern], in table: String, overLimit: OverLimitIDs
    ) -> String {
        let names = bind(.textArray(patterns.filter { $0.prefix == nil }.map(\.text)))
        let prefixes = bind(.textArray(patterns.compactMap(\.prefix)))
        let ids: KeyPath<OverLimitIDs, [Int64]> = table == SumDimension.model.rawValue ? \.models : \.regions
        let isOverLimit = overLimit.condition(on: "u.\(table)_id", ids, &self)
        let isNamed = """
            u.\(table)_id IN (SELECT \(table)_id FROM \(table) WHERE name = ANY(\(names))
                OR EXISTS (SELECT 1 FROM unnest(\(prefixes)) AS prefix WHERE starts_with(name, prefix)))
            """
        return isOverLimit.map { "(\(isNamed) OR \($0))" } ?? isNamed
    }
}
