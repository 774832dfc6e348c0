internal import Postgres
package import Reporting
package import UsageModel

extension StoreSession {
    /// The most holes that are looked for, of sequence numbers and of ledger positions each.
    static let maxHoles = 100

    /// What the ledger gave numbers to and has no row of any more: sequence numbers below an epoch's high-water mark,
    /// and ledger positions below the one that the sums count up to.
    ///
    /// - Parameter since: holes whose next batch was received before that aren't looked for.
    /// - Returns: sequence numbers by collector and epoch, then positions; at most ``maxHoles`` of each.
    /// - Complexity: a scan of the ledger's partitions from that time on, and of the positions.
    package func ledgerHoles(since: Timestamp) throws -> [LedgerHole] {
        try sequenceHoles(since: since) + (try isPositionMissing() ? positionHoles(since: since) : [])
    }

    private func sequenceHoles(since: Timestamp) throws -> [LedgerHole] {
        try connection.query(
            """
            WITH used AS (
                SELECT collector_id, epoch, sequence FROM ledger WHERE received_at >= $1
                UNION ALL
                SELECT collector_id, epoch, sequence FROM repeated_batch WHERE received_at >= $1
                UNION ALL
                SELECT collector_id, epoch, next_sequence FROM collector_epoch WHERE last_seen_at >= $1),
            steps AS (
                SELECT collector_id, epoch, sequence,
                       lag(sequence) OVER (PARTITION BY collector_id, epoch ORDER BY sequence) AS before
                  FROM used),
            holes AS (
                SELECT collector_id, epoch, sequence - 1 AS last FROM steps s
                 WHERE sequence > 0 AND before IS DISTINCT FROM sequence - 1
                   AND NOT EXISTS (
                       SELECT FROM ledger l
                        WHERE l.collector_id = s.collector_id AND l.epoch = s.epoch AND l.sequence = s.sequence - 1)
                   AND NOT EXISTS (
                       SELECT FROM repeated_batch r
                        WHERE r.collector_id = s.collector_id AND r.epoch = s.epoch AND r.sequence = s.sequence - 1))
            SELECT p.name, c.name, h.epoch,
                   greatest(
                       (SELECT max(sequence) FROM ledger l
                         WHERE l.collector_id = h.collector_id AND l.epoch = h.epoch AND l.sequence < h.last),
                       (SELECT max(sequence) FROM repeated_batch r
                         WHERE r.collector_id = h.collector_id AND r.epoch = h.epoch AND r.sequence < h.last), -1) + 1,
                   h.last
              FROM holes h JOIN collector c USING (collector_id) JOIN provider p USING (provider_id)
             ORDER BY p.name, c.name, h.epoch, h.last LIMIT $2
            """, [.timestamp(since), .int(Self.maxHoles)]
        ).map {
            LedgerHole(
                batches: LedgerHole.Epoch(
                    provider: try $0.decode(0), collector: try $0.decode(1), number: try $0.decode(2)),
                first: try $0.decode(3), last: try $0.decode(4))
        }
    }

    /// Positions are unique and above 0, so that their number tells.
    private func isPositionMissing() throws -> Bool {
        try connection.query(
            """
            SELECT count(*) <> (SELECT position FROM rollup_state)
                   OR coalesce(max(position), 0) <> (SELECT position FROM rollup_state)
              FROM ledger_position
            """
        ).one().decode(0)
    }

    private func positionHoles(since: Timestamp) throws -> [LedgerHole] {
        try connection.query(
            """
            SELECT before + 1, position - 1
              FROM (SELECT position, received_at, lag(position, 1, 0::bigint) OVER (ORDER BY position) AS before
                      FROM (SELECT position, received_at FROM ledger_position
                            UNION ALL SELECT position + 1, NULL FROM rollup_state) given) steps
             WHERE position > before + 1 AND (received_at IS NULL OR received_at >= $1)
             ORDER BY position LIMIT $2
            """, [.timestamp(since), .int(Self.maxHoles)]
        ).map { LedgerHole(batches: nil, first: try $0.decode(0), last: try $0.decode(1)) }
    }
}
