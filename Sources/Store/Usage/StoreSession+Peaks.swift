internal import Postgres
internal import UsageModel

extension StoreSession {
    /// See ``Store/peaks(_:)``. Must run in a snapshot transaction, which it restricts to what may be seen.
    func peaks(_ query: PeakQuery) throws -> PeakAnswer {
        guard query.from < query.to else {
            throw StoreError(.badQuery, "The range is empty: its end must come after its start.")
        }
        let position = try position()
        try restrict(to: query.visibility)
        try checkFloor(of: .minute, from: query.from)
        var sql = SQLParameters()
        let text = Self.peakSQL(query, &sql)
        let rows = try connection.query(text, sql.values).map { row in
            PeakAnswer.Row(
                provider: try row.decode(0), name: try row.decode(1),
                start: try row.decode(2, as: Timestamp.self).seconds, counts: try Self.counts(row, from: 3))
        }
        return PeakAnswer(position: position, rows: rows)
    }

    /// Columns: provider, name (or NULL), minute, five sums.
    ///
    /// The largest pair of (tokens, how early) of each subject is found in one pass without sorting; only the minutes
    /// that are given are read again, by their key.
    private static func peakSQL(_ query: PeakQuery, _ sql: inout SQLParameters) -> String {
        let from = sql.bind(.timestamp(Timestamp(seconds: query.from)))
        let to = sql.bind(.timestamp(Timestamp(seconds: query.to)))
        let granularity = "\(query.subject.granularity.rawValue)"
        var conditions =
            ["u.minute >= \(from)", "u.minute < \(to)", "u.granularity = \(granularity)"]
            + sql.visibility(query.visibility)
        if let providers = query.providers {
            let names = sql.bind(.textArray(providers))
            conditions.append("u.provider_id IN (SELECT provider_id FROM provider WHERE name = ANY(\(names)))")
        }
        let subject = subject(query.subject)
        if let subject, let names = query.names {
            let select = "SELECT \(subject.key) FROM \(subject.table)"
            conditions.append("u.subject_id IN (\(select) WHERE name = ANY(\(sql.bind(.textArray(names)))))")
        }
        let name = subject.map { "(SELECT name FROM \($0.table) WHERE \($0.key) = b.subject_id)" } ?? "NULL::text"
        let sums = SumWriter.countColumns.map { "u.\($0)" }.joined(separator: ", ")
        return """
            WITH best AS MATERIALIZED (
                SELECT p.name AS provider, \(name) AS name, b.provider_id, b.subject_id, b.best
                  FROM (SELECT u.provider_id, u.subject_id,
                               max(ARRAY[u.input_tokens + u.output_tokens, -extract(epoch FROM u.minute)]) AS best
                          FROM usage_minute u
                         WHERE \(conditions.joined(separator: " AND "))
                         GROUP BY 1, 2) b
                  JOIN provider p USING (provider_id)
                 ORDER BY b.best DESC, 1, 2 LIMIT \(sql.bind(.int(query.count))))
            SELECT b.provider, b.name, u.minute, \(sums)
              FROM best b
              JOIN usage_minute u ON u.minute = timestamptz 'epoch' - b.best[2] * interval '1 second'
                   AND u.provider_id = b.provider_id AND u.granularity = \(granularity) AND u.subject_id = b.subject_id
             ORDER BY b.best DESC, 1, 2
            """
    }

    private static func subject(_ subject: PeakSubject) -> (table: String, key: String)? {
        switch subject {
        case .provider: nil
        case .tenant: ("tenant", "tenant_id")
        case .model: ("model", "model_id")
        }
    }
}
