internal import Postgres
internal import UsageModel

extension StoreSession {
    /// See ``Store/usage(_:)``. Must run in a snapshot transaction, which it restricts to what may be seen.
    func usage(_ query: UsageQuery, calendar: ZoneRules) throws -> UsageAnswer {
        let plan = try UsagePlan(query, calendar: calendar)
        let position = try position()
        var query = query
        query.knownAt = plan.usesKind ? try query.knownAt ?? knownMoment() : nil
        try restrict(to: query.visibility)
        try checkFloor(of: plan.source, from: query.from)
        var sql = UsageSQL(query, plan: plan, calendar: calendar)
        let text = sql.text()
        let rows = try connection.query(text, sql.parameters)
        guard rows.count <= query.maxRows else {
            throw StoreError(
                .badQuery,
                "The answer has more than \(query.maxRows) rows. Ask for a shorter range or fewer dimensions.")
        }
        var answer: [UsageAnswer.Row] = []
        answer.reserveCapacity(rows.count)
        for row in rows { answer.append(try Self.usageRow(row, query)) }
        answer.sort(by: Self.isBefore)
        return UsageAnswer(position: position, knownAt: query.knownAt, source: plan.source, rows: answer)
    }

    private static func usageRow(_ row: Row, _ query: UsageQuery) throws -> UsageAnswer.Row {
        var start: Int64?
        switch query.bucket {
        case .none: break
        case .minute, .hour: start = try row.decode(0, as: Timestamp.self).seconds
        case .day, .month:
            start = query.zone.startOfDay(CalendarDate(days: try row.decode(0, as: DateColumn.self).days))
        }
        let keys = try query.groupBy.enumerated().map { try key($0.element, row, $0.offset + 1) }
        return UsageAnswer.Row(start: start, keys: keys, counts: try counts(row, from: query.groupBy.count + 1))
    }

    private static func key(_ dimension: UsageDimension, _ row: Row, _ column: Int) throws -> String {
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

    static func counts(_ row: Row, from column: Int) throws -> WideTokenCounts {
        WideTokenCounts(
            requests: try row.decode(column), input: try row.decode(column + 1),
            cachedInput: try row.decode(column + 2), output: try row.decode(column + 3),
            reasoningOutput: try row.decode(column + 4))
    }

    private static func isBefore(_ left: UsageAnswer.Row, _ right: UsageAnswer.Row) -> Bool {
        if left.start != right.start { return (left.start ?? 0) < (right.start ?? 0) }
        for (one, other) in zip(left.keys, right.keys) where NameBytes(one) != NameBytes(other) {
            return NameBytes(one) < NameBytes(other)
        }
        return false
    }

    /// Sums that retention has dropped are not silently missing from an answer.
    func checkFloor(of source: UsageBucket, from: Int64) throws {
        let rows = try connection.query(
            "SELECT kept_from FROM sums_floor WHERE table_name = $1 AND kept_from > $2",
            [.text("usage_\(source.rawValue)"), .timestamp(Timestamp(seconds: from))])
        guard let row = rows.first else { return }
        let day = CalendarDate(days: try row.decode(0, as: Timestamp.self).seconds.flooredDivision(by: 86_400))
        throw StoreError(
            .notKept,
            "The question needs \(source.rawValue) sums, which are kept from \(day) (UTC) on. Start there, or "
                + "ask for whole days or months of the reporting calendar.")
    }
}
