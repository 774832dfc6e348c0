internal import Postgres
package import UsageModel

/// A validated batch, ready to be counted.
package struct BatchCommit: Sendable {
    package var key: CollectorKey
    package var epoch: UInt64
    package var sequence: UInt64
    /// SHA-256 of `payload`, 32 bytes.
    package var digest: [UInt8]
    /// The sealed bytes as they came.
    package var payload: [UInt8]
    package var spoolID: [UInt8]
    package var spoolSequence: UInt64
    package var sealedAt: Timestamp
    package var softwareVersion: String
    package var eventCount: UInt64
    package var rowCount: Int
    /// Net of what its rows take back: negative where they take back more than they count.
    package var totals: SignedTokenCounts
    /// Events refused at the source, by reason.
    package var rejections: [RejectionReason: UInt64]
    /// First and last event minute, in minutes since 1970-01-01T00:00Z; `nil` for a batch without rows.
    package var minutes: ClosedRange<Int64>?
    package var receivedAt: Timestamp

    package init(
        key: CollectorKey, epoch: UInt64, sequence: UInt64, digest: [UInt8], payload: [UInt8], spoolID: [UInt8],
        spoolSequence: UInt64, sealedAt: Timestamp, softwareVersion: String, eventCount: UInt64, rowCount: Int,
        totals: SignedTokenCounts, rejections: [RejectionReason: UInt64], minutes: ClosedRange<Int64>?,
        receivedAt: Timestamp
    ) {
        self.key = key
        self.epoch = epoch
        self.sequence = sequence
        self.digest = digest
        self.payload = payload
        self.spoolID = spoolID
        self.spoolSequence = spoolSequence
        self.sealedAt = sealedAt
        self.softwareVersion = softwareVersion
        self.eventCount = eventCount
        self.rowCount = rowCount
        self.totals = totals
        self.rejections = rejections
        self.minutes = minutes
        self.receivedAt = receivedAt
    }
}

/// What became of a batch, with the receipt of one that is acknowledged.
package struct CommittedBatch: Sendable, Equatable {
    package var outcome: BatchOutcome
    /// `nil` for an outcome that is no acknowledgement.
    package var receipt: BatchReceipt?
    /// Whether the bytes of a batch that may not be counted were to be quarantined and found no room there.
    package var isDropped = false
}

/// What is kept of one collector's batches that may not be counted, as evidence: forks, and spool sequences that were
/// used twice. The first ones are kept, since they show how it began; what comes beyond is refused like them, and
/// dropped.
package struct QuarantineLimits: Sendable, Equatable {
    /// Batches.
    package var batches = 1_000
    /// Sealed bytes of all of them.
    package var bytes = 64 << 20

    package init() {}
}

/// What an acknowledgement says of the batch's epoch.
package struct BatchReceipt: Sendable, Equatable {
    /// The sequence number after the batch's own.
    package var nextSequence: UInt64
    /// SHA-256(chain before ‖ digest) over all batches of the epoch, 32 bytes.
    package var chain: [UInt8]
}

/// Why a batch's bytes are kept in `batch_quarantine` and not counted. Raw values are stored.
package enum QuarantineReason: String, Sendable {
    case fork
    case spoolSequenceReused = "spool-sequence-reused"
    /// Found at the rollup: the payload is no batch, or not the one that the ledger tells of.
    case undecodable
    /// Found at the rollup: the sums can't take it.
    case rollupFailed = "rollup-failed"

    /// Those that a rollup finds.
    package static let ofRollups: [QuarantineReason] = [.undecodable, .rollupFailed]
}

extension Store {
    /// Counts a batch once: checks epoch and sequence under a lock, inserts it into the ledger and the rollup queue,
    /// and moves the high-water mark, in one short transaction. When this returns an acknowledgement it is durable.
    ///
    /// - Parameter rows: what the payload holds, for the rollup of this process; `nil` where another rolls up.
    /// - Throws: ``PostgresError``. With ``PostgresError/isUnknownCommit`` even after retries nobody knows whether it
    ///   was counted; sending the same batch again tells.
    package func commitBatch(
        _ batch: BatchCommit, rows: UsageRows? = nil, quarantine limits: QuarantineLimits = QuarantineLimits()
    ) async throws -> CommittedBatch {
        try await ensureLedgerPartitions(for: batch.receivedAt)
        let (committed, collector) = try await transaction(retry: .idempotent) {
            try $0.commit(batch, quarantine: limits)
        }
        if let rows, let collector, committed.outcome == .counted {
            let key = LedgerBatch.Key(
                collector: collector, epoch: Int64(clamping: batch.epoch), sequence: Int64(clamping: batch.sequence))
            rollupMemory.decoded.put(rows, of: key)
        }
        return committed
    }
}

/// The locked high-water row of a collector's live epoch.
struct HighWater {
    var collector: Int32
    var nextSequence: UInt64
    var chain: [UInt8]
}

extension StoreSession {
    /// The part of ``Store/commitBatch(_:rows:quarantine:)`` that is one transaction. The ledger's partition must
    /// exist.
    ///
    /// - Returns: with the collector's number; `nil` of a collector or epoch that isn't known or live.
    func commit(
        _ batch: BatchCommit, quarantine limits: QuarantineLimits = QuarantineLimits()
    ) throws -> (batch: CommittedBatch, collector: Int32?) {
        let highWater: HighWater
        switch try lockHighWater(batch.key, epoch: batch.epoch) {
        case .failure(let refusal): return (CommittedBatch(outcome: BatchOutcome(refusal)), nil)
        case .success(let found): highWater = found
        }
        let outcome = try BatchOutcome(sequence: batch.sequence, nextSequence: highWater.nextSequence) {
            try history(of: batch, collector: highWater.collector)
        }
        let usesUp = outcome.usesUp(sequence: batch.sequence, nextSequence: highWater.nextSequence)
        var receipt: BatchReceipt?
        var isDropped = false
        switch outcome {
        case .counted: receipt = try count(batch, highWater: highWater)
        case .duplicate: receipt = try confirmDuplicate(batch, highWater: highWater, usesUpSequence: usesUp)
        case .spoolSequenceReused:
            isDropped = try !quarantine(
                batch, of: highWater.collector, as: .spoolSequenceReused, within: limits,
                detail: "the spool's sequence was used for other bytes")
        case .fork:
            isDropped = try !quarantine(
                batch, of: highWater.collector, as: .fork, within: limits,
                detail: "the sequence number was used for other bytes")
        case .gap, .fenced, .unknownEpoch: break
        }
        precondition(
            (receipt != nil) == outcome.isAcknowledgement, "\(outcome) of \(batch.key) has the wrong receipt")
        let committed = CommittedBatch(outcome: outcome, receipt: receipt, isDropped: isDropped)
        return (committed, highWater.collector)
    }

    private func history(of batch: BatchCommit, collector: Int32) throws -> BatchHistory {
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
                "SELECT coalesce(max(epoch), 0) FROM collector_epoch WHERE collector_id = $1 AND NOT is_retired",
                [.int(Int64(collector))]
            ).one().decode(0)
            return .failure(.fenced(liveEpoch: live))
        }
        return .success(HighWater(collector: collector, nextSequence: try row.decode(2), chain: try row.decode(3)))
    }

    private func count(_ batch: BatchCommit, highWater: HighWater) throws -> BatchReceipt {
        let row = try connection.query(Self.countSQL, parameters(batch, highWater: highWater)).one()
        let receipt = BatchReceipt(nextSequence: try row.decode(0), chain: try row.decode(1))
        // Sequence numbers are gapless: the row was locked, so it moves from this batch's number to the next.
        precondition(
            receipt.nextSequence == batch.sequence + 1,
            "sequence \(batch.sequence) of \(batch.key) was counted, and \(receipt.nextSequence) comes next")
        return receipt
    }

    /// A duplicate's answer confirms the original, so it writes too: its commit comes after the original's in the WAL.
    /// A sequence number that it uses up is noted, so that its place in the ledger isn't taken for a deleted batch's.
    private func confirmDuplicate(
        _ batch: BatchCommit, highWater: HighWater, usesUpSequence: Bool
    ) throws -> BatchReceipt {
        let row = try connection.query(
            """
            WITH repeated AS (
                INSERT INTO repeated_batch (collector_id, epoch, sequence, received_at, digest)
                SELECT $1, $2, $6, $3, $5 WHERE $4)
            UPDATE collector_epoch
               SET duplicates = duplicates + 1, last_seen_at = greatest(last_seen_at, $3),
                   next_sequence = next_sequence + CASE WHEN $4 THEN 1 ELSE 0 END,
                   chain = CASE WHEN $4 THEN sha256(chain || $5) ELSE chain END
             WHERE collector_id = $1 AND epoch = $2 RETURNING chain
            """,
            [
                .int(Int64(highWater.collector)), .int(Int64(clamping: batch.epoch)), .timestamp(batch.receivedAt),
                .bool(usesUpSequence), .bytes(batch.digest), .int(Int64(clamping: batch.sequence)),
            ]
        ).one()
        return BatchReceipt(nextSequence: batch.sequence + 1, chain: try row.decode(0))
    }

    /// Keeps a batch that is not counted, where there is room for it.
    ///
    /// - Returns: whether it is kept; once is enough for the same bytes.
    private func quarantine(
        _ batch: BatchCommit, of collector: Int32, as reason: QuarantineReason, within limits: QuarantineLimits,
        detail: String
    ) throws -> Bool {
        try connection.query(
            """
            WITH kept AS (
                SELECT count(*) AS batches, coalesce(sum(octet_length(payload)), 0) AS bytes,
                       coalesce(bool_or(digest = $2), false) AS is_known
                  FROM batch_quarantine
                 WHERE collector_id = $1 AND reason IN ('fork', 'spool-sequence-reused')),
            added AS (
                INSERT INTO batch_quarantine (
                    collector_id, provider_id, digest, epoch, sequence, reason, detail, received_at, payload)
                SELECT $1, provider_id, $2, $3, $4, $8, $9, $5, $6 FROM collector, kept
                 WHERE collector_id = $1 AND batches < $7 AND bytes + $10::bigint <= $11::bigint
                ON CONFLICT (collector_id, digest) DO NOTHING
                RETURNING 1)
            SELECT is_known OR EXISTS (SELECT FROM added) FROM kept
            """,
            [
                .int(Int64(collector)), .bytes(batch.digest), .int(Int64(clamping: batch.epoch)),
                .int(Int64(clamping: batch.sequence)), .timestamp(batch.receivedAt), .bytes(batch.payload),
                .int(limits.batches), .text(reason.rawValue), .text(detail), .int(batch.payload.count),
                .int(limits.bytes),
            ]
        ).one().decode(0)
    }

    private func parameters(_ batch: BatchCommit, highWater: HighWater) -> [Parameter] {
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

    /// Ledger, payload, digest, queue and high-water mark in one round trip: the collector's row stays locked for no
    /// longer than that and COMMIT. All parts of a statement see one snapshot, and none reads what another writes.
    private static let countSQL = """
        WITH ledger_row AS (
            INSERT INTO ledger (collector_id, provider_id, epoch, sequence, received_at, digest, spool_id,
                spool_sequence, sealed_at, software_version, payload_bytes, row_count, event_count, requests,
                input_tokens, cached_input_tokens, output_tokens, reasoning_output_tokens, rejections, first_minute,
                last_minute)
            SELECT $1, provider_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::jsonb,
                   $19, $20
              FROM collector WHERE collector_id = $1),
        payload_row AS (
            INSERT INTO ledger_payload (collector_id, provider_id, epoch, sequence, received_at, payload)
            SELECT $1, provider_id, $2, $3, $4, $21 FROM collector WHERE collector_id = $1),
        digest_row AS (
            INSERT INTO ledger_digest (collector_id, digest, epoch, sequence, spool_id, spool_sequence)
            VALUES ($1, $5, $2, $3, $6, $7)),
        queue_row AS (
            INSERT INTO rollup_queue (collector_id, provider_id, epoch, sequence, received_at, row_count, payload_bytes)
            SELECT $1, provider_id, $2, $3, $4, $11, $10 FROM collector WHERE collector_id = $1)
        UPDATE collector_epoch
           SET next_sequence = next_sequence + 1, chain = sha256(chain || $5), software_version = $9,
               last_seen_at = greatest(last_seen_at, $4), last_batch_at = greatest(last_batch_at, $4),
               newest_minute = greatest(newest_minute, $20)
         WHERE collector_id = $1 AND epoch = $2
        RETURNING next_sequence, chain
        """
}
