internal import Postgres
package import UsageModel

/// What a collector says of itself from time to time.
package struct Heartbeat: Sendable {
    package var key: CollectorKey
    package var content: ControlMessages.Heartbeat
    package var now: Timestamp

    package init(key: CollectorKey, content: ControlMessages.Heartbeat, now: Timestamp) {
        self.key = key
        self.content = content
        self.now = now
    }
}

extension StoreSession {
    /// Takes down what a collector says of itself. Must run in a transaction; may be tried again.
    ///
    /// - Returns: the first sequence number of the epoch that isn't used up: less than the collector says where the
    ///   database has gone back to an older backup.
    package func note(_ heartbeat: Heartbeat) throws -> Result<UInt64, EpochRefusal> {
        let content = heartbeat.content
        let highWater: HighWater
        switch try lockHighWater(heartbeat.key, epoch: content.epoch) {
        case .failure(let refusal): return .failure(refusal)
        case .success(let found): highWater = found
        }
        let collector = Parameter.int(Int64(highWater.collector))
        try connection.query(
            """
            UPDATE collector_epoch SET last_seen_at = greatest(last_seen_at, $3)
             WHERE collector_id = $1 AND epoch = $2
            """, [collector, .int(Int64(clamping: content.epoch)), .timestamp(heartbeat.now)])
        try connection.query(
            """
            INSERT INTO collector_heartbeat (collector_id, provider_id, seen_at, software_version, backlog_batches,
                backlog_bytes, reasons, certificate_end_at)
            SELECT $1, provider_id, $2, $3, $4, $5, $6, to_timestamp($7::bigint)
              FROM collector WHERE collector_id = $1
            ON CONFLICT (collector_id) DO UPDATE
               SET seen_at = excluded.seen_at, software_version = excluded.software_version,
                   backlog_batches = excluded.backlog_batches, backlog_bytes = excluded.backlog_bytes,
                   reasons = excluded.reasons, certificate_end_at = excluded.certificate_end_at
            """,
            [
                collector, .timestamp(heartbeat.now), .text(content.softwareVersion),
                .int(Int64(clamping: content.backlogBatches)), .int(Int64(clamping: content.backlogBytes)),
                .text(content.reasons.joined(separator: ",")), .int(content.certificateEndSeconds),
            ])
        return .success(highWater.nextSequence)
    }
}
