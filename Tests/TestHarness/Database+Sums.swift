package import BatchFormat
internal import Foundation
internal import Postgres
internal import UsageModel

/// The sums as the database has them, by what `totals.json` is broken down by: segments, and the payloads of what is in
/// none yet.
extension Database {
    /// Everything of one provider.
    package func total(provider: String) async throws -> Counts {
        try await sum(.hour) { row in row.provider == provider ? provider : nil }[provider] ?? Counts()
    }

    /// By tenant; `model` restricts it.
    package func byTenant(provider: String, model: String? = nil) async throws -> [String: Counts] {
        try await sum(.hour) { row in
            row.provider == provider && (model == nil || row.model == model) ? row.tenant : nil
        }
    }

    /// By model.
    package func byModel(provider: String) async throws -> [String: Counts] {
        try await sum(.hour) { row in row.provider == provider ? row.model : nil }
    }

    /// By minute (`YYYY-MM-DD hh:mm`, UTC) from the provider's minutes.
    package func byMinute(provider: String) async throws -> [String: Counts] {
        try await sum(.minuteByProvider) { row in row.provider == provider ? row.clock : nil }
    }

    /// The same total from everything that keeps sums, by its name: they must agree.
    package func totalsOfEveryTable() async throws -> [String: Counts] {
        var totals: [String: Counts] = [:]
        for granularity in SegmentGranularity.allCases {
            totals["\(granularity)"] = try await sum(granularity) { _ in "" }[""] ?? Counts()
        }
        let sums = "coalesce(sum(requests), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0)"
        totals.merge(
            try await counts(
                """
                SELECT 'cube', \(sums) FROM cube WHERE calendar_id = 0
                UNION ALL SELECT 'cube without models', \(sums) FROM cube WHERE calendar_id = -1
                UNION ALL SELECT 'ledger', \(sums) FROM ledger
                """)
        ) { $1 }
        return totals
    }

    /// Adds up everything that is stored at a granularity.
    ///
    /// - Parameter key: what a row counts under; `nil` for one that doesn't.
    package func sum(
        _ granularity: SegmentGranularity, by key: (StoredRow) -> String?
    ) async throws -> [String: Counts] {
        var sums: [String: Counts] = [:]
        for row in try await storedRows(granularity) {
            if let key = key(row) { sums[key, default: Counts()] += row.counts }
        }
        return sums
    }
}

/// A row of a segment, or of a payload that waits for one, with the names behind its numbers; empty where the
/// granularity doesn't tell rows apart by them.
package struct StoredRow: Sendable {
    package var provider: String
    package var tenant: String
    package var model: String
    /// Minutes since 1970; of the hour's beginning where rows aren't told apart by minute.
    package var minute: Int64
    package var counts: Counts

    /// `YYYY-MM-DD hh:mm`, UTC.
    package var clock: String {
        let day = minute.flooredDivision(by: 1_440)
        let rest = minute - day * 1_440
        return "\(CalendarDate(days: day)) " + String(format: "%02d:%02d", Int(rest / 60), Int(rest % 60))
    }
}

extension Database {
    private struct Wrong: Error, CustomStringConvertible {
        var description: String
    }

    fileprivate func storedRows(_ granularity: SegmentGranularity) async throws -> [StoredRow] {
        try await read { connection in
            // One snapshot: what is merged meanwhile is in the queue or in a segment, and never in both.
            try connection.transaction(.snapshot) { connection in
                try Self.merged(connection, granularity) + Self.waiting(connection, granularity)
            }
        }
    }

    private static func names(_ connection: Connection, _ table: String) throws -> [Int64: String] {
        var names: [Int64: String] = [:]
        for row in try connection.query("SELECT \(table)_id::int8, name FROM \(table)") {
            names[try row.decode(0)] = try row.decode(1)
        }
        return names
    }

    private static func merged(_ connection: Connection, _ granularity: SegmentGranularity) throws -> [StoredRow] {
        let (providers, tenants, models) = (
            try names(connection, "provider"), try names(connection, "tenant"), try names(connection, "model")
        )
        let table = granularity == .hour ? "segment_hour" : "segment_minute"
        var rows: [StoredRow] = []
        for row in try connection.query(
            "SELECT content FROM \(table) WHERE granularity = $1", [.int(Int64(granularity.rawValue))])
        {
            let reader = try SegmentReader(sealed: try row.decode(0, as: [UInt8].self))
            guard let provider = providers[Int64(reader.header.provider)] else {
                throw Wrong(description: "a provider")
            }
            try reader.forEach(reader.rows) { row in
                guard let requests = UInt64(exactly: row.counts.requests),
                    let input = UInt64(exactly: row.counts.input),
                    let output = UInt64(exactly: row.counts.output)
                else { throw Wrong(description: "a segment's row counts \(row.counts)") }
                let minute = granularity == .hour ? 0 : Int64(row.key.minute)
                rows.append(
                    StoredRow(
                        provider: provider, tenant: tenants[row.key.tenant] ?? "",
                        model: models[Int64(row.key.model)] ?? "", minute: reader.header.hour * 60 + minute,
                        counts: Counts(requests, input, output)))
            }
        }
        return rows
    }

    /// Rows of the queued hours, from payloads. Names beyond a budget aren't told apart here.
    private static func waiting(_ connection: Connection, _ granularity: SegmentGranularity) throws -> [StoredRow] {
        var rows: [StoredRow] = []
        for queued in try connection.query(
            """
            SELECT p.name, y.payload, array_agg(extract(epoch FROM q.hour)::int8 / 3600)::text
              FROM segment_queue q JOIN provider p USING (provider_id)
              JOIN ledger_payload y USING (collector_id, epoch, sequence, received_at)
             GROUP BY p.name, q.position, y.payload
            """)
        {
            let batch = try BatchDecoder().decode(try queued.decode(1, as: [UInt8].self)).rows
            let hours = Set(
                try queued.decode(2, as: String.self).dropFirst().dropLast().split(separator: ",").compactMap {
                    Int64($0)
                })
            let provider: String = try queued.decode(0)
            for row in batch.rows where hours.contains(row.minute.flooredDivision(by: 60)) {
                let hour = row.minute.flooredDivision(by: 60) * 60
                let (hasTenant, hasModel) = (
                    granularity == .hour || granularity == .minuteByTenant,
                    granularity == .hour || granularity == .minuteByModel
                )
                rows.append(
                    StoredRow(
                        provider: provider, tenant: hasTenant ? batch.tenants[Int(row.tenant)] : "",
                        model: hasModel ? batch.models[Int(row.model)] : "",
                        minute: granularity == .hour ? hour : row.minute,
                        counts: Counts(row.counts.requests, row.counts.input, row.counts.output)))
            }
        }
        return rows
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
