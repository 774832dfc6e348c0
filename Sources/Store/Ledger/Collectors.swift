internal import Postgres
package import Reporting
package import UsageModel

/// Who a batch came from: the two names of a verified client certificate that are stored.
package struct CollectorKey: Sendable, Hashable {
    package var provider: String
    package var collector: String

    package init(provider: String, collector: String) {
        self.provider = provider
        self.collector = collector
    }

    package init(_ identity: CollectorIdentity) {
        self.init(provider: identity.provider, collector: identity.name)
    }
}

/// What the store knows about a collector.
package struct CollectorStatus: Sendable, Equatable {
    package var provider: String
    package var collector: String
    package var epoch: UInt64
    package var nextSequence: UInt64
    package var softwareVersion: String
    /// The last time it said anything: a batch, a lookup, an epoch.
    package var lastSeen: Timestamp
    /// The last batch that was counted.
    package var lastBatchAt: Timestamp?
    /// The newest event minute that it delivered, in minutes since 1970-01-01T00:00Z.
    package var newestMinute: Int64?
    /// Batches of it that are committed and not rolled up yet.
    package var pendingBatches: Int
    /// Batches that came again after they were counted.
    package var duplicates: UInt64
    /// Batches of it in `batch_quarantine`.
    package var quarantined: Int
    /// What it said of itself last; `nil` for one that never did.
    package var report: Report?

    package struct Report: Sendable, Equatable {
        package var at: Timestamp
        /// Batches that are sealed there and not shipped.
        package var backlogBatches: UInt64
        package var backlogBytes: UInt64
        /// Why it takes no input; empty where it does.
        package var reasons: [String]
        package var certificateEnd: Timestamp?
    }
}

extension StoreSession {
    /// All collectors that the caller may see, by provider and name.
    package func collectors(visibility: Visibility) throws -> [CollectorStatus] {
        var statuses: [CollectorStatus] = []
        try forEachCollector(visibility: visibility) { statuses.append($0) }
        return statuses
    }

    /// The same, one by one.
    package func forEachCollector(visibility: Visibility, _ body: (CollectorStatus) throws -> Void) throws {
        try connection.forEachRow(
            """
            SELECT p.name, c.name, e.epoch, e.next_sequence, e.software_version, e.last_seen_at, e.last_batch_at,
                   e.newest_minute, coalesce(q.pending, 0), d.duplicates, coalesce(b.quarantined, 0),
                   h.seen_at, h.backlog_batches, h.backlog_bytes, h.reasons, h.certificate_end_at
              FROM collector c
              JOIN provider p USING (provider_id)
              JOIN collector_epoch e ON e.collector_id = c.collector_id AND e.is_live
              JOIN (SELECT collector_id, sum(duplicates) AS duplicates FROM collector_epoch GROUP BY 1) d
                ON d.collector_id = c.collector_id
              LEFT JOIN (SELECT collector_id, count(*) AS pending FROM rollup_queue GROUP BY 1) q
                ON q.collector_id = c.collector_id
              LEFT JOIN (SELECT collector_id, count(*) AS quarantined FROM batch_quarantine GROUP BY 1) b
                ON b.collector_id = c.collector_id
              LEFT JOIN collector_heartbeat h ON h.collector_id = c.collector_id
             WHERE $1 = '*' OR p.name = $1
             ORDER BY p.name, c.name
            """, [.text(visibility.setting)]
        ) { row in
            let reportedAt: Timestamp? = try row.decode(11)
            let report = try reportedAt.map { at in
                CollectorStatus.Report(
                    at: at, backlogBatches: try row.decode(12), backlogBytes: try row.decode(13),
                    reasons: try row.decode(14, as: String.self).split(separator: ",").map(String.init),
                    certificateEnd: try row.decode(15))
            }
            try body(
                CollectorStatus(
                    provider: try row.decode(0), collector: try row.decode(1), epoch: try row.decode(2),
                    nextSequence: try row.decode(3), softwareVersion: try row.decode(4), lastSeen: try row.decode(5),
                    lastBatchAt: try row.decode(6), newestMinute: try row.decode(7),
                    pendingBatches: try row.decode(8), duplicates: try row.decode(9), quarantined: try row.decode(10),
                    report: report))
        }
    }
}
