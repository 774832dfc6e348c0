internal import BatchFormat
internal import Postgres
package import Reporting
internal import UsageModel

extension StoreSession {
    /// Answers a question about usage. Must run in a snapshot.
    ///
    /// - Throws: ``QuestionError`` with `.notKept` where the sums that the question needs are not kept (sub-hour zones
    ///   or minutes across dimensions, or before what retention left), with the reason.
    package func usage(_ query: UsageQuery) throws -> UsageAnswer {
        var rows: [UsageAnswer.Row] = []
        var answer: UsageAnswer?
        try usage(query) {
            answer = $0
        } eachRow: {
            rows.append($0)
        }
        guard var answer else { preconditionFailure("an answer that never began") }
        answer.rows = rows
        return answer
    }

    /// The same, one row at a time, in the answer's order.
    ///
    /// - Parameters:
    ///   - begin: is told first of the answer, without its rows.
    ///   - eachRow: is told of each row. Where there are more than the query allows, it has been told of as many as
    ///     that before the error.
    package func usage(
        _ query: UsageQuery, begin: (UsageAnswer) throws -> Void, eachRow: (UsageAnswer.Row) throws -> Void
    ) throws {
        let plan = try UsagePlan(query, calendar: calendar)
        let position = try position()
        var query = query
        query.knownAt = plan.usesKind ? try query.knownAt ?? knownMoment() : nil
        try plan.source.requireKept(from: query.from, keptFrom: try keptFrom(plan.source))
        var sql = UsageSQL(query, plan: plan, calendar: calendar, overLimit: try overLimitIDs())
        let text = try sql.text(from: self)
        try begin(UsageAnswer(position: position, knownAt: query.knownAt, source: plan.source, rows: []))
        var count = 0
        try connection.forEachRow(text, sql.parameters) { row in
            count += 1
            guard count <= query.maxRows else {
                throw QuestionError(
                    .badQuery,
                    "The answer has more than \(query.maxRows) rows. Ask for a shorter range or fewer dimensions.")
            }
            try eachRow(try Self.usageRow(row, query))
        }
    }

    private static func usageRow(_ row: Row, _ query: UsageQuery) throws -> UsageAnswer.Row {
        var start: Int64?
        switch query.bucket {
        case .none: break
        case .minute, .hour: start = try row.decode(0, as: Timestamp.self).seconds
        case .day, .month:
            start = query.zone.startOfDay(CalendarDate(days: try row.decode(0, as: DateColumn.self).days))
        }
        let keys = try query.groupBy.enumerated().map { try key($0.element, of: row, column: $0.offset + 1) }
        let first = query.groupBy.count + 1
        return UsageAnswer.Row(
            start: start, keys: keys, counts: try counts(row, from: first),
            overLimitTokens: try row.decode(first + CountColumns.names.count),
            estimatedTokens: try row.decode(first + CountColumns.names.count + 1))
    }

    private static func key(_ dimension: UsageDimension, of row: Row, column: Int) throws -> String {
        switch dimension {
        case .provider, .tenant, .model, .region: return try row.decode(column)
        case .layer: return try named(Layer(rawValue: row.decode(column))?.name, dimension)
        case .workload: return try named(Workload(rawValue: row.decode(column))?.name, dimension)
        case .modality: return try named(Modality(rawValue: row.decode(column))?.name, dimension)
        case .kind: return try named(TenantKind(rawValue: row.decode(column))?.name, dimension)
        }
    }

    private static func named(_ name: String?, _ dimension: UsageDimension) throws -> String {
        guard let name else {
            throw PostgresError(.decoding, "The database holds a code for \(dimension.rawValue) that is not known.")
        }
        return name
    }

    static func counts(_ row: Row, from column: Int) throws -> SignedTokenCounts {
        SignedTokenCounts(
            requests: try row.decode(column), input: try row.decode(column + 1),
            cachedInput: try row.decode(column + 2), output: try row.decode(column + 3),
            reasoningOutput: try row.decode(column + 4))
    }
}

/// The text and parameters of one question. Text is made of fixed pieces only; every value is a parameter.
struct UsageSQL {
    private let query: UsageQuery
    private let plan: UsagePlan
    private let calendar: ZoneRules
    private let overLimit: OverLimitIDs
    private var sql = SQLParameters()
    var parameters: [Parameter] { sql.values }

    init(_ query: UsageQuery, plan: UsagePlan, calendar: ZoneRules, overLimit: OverLimitIDs) {
        self.overLimit = overLimit
        self.query = query
        self.plan = plan
        self.calendar = calendar
    }

    /// Columns: bucket (or NULL), one per dimension, five sums, tokens over limit, tokens that are estimated; by bucket,
    /// then by the bytes of the dimensions' names, or by falling tokens first where the question wants the largest.
    /// Without rows whose sums are all 0.
    mutating func text(from session: StoreSession) throws -> String {
        let relation = try UsageDetail(query, plan: plan, overLimit: overLimit, session: session).relation(&sql)
        let conditions = sql.visibility(query.visibility) + filters()
        let bucket = bucketExpression()
        let keys = query.groupBy.map(keyExpression(_:))
        let selected = ([bucket] + keys).enumerated().map { "\($0.element) AS c\($0.offset)" }
        let grouped = (0...keys.count).map { "c\($0)" }.joined(separator: ", ")
        let counted = hasOverLimitRows ? " FILTER (WHERE \(isCounted))" : ""
        let columns = CountColumns.names.map { "sum(u.\($0))\(counted)" }
        let sums =
            zip(columns, CountColumns.names).map { "\($0) AS \($1)" }
            + ["\(overLimitTokens()) AS over_limit", "\(estimatedTokens) AS estimated"]
        let names = query.groupBy.enumerated().map { place, dimension in
            "\(nameExpression(dimension, "c\(place + 1)")) AS n\(place + 1)"
        }
        let outer = (["c0"] + names + CountColumns.names + ["over_limit", "estimated"]).joined(separator: ", ")
        let order =
            (query.top == nil ? ["c0"] : ["input_tokens + output_tokens DESC"])
            + query.groupBy.enumerated().map { orderExpression($0.element, "n\($0.offset + 1)") }
        // Input and output, as the row's columns count them.
        let (largest, first) = limits(tokens: "\(columns[1]) + \(columns[3])")
        // The empty group of a question without dimensions and buckets must not become a row of NULLs.
        return """
            SELECT * FROM (SELECT \(outer) FROM (
                SELECT \((selected + sums).joined(separator: ", "))
                  FROM \(relation)
                 WHERE \(conditions.isEmpty ? "true" : conditions.joined(separator: " AND "))
                 GROUP BY \(grouped)
                HAVING \(columns.map { "\($0) <> 0" }.joined(separator: " OR "))\(largest)) AS sums) AS named
             ORDER BY \(order.joined(separator: ", "))\(first)
            """
    }

    /// What bounds groups before they have names, and rows afterwards: of groups with equally many tokens names decide.
    private mutating func limits(tokens: String) -> (groups: String, rows: String) {
        guard let top = query.top else { return (" LIMIT \(sql.bind(.int(query.maxRows + 1)))", "") }
        let count = sql.bind(.int(min(top, query.maxRows + 1)))
        return (" ORDER BY \(tokens) DESC FETCH FIRST (\(count)) ROWS WITH TIES", " LIMIT \(count)")
    }

    // MARK: Names beyond their budgets

    /// That a minute sum is one that the question adds up.
    private var isCounted: String { "u.granularity = \(SegmentGranularity.minuteByProvider.rawValue)" }

    /// Whether the sums of providers' minutes stand beside those of tenants and models over limit, which alone tell how
    /// much of them is.
    private var hasOverLimitRows: Bool { plan.hasOverLimitRows(overLimit) }

    /// The tokens that are somebody's estimate.
    private var estimatedTokens: String {
        let isMeant = hasOverLimitRows ? "u.is_estimated AND \(isCounted)" : "u.is_estimated"
        return "coalesce(sum(u.input_tokens + u.output_tokens) FILTER (WHERE \(isMeant)), 0)"
    }

    /// The tokens under names beyond a budget. Minutes of providers know those of tenants and those of models, and not
    /// how far both are the same: the larger of the two is given.
    private mutating func overLimitTokens() -> String {
        let tokens = "sum(u.input_tokens + u.output_tokens)"
        let parts: [(String, KeyPath<OverLimitIDs, [Int64]>)] = [
            ("u.tenant_id", \.tenants), ("u.model_id", \.models), ("u.region_id", \.regions),
        ]
        var conditions: [String] = []
        for (column, ids) in parts { conditions += overLimit.condition(on: column, ids, &sql).map { [$0] } ?? [] }
        // Of providers' minutes each condition goes for rows of their own; of others a row may meet several.
        let isApart = plan.granularity == .provider || conditions.isEmpty
        let filters = isApart ? conditions : [conditions.joined(separator: " OR ")]
        guard !filters.isEmpty else { return "0::numeric" }
        return "coalesce(greatest(\(filters.map { "\(tokens) FILTER (WHERE \($0))" }.joined(separator: ", "))), 0)"
    }

    /// Beside those on tenants and time, which the table has met already.
    private mutating func filters() -> [String] {
        let filters = query.filters
        return names(filters.providers, of: "provider") + names(filters.models, of: "model")
            + names(filters.regions, of: "region") + sql.codes(filters.layers?.map(\.rawValue), "u.layer")
            + sql.codes(filters.workloads?.map(\.rawValue), "u.workload")
            + sql.codes(filters.modalities?.map(\.rawValue), "u.modality")
            + sql.codes(filters.kinds?.map(\.rawValue), "u.kind")
    }

    private mutating func names(_ names: [String]?, of table: String) -> [String] {
        guard let names else { return [] }
        let list = sql.bind(.textArray(names))
        return ["u.\(table)_id IN (SELECT \(table)_id FROM \(table) WHERE name = ANY(\(list)))"]
    }

    private mutating func bucketExpression() -> String {
        switch (query.bucket, plan.source) {
        case (.none, _): return "NULL::timestamptz"
        case (.minute, _): return "u.moment"
        case (.hour, .minute): return localHour()
        case (.hour, _): return "u.moment"
        case (.day, .day), (.day, .month): return "u.day"
        case (.month, .day), (.month, .month): return "date_trunc('month', u.day::timestamp)::date"
        case (.day, _): return "(u.moment AT TIME ZONE \(sql.bind(.text(query.zone.identifier))))::date"
        case (.month, _):
            return "date_trunc('month', u.moment AT TIME ZONE \(sql.bind(.text(query.zone.identifier))))::date"
        }
    }

    /// The moment at which the local hour of a minute began, in zones whose hours don't start with UTC's.
    private mutating func localHour() -> String {
        let local = "u.moment AT TIME ZONE \(sql.bind(.text(query.zone.identifier)))"
        return "u.moment - (\(local) - date_trunc('hour', \(local)))"
    }

    private func keyExpression(_ dimension: UsageDimension) -> String {
        switch dimension {
        case .provider, .tenant, .model, .region: "u.\(dimension.rawValue)_id"
        case .layer, .workload, .modality, .kind: "u.\(dimension.rawValue)"
        }
    }

    /// What puts a dimension's names in the order of their bytes.
    private func orderExpression(_ dimension: UsageDimension, _ column: String) -> String {
        switch dimension {
        case .provider, .tenant, .model, .region: "\(column) COLLATE \"C\""
        case .layer: Self.place(of: column, among: Layer.allCases.map { ($0.name, $0.rawValue) })
        case .workload: Self.place(of: column, among: Workload.allCases.map { ($0.name, $0.rawValue) })
        case .modality: Self.place(of: column, among: Modality.allCases.map { ($0.name, $0.rawValue) })
        case .kind: Self.place(of: column, among: TenantKind.allCases.map { ($0.name, $0.rawValue) })
        }
    }

    /// The place of a code among all codes in the order of their names.
    private static func place(of column: String, among codes: [(name: String, code: UInt8)]) -> String {
        let ordered = codes.sorted { NameBytes($0.name) < NameBytes($1.name) }.map { "\($0.code)" }
        return "array_position('{\(ordered.joined(separator: ","))}'::int[], \(column)::int)"
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
    /// - Parameter known: the parameter that holds the moment.
    static func sql(tenant: String, day: String, known: String) -> String {
        """
        LEFT JOIN tenant_kind k ON k.tenant_id = \(tenant) AND k.effective_from <= \(day)
             AND (k.effective_to IS NULL OR k.effective_to > \(day)) AND \(isHeld(known: known))
        """
    }

    /// That a record `k` was held at the moment.
    static func isHeld(known: String) -> String {
        "k.recorded_at <= \(known) AND (k.superseded_at IS NULL OR k.superseded_at > \(known))"
    }
}
