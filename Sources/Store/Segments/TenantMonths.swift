internal import BatchFormat
internal import Postgres
internal import UsageModel

/// Months by tenant: what the rows of the days add up to, whatever the model and region. A question about the tenants
/// of a month reads a row of each instead of one for each day, model and region.
///
/// Who adds rows to days adds them here in the same transaction: both count the same ranges.
struct TenantMonths {
    let connection: Connection

    static let table = "tenant_month"
    /// What rows are told apart by, beside month and provider.
    static let parts: SegmentKey.Parts = [.tenant, .estimated]

    /// What is added to the months of one provider.
    struct Sums {
        fileprivate var months: [Month: SegmentSums] = [:]

        /// Adds rows of a day.
        ///
        /// - Parameter day: since 1970-01-01.
        mutating func add(_ rows: [SegmentRow], of day: Int64) {
            let month = Month(day: day)
            // Taken out of the dictionary while it is changed, so that it isn't copied.
            var sums = months.removeValue(forKey: month) ?? SegmentSums(minimumCapacity: rows.count / 4)
            for row in rows { sums.add(row.key.keeping(TenantMonths.parts), row.counts) }
            months[month] = sums
        }
    }

    /// Must run in the transaction that adds the rows to the days. Where the schema has no months yet, the migration
    /// that brings them makes them of the days.
    func add(_ sums: Sums, provider: Int16) throws {
        let exists: Bool = try connection.query("SELECT to_regclass($1) IS NOT NULL", [.text(Self.table)]).one().decode(
            0)
        guard exists else { return }
        for (month, sums) in sums.months.sorted(by: { $0.key < $1.key }) {
            let rows = sums.sorted()
            for portion in Array(rows.indices).portions(of: RowPortions.maxRows) {
                try add(portion.map { rows[$0] }, provider: provider, month: month)
            }
        }
    }

    private func add(_ rows: [SegmentRow], provider: Int16, month: Month) throws {
        let sets = CountColumns.names.map { "\($0) = \(Self.table).\($0) + excluded.\($0)" }.joined(separator: ", ")
        let written = try connection.query(
            """
            INSERT INTO \(Self.table) (month, provider_id, tenant_id, is_estimated, \(CountColumns.list))
            SELECT $1, $2, a, b, c, d, e, f, g
              FROM unnest($3::int8[], $4::boolean[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[],
                $9::numeric[]) AS t (a, b, c, d, e, f, g)
            ON CONFLICT (month, provider_id, tenant_id, is_estimated) DO UPDATE SET \(sets)
            """,
            [
                .date(days: month.firstDay.days), .int(Int64(provider)), .int64Array(rows.map(\.key.tenant)),
                .boolArray(rows.map(\.key.isEstimated)),
            ] + Parameter.numericColumns(rows.map(\.counts))
        ).affectedRows
        RowPortions.requireAll(written, of: rows.count, Self.table)
    }

    // MARK: Comparing

    /// How a month differs from its days.
    struct Difference {
        /// Rows that the days give.
        var rows = 0
        var differing = 0
        var stored = SignedTokenCounts()
        var expected = SignedTokenCounts()
    }

    /// Compares a month with the rows of its days.
    ///
    /// - Parameter missing: by provider, what is going to be added to the days.
    func difference(in month: Month, missing: [Int16: Sums]) throws -> Difference {
        var expected = try sums(
            """
            SELECT provider_id, tenant_id, is_estimated, \(CountColumns.names.map { "sum(\($0))::text" }.joined(separator: ", "))
              FROM \(TenantDays.table) WHERE day >= $1 AND day < $2 GROUP BY 1, 2, 3
            """, [.date(days: month.firstDay.days), .date(days: month.next.firstDay.days)])
        for (provider, sums) in missing {
            for row in sums.months[month]?.sorted() ?? [] {
                expected[provider, default: SegmentSums()].add(row.key, row.counts)
            }
        }
        let stored = try sums(
            "SELECT provider_id, tenant_id, is_estimated, \(SegmentTables.totalsAsText) FROM \(Self.table) WHERE month = $1",
            [.date(days: month.firstDay.days)])
        var difference = Difference()
        for provider in Set(expected.keys).union(stored.keys) {
            var apart = SegmentSums()
            for row in expected[provider]?.sorted() ?? [] {
                difference.rows += 1
                difference.expected += row.counts
                apart.add(row.key, row.counts)
            }
            for row in stored[provider]?.sorted() ?? [] {
                difference.stored += row.counts
                apart.add(row.key, -row.counts)
            }
            difference.differing += apart.sorted().count
        }
        return difference
    }

    private func sums(_ sql: String, _ parameters: [Parameter]) throws -> [Int16: SegmentSums] {
        var providers: [Int16: SegmentSums] = [:]
        try connection.forEachRow(sql, parameters) { row in
            let key = SegmentKey(tenant: try row.decode(1), isEstimated: try row.decode(2))
            providers[try row.decode(0), default: SegmentSums()].add(key, try SegmentTables.totals(row, from: 3))
        }
        return providers
    }

    /// Makes a month again of the rows of its days. Must run in a transaction.
    func replace(_ month: Month) throws {
        let days: [Parameter] = [.date(days: month.firstDay.days), .date(days: month.next.firstDay.days)]
        try connection.query("DELETE FROM \(Self.table) WHERE month = $1", [days[0]])
        try connection.query(
            """
            INSERT INTO \(Self.table) (month, provider_id, tenant_id, is_estimated, \(CountColumns.list))
            SELECT $1, provider_id, tenant_id, is_estimated, \(CountColumns.names.map { "sum(\($0))" }.joined(separator: ", "))
              FROM \(TenantDays.table) WHERE day >= $1 AND day < $2 GROUP BY 2, 3, 4
            """, days)
    }
}
