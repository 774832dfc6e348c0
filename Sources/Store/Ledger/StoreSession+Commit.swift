internal import Postgres
internal import UsageModel

/// The locked high-water row of a collector's live epoch.
struct HighWater {
    var collector: Int32
    var nextSequence: UInt64
    var chain: [UInt8]
}

/// Why there is no live epoch to work on.
enum EpochRefusal: Error {
    case fenced(liveEpoch: UInt64)
    case unknownEpoch

    var commitOutcome: CommitOutcome {
        switch self {
        case .fenced(let live): .fenced(liveEpoch: live)
        case .unknownEpoch: .unknownEpoch
        }
    }

    var lookupOutcome: LookupOutcome {
        switch self {
        case .fenced(let live): .fenced(liveEpoch: live)
        case .unknownEpoch: .unknownEpoch
        }
    }
}

extension StoreSession {
    /// The most forks that are kept of one collector, in batches; more are refused all the same, but not kept.
    static let maxForksKept = 1_000

    /// See ``Store/commitBatch(_:)``. Must run in a transaction; a ledger partition must exist.
    func commitBatch(_ batch: BatchCommit) throws -> CommitOutcome {
        let highWater: HighWater
        switch try lockHighWater(batch.key, epoch: batch.epoch) {
        case .failure(let refusal): return refusal.commitOutcome
        case .success(let found): highWater = found
        }
        let decision = try BatchDecision(sequence: batch.sequence, nextSequence: highWater.nextSequence) {
            try history(of: batch, highWater.collector)
        }
        switch decision {
        case .count: return try count(batch, highWater)
        case .duplicate(let advances): return try noteDuplicate(batch, highWater, advance: advances)
        case .gap(let expected): return .gap(expectedSequence: expected)
        case .spoolSequenceReused:
            try setAside(batch, highWater, "spool-sequence-reused", "the spool's sequence was used for other bytes")
            return .spoolSequenceReused
        case .fork(let expected):
            try setAside(batch, highWater, "fork", "the sequence number was used for other bytes")
            return .fork(expectedSequence: expected)
        }
    }

    private func history(of batch: BatchCommit, _ collector: Int32) throws -> BatchHistory {
        let row = try connection.query(
            """
            SELECT EXISTS (SELECT FROM ledger_digest WHERE collector_id = $1 AND digest = $2),
                   EXISTS (SELECT FROM ledger_digest WHERE collector_id = $1 AND spool_id = $3 AND spool_sequence = $4)
            """,
            [
                .int(Int64(collector)), .bytes(batch.digest), .bytes(batch.spoolID),
                .int(Int64(clamping: batch.spoolSequence)),
            ]
        ).one()
        return BatchHistory(isKnown: try row.decode(0), isSpoolSequenceUsed: try row.decode(1))
    }

    /// Locks the row that serialises everything about one collector's epoch. It is one row of one table, so that what
    /// is read after waiting for the lock is what the holder before committed.
    func lockHighWater(_ key: CollectorKey, epoch: UInt64) throws -> Result<HighWater, EpochRefusal> {
        let rows = try connection.query(
            """
            SELECT e.collector_id, e.is_live, e.next_sequence, e.chain
              FROM collector_epoch e
             WHERE e.collector_id = (
                       SELECT c.collector_id FROM collector c JOIN provider p USING (provider_id)
                        WHERE p.name = $1 AND c.name = $2)
               AND e.epoch = $3
               FOR UPDATE
            """, [.text(key.provider), .text(key.collector), .int(Int64(clamping: epoch))])
        guard let row = rows.first else { return .failure(.unknownEpoch) }
        let collector: Int32 = try row.decode(0)
        guard try row.decode(1, as: Bool.self) else {
            let live: UInt64 = try connection.query(
                "SELECT max(epoch) FROM collector_epoch WHERE collector_id = $1", [.int(Int64(collector))]
            ).one().decode(0)
            return .failure(.fenced(liveEpoch: live))
        }
        return .success(HighWater(collector: collector, nextSequence: try row.decode(2), chain: try row.decode(3)))
    }

    private func count(_ batch: BatchCommit, _ highWater: HighWater) throws -> CommitOutcome {
        let row = try connection.query(Self.countSQL, parameters(batch, highWater)).one()
        return .counted(nextSequence: try row.decode(0), chain: try row.decode(1))
    }

    /// A duplicate's answer confirms the original, so it writes too: its commit comes after the original's in the WAL.
    private func noteDuplicate(_ batch: BatchCommit, _ highWater: HighWater, advance: Bool) throws -> CommitOutcome {
        let row = try connection.query(
            """
            UPDATE collector_epoch
               SET duplicates = duplicates + 1, last_seen_at = greatest(last_seen_at, $3),
                   next_sequence = next_sequence + CASE WHEN $4 THEN 1 ELSE 0 END,
                   chain = CASE WHEN $4 THEN sha256(chain || $5) ELSE chain END
             WHERE collector_id = $1 AND epoch = $2 RETURNING chain
            """,
            [
                .int(Int64(highWater.collector)), .int(Int64(clamping: batch.epoch)), .timestamp(batch.receivedAt),
                .bool(advance), .bytes(batch.digest),
            ]
        ).one()
        return .duplicate(nextSequence: batch.sequence + 1, chain: try row.decode(0))
    }

    /// Keeps a batch that is not counted, within ``maxForksKept``.
    private func setAside(
        _ batch: BatchCommit, _ highWater: HighWater, _ reason: String, _ detail: String
    ) throws {
        try connection.query(
            """
            INSERT INTO batch_quarantine (collector_id, digest, epoch, sequence, reason, detail, received_at, payload)
            SELECT $1, $2, $3, $4, $8, $9, $5, $6
             WHERE (SELECT count(*) FROM batch_quarantine WHERE collector_id = $1) < $7
            ON CONFLICT (collector_id, digest) DO NOTHING
            """,
            [
                .int(Int64(highWater.collector)), .bytes(batch.digest), .int(Int64(clamping: batch.epoch)),
                .int(Int64(clamping: batch.sequence)), .timestamp(batch.receivedAt), .bytes(batch.payload),
                .int(Self.maxForksKept), .text(reason), .text(detail),
            ])
    }

    private func parameters(_ batch: BatchCommit, _ highWater: HighWater) -> [Parameter] {
        let rejections = batch.rejections.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\"\($0.key.rawValue)\":\($0.value)" }.joined(separator: ",")
        return [
            .int(Int64(highWater.collector)), .int(Int64(clamping: batch.epoch)),
            .int(Int64(clamping: batch.sequence)), .timestamp(batch.receivedAt), .bytes(batch.digest),
            .bytes(batch.spoolID), .int(Int64(clamping: batch.spoolSequence)), .timestamp(batch.sealedAt),
            .text(batch.softwareVersion), .int(batch.payload.count), .int(batch.rowCount),
            .numeric(UInt128(batch.eventCount)), .numeric(batch.totals.requests), .numeric(batch.totals.input),
            .numeric(batch.totals.cachedInput), .numeric(batch.totals.output),
            .numeric(batch.totals.reasoningOutput), .text("{\(rejections)}"), .int(batch.minutes?.lowerBound),
            .int(batch.minutes?.upperBound), .bytes(batch.payload),
        ]
    }

    /// Ledger, payload, digest, queue and high-water mark in one round trip.
    private static let countSQL = """
        WITH ledger_row AS (
            INSERT INTO ledger (collector_id, epoch, sequence, received_at, digest, spool_id, spool_sequence, sealed_at,
                software_version, payload_bytes, row_count, event_count, requests, input_tokens,
                cached_input_tokens, output_tokens, reasoning_output_tokens, rejections, first_minute, last_minute)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::jsonb, $19, $20)),
        payload_row AS (
            INSERT INTO ledger_payload (collector_id, epoch, sequence, received_at, payload)
            VALUES ($1, $2, $3, $4, $21)),
        digest_row AS (
            INSERT INTO ledger_digest (collector_id, digest, epoch, sequence, spool_id, spool_sequence)
            VALUES ($1, $5, $2, $3, $6, $7)),
        queue_row AS (
            INSERT INTO rollup_queue (collector_id, epoch, sequence, received_at, row_count, payload_bytes)
            VALUES ($1, $2, $3, $4, $11, $10))
        UPDATE collector_epoch
           SET next_sequence = next_sequence + 1, chain = sha256(chain || $5), software_version = $9,
               last_seen_at = greatest(last_seen_at, $4), last_batch_at = greatest(last_batch_at, $4),
               newest_minute = greatest(newest_minute, $20)
         WHERE collector_id = $1 AND epoch = $2
        RETURNING next_sequence, chain
        """
}
