/// The sums as the tables have them, by what `totals.json` is broken down by.
extension Database {
    private static let counts =
        "coalesce(sum(requests), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0)"

    /// Everything of one provider, from the hour sums.
    package func total(provider: String) async throws -> Counts {
        try await counts(
            "SELECT p.name, \(Self.counts) FROM usage_hour u JOIN provider p USING (provider_id) GROUP BY 1"
        )[provider] ?? Counts()
    }

    /// By tenant, from the hour sums; `model` restricts it.
    package func byTenant(provider: String, model: String? = nil) async throws -> [String: Counts] {
        let restricted = model.map { " AND m.name = '\($0)'" } ?? ""
        return try await counts(
            """
            SELECT t.name, \(Self.counts) FROM usage_hour u JOIN tenant t USING (tenant_id)
              JOIN provider p ON p.provider_id = u.provider_id JOIN model m USING (model_id)
             WHERE p.name = '\(provider)'\(restricted) GROUP BY 1
            """)
    }

    /// By model, from the hour sums.
    package func byModel(provider: String) async throws -> [String: Counts] {
        try await counts(
            """
            SELECT m.name, \(Self.counts) FROM usage_hour u JOIN model m USING (model_id)
              JOIN provider p ON p.provider_id = u.provider_id
             WHERE p.name = '\(provider)' GROUP BY 1
            """)
    }

    /// By minute (`YYYY-MM-DD hh:mm`, UTC) from the minute sums at the provider's granularity.
    package func byMinute(provider: String) async throws -> [String: Counts] {
        try await counts(
            """
            SELECT to_char(minute AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), \(Self.counts)
              FROM usage_minute JOIN provider p USING (provider_id)
             WHERE granularity = 1 AND p.name = '\(provider)' GROUP BY 1
            """)
    }

    /// The same total from every table that keeps sums, by the table's name: they must agree.
    package func totalsOfEveryTable() async throws -> [String: Counts] {
        try await counts(
            """
            SELECT 'hour', \(Self.counts) FROM usage_hour
            UNION ALL SELECT 'day', \(Self.counts) FROM usage_day
            UNION ALL SELECT 'month', \(Self.counts) FROM usage_month
            UNION ALL SELECT 'minute by provider', \(Self.counts) FROM usage_minute WHERE granularity = 1
            UNION ALL SELECT 'minute by model', \(Self.counts) FROM usage_minute WHERE granularity = 2
            UNION ALL SELECT 'minute by tenant', \(Self.counts) FROM usage_minute WHERE granularity = 3
            UNION ALL SELECT 'ledger', \(Self.counts) FROM ledger
            """)
    }
}

/// What the server says about how it went.
extension Database {
    /// Deadlocks in this database since it was made.
    package func deadlocks() async throws -> UInt64 {
        try await number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    }

    /// Whether every counted batch has exactly one leaf, numbered from 1 without a gap, up to the position.
    package func leavesHaveNoGap() async throws -> Bool {
        let leaves = try await number("SELECT count(*) FROM ledger_position")
        let highest = try await number("SELECT coalesce(max(position), 0) FROM ledger_position")
        let position = try await number("SELECT position FROM rollup_state")
        let batches = try await number("SELECT count(*) FROM ledger")
        return leaves == highest && highest == position && position == batches
    }
}
