internal import Postgres
package import Reporting
package import UsageModel

/// What has a highest minute. Raw values are the names in queries.
package enum PeakSubject: String, Sendable, CaseIterable {
    case provider, tenant, model

    var granularity: MinuteGranularity {
        switch self {
        case .provider: .provider
        case .tenant: .tenant
        case .model: .model
        }
    }
}

/// A question about the minutes with the most tokens.
package struct PeakQuery: Sendable {
    /// The first second that counts, since 1970-01-01T00:00Z.
    package var from: Int64
    /// The first second that doesn't count any more.
    package var to: Int64
    package var subject: PeakSubject
    /// Only these providers; `nil` for all that may be seen.
    package var providers: [String]?
    /// Only these tenants or models, as ``subject`` says; `nil` for all of them. Providers have no names beside their
    /// own.
    package var names: [String]?
    /// The most peaks that are given, one for each subject, from the highest on.
    package var count: Int
    package var visibility: Visibility

    package init(
        from: Int64, to: Int64, subject: PeakSubject, providers: [String]? = nil, names: [String]? = nil, count: Int,
        visibility: Visibility
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.providers = providers
        self.names = names
        self.count = count
        self.visibility = visibility
    }
}

/// The highest minutes, from one snapshot of the database.
package struct PeakAnswer: Sendable, Equatable {
    package struct Row: Sendable, Equatable {
        package var provider: String
        /// The tenant or model at the provider; `nil` where the provider itself was asked for.
        package var name: String?
        /// The first second of the minute, since 1970-01-01T00:00Z: the earliest one of equally high minutes.
        package var start: Int64
        /// What was used in the minute.
        package var counts: SignedTokenCounts
        /// What is known of its tokens to be under names beyond a day's budget: of providers the larger of what tenants
        /// and models over limit used, of tenants and models their own.
        package var overLimitTokens: Int128 = 0
        /// Of its tokens, input and output together, those that are somebody's estimate.
        package var estimatedTokens: Int128 = 0
    }

    package var position: UInt64
    /// By falling tokens of the minute, then by minute and names.
    package var rows: [Row]
}

extension StoreSession {
    /// For each provider, tenant or model its minute with the most tokens (input plus output), from the highest on.
    /// Must run in a snapshot.
    ///
    /// - Throws: ``QuestionError`` with `.notKept` where minutes of the time aren't kept any more.
    /// - Complexity: reads every minute sum of the subject's granularity in the time once.
    package func peaks(_ query: PeakQuery) throws -> PeakAnswer {
        guard query.from < query.to else { throw QuestionError.emptyRange }
        let position = try position()
        try UsageBucket.minute.requireKept(from: query.from, keptFrom: try keptFrom(.minute))
        var sql = SQLParameters()
        let text = Self.peakSQL(query, overLimit: try overLimitIDs(), &sql)
        let rows = try connection.query(text, sql.values).map { row in
            PeakAnswer.Row(
                provider: try row.decode(0), name: try row.decode(1),
                start: try row.decode(2, as: Timestamp.self).seconds, counts: try Self.counts(row, from: 3),
                overLimitTokens: try row.decode(3 + SumWriter.countColumns.count))
        }
        return PeakAnswer(position: position, rows: rows)
    }

    /// Columns: provider, name (or NULL), minute, five sums, tokens over limit.
    ///
    /// The largest pair of (tokens, how early) of each subject is found in one pass without sorting; only the minutes
    /// that are given are read again, by their key.
    private static func peakSQL(_ query: PeakQuery, overLimit: OverLimitIDs, _ sql: inout SQLParameters) -> String {
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
            SELECT b.provider, b.name, u.minute, \(sums), \(overLimitTokens(of: query.subject, overLimit: overLimit, &sql))
              FROM best b
              JOIN usage_minute u ON u.minute = timestamptz 'epoch' - b.best[2] * interval '1 second'
                   AND u.provider_id = b.provider_id AND u.granularity = \(granularity) AND u.subject_id = b.subject_id
             ORDER BY b.best DESC, 1, 2
            """
    }

    /// Tokens of the minute `u` that are known to be over limit.
    private static func overLimitTokens(
        of subject: PeakSubject, overLimit: OverLimitIDs, _ sql: inout SQLParameters
    ) -> String {
        let parts: [(PeakSubject, KeyPath<OverLimitIDs, [Int64]>)] = [(.tenant, \.tenants), (.model, \.models)]
        let meant = parts.compactMap { part, ids -> String? in
            guard subject == .provider || subject == part else { return nil }
            return overLimit.condition(on: "o.subject_id", ids, &sql).map {
                "o.granularity = \(part.granularity.rawValue) AND \($0)"
            }
        }
        guard !meant.isEmpty else { return "0::numeric" }
        let own = subject == .provider ? "" : " AND o.subject_id = u.subject_id"
        return """
            coalesce((SELECT max(o.input_tokens + o.output_tokens) FROM usage_minute o
                WHERE o.minute = u.minute AND o.provider_id = u.provider_id\(own)
                      AND (\(meant.map { "(\($0))" }.joined(separator: " OR ")))), 0)
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
