internal import Postgres
internal import UsageModel

/// The text and parameters of one question. Text is made of fixed pieces only; every value is a parameter.
struct UsageSQL {
    private let query: UsageQuery
    private let plan: UsagePlan
    private let calendar: ZoneRules
    private var sql = SQLParameters()
    var parameters: [Parameter] { sql.values }
    private var conditions: [String] = []

    init(_ query: UsageQuery, plan: UsagePlan, calendar: ZoneRules) {
        self.query = query
        self.plan = plan
        self.calendar = calendar
    }

    /// Columns: bucket (or NULL), one per dimension, five sums.
    mutating func text() -> String {
        addRange()
        conditions += sql.visibility(query.visibility)
        addFilters()
        let bucket = bucketExpression()
        let join = plan.usesKind ? kindJoin() : ""
        let keys = query.groupBy.map(keyExpression(_:))
        let selected = ([bucket] + keys).enumerated().map { "\($0.element) AS c\($0.offset)" }
        let grouped = (0...keys.count).map { "c\($0)" }.joined(separator: ", ")
        let sums = SumWriter.countColumns.map { "sum(u.\($0)) AS \($0)" }
        let names = query.groupBy.enumerated().map { nameExpression($0.element, "c\($0.offset + 1)") }
        let outer = (["c0"] + names + SumWriter.countColumns).joined(separator: ", ")
        let limit = sql.bind(.int(query.maxRows + 1))
        // The empty group of a question without dimensions and buckets must not become a row of NULLs.
        return """
            SELECT \(outer) FROM (
                SELECT \((selected + sums).joined(separator: ", "))
                  FROM usage_\(plan.source.rawValue) u \(join)
                 WHERE \(conditions.joined(separator: " AND "))
                 GROUP BY \(grouped) LIMIT \(limit)) AS sums
            """
    }

    private mutating func addRange() {
        let column = "u.\(plan.source.rawValue)"
        switch plan.source {
        case .minute, .hour, .none:
            let from = sql.bind(.timestamp(Timestamp(seconds: query.from)))
            let to = sql.bind(.timestamp(Timestamp(seconds: query.to)))
            conditions.append("\(column) >= \(from) AND \(column) < \(to)")
        case .day, .month:
            let from = sql.bind(.date(days: calendar.date(atSecond: query.from).days))
            let to = sql.bind(.date(days: calendar.date(atSecond: query.to).days))
            conditions.append("\(column) >= \(from) AND \(column) < \(to)")
        }
        if let granularity = plan.granularity { conditions.append("u.granularity = \(granularity.rawValue)") }
    }

    private mutating func addFilters() {
        let filters = query.filters
        addNames(filters.providers, "u.provider_id", "SELECT provider_id FROM provider")
        addNames(
            filters.tenants, plan.granularity == nil ? "u.tenant_id" : "u.subject_id", "SELECT tenant_id FROM tenant")
        addNames(filters.models, plan.granularity == nil ? "u.model_id" : "u.subject_id", "SELECT model_id FROM model")
        addNames(filters.regions, "u.region_id", "SELECT region_id FROM region")
        conditions += sql.codes(filters.layers?.map(\.rawValue), "u.layer")
        conditions += sql.codes(filters.workloads?.map(\.rawValue), "u.workload")
        conditions += sql.codes(filters.modalities?.map(\.rawValue), "u.modality")
        conditions += sql.codes(filters.kinds?.map(\.rawValue), "coalesce(k.kind, 0)")
    }

    private mutating func addNames(_ names: [String]?, _ column: String, _ select: String) {
        guard let names else { return }
        conditions.append("\(column) IN (\(select) WHERE name = ANY(\(sql.bind(.textArray(names)))))")
    }

    private mutating func bucketExpression() -> String {
        let column = "u.\(plan.source.rawValue)"
        switch (query.bucket, plan.source) {
        case (.none, _): return "NULL::timestamptz"
        case (.minute, _): return column
        case (.hour, .minute): return localHour(column)
        case (.hour, _): return column
        case (.day, .day): return column
        case (.month, .month): return column
        case (.month, .day): return "date_trunc('month', \(column)::timestamp)::date"
        case (.day, _): return "(\(column) AT TIME ZONE \(sql.bind(.text(query.zone.identifier))))::date"
        case (.month, _):
            return "date_trunc('month', \(column) AT TIME ZONE \(sql.bind(.text(query.zone.identifier))))::date"
        }
    }

    /// The moment at which the local hour of a minute began, in zones whose hours don't start with UTC's.
    private mutating func localHour(_ column: String) -> String {
        let zone = sql.bind(.text(query.zone.identifier))
        return """
            \(column) - (\(column) AT TIME ZONE \(zone) - date_trunc('hour', \(column) AT TIME ZONE \(zone)))
            """
    }

    private mutating func kindJoin() -> String {
        let tenant = plan.granularity == nil ? "u.tenant_id" : "u.subject_id"
        let column = "u.\(plan.source.rawValue)"
        let day =
            plan.source == .day ? column : "(\(column) AT TIME ZONE \(sql.bind(.text(calendar.identifier))))::date"
        return KindJoin.sql(tenant: tenant, day: day, known: query.knownAt.map { sql.bind(.timestamp($0)) })
    }

    private func keyExpression(_ dimension: UsageDimension) -> String {
        switch dimension {
        case .provider: "u.provider_id"
        case .tenant: plan.granularity == nil ? "u.tenant_id" : "u.subject_id"
        case .model: plan.granularity == nil ? "u.model_id" : "u.subject_id"
        case .region: "u.region_id"
        case .layer: "u.layer"
        case .workload: "u.workload"
        case .modality: "u.modality"
        case .kind: "coalesce(k.kind, 0)"
        }
    }

    /// Names are looked up after grouping, once for each row of the answer.
    private func nameExpression(_ dimension: UsageDimension, _ column: String) -> String {
        switch dimension {
        case .provider: "(SELECT name FROM provider WHERE provider_id = \(column))"
        case .tenant: "(SELECT name FROM tenant WHERE tenant_id = \(column))"
        case .model: "(SELECT name FROM model WHERE model_id = \(column))"
        case .region: "(SELECT name FROM region WHERE region_id = \(column))"
        case .layer, .workload, .modality, .kind: column
        }
    }
}

/// The join that says what a tenant was on a day, as it was known at a moment.
enum KindJoin {
    /// - Parameter known: the parameter that holds the moment, or `nil` for what is held now.
    static func sql(tenant: String, day: String, known: String?) -> String {
        let isHeld = known.map {
            "k.recorded_at <= \($0) AND (k.superseded_at IS NULL OR k.superseded_at > \($0))"
        }
        return """
            LEFT JOIN tenant_kind k ON k.tenant_id = \(tenant) AND k.effective_from <= \(day)
                 AND (k.effective_to IS NULL OR k.effective_to > \(day)) AND \(isHeld ?? "k.superseded_at IS NULL")
            """
    }
}
