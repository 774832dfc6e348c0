internal import Postgres
internal import TextFormats
package import UsageModel

/// A batch of the ledger, without its payload.
struct LedgerBatch {
    var collector: Int32
    var provider: Int16
    var epoch: Int64
    var sequence: Int64
    var receivedAt: Timestamp
    var rows: Int
    var payloadBytes: Int

    /// What tells batches of the ledger apart.
    struct Key: Hashable {
        let collector: Int32
        let epoch: Int64
        let sequence: Int64
    }

    var key: Key { Key(collector: collector, epoch: epoch, sequence: sequence) }
}

extension LedgerBatch {
    /// Reads the columns collector, provider, epoch, sequence, received at, rows and bytes, from `column` on.
    init(_ row: Row, from column: Int) throws {
        collector = try row.decode(column)
        provider = try row.decode(column + 1)
        epoch = try row.decode(column + 2)
        sequence = try row.decode(column + 3)
        receivedAt = try row.decode(column + 4)
        rows = try row.decode(column + 5)
        payloadBytes = try row.decode(column + 6)
    }
}

extension String {
    /// The first 500 characters: enough of an error for whoever looks into the quarantine.
    static func shortened(_ text: String) -> String { String(text.prefix(500)) }
}

extension RollupLimits {
    /// How many batches from the first on may be taken at once: all that fit, and at least one of any.
    func portion(of batches: [LedgerBatch]) -> Int {
        var (rows, bytes) = (0, 0)
        for (index, batch) in batches.enumerated() {
            rows += batch.rows
            bytes += batch.payloadBytes
            let fits = index < maxBatches && rows <= maxRows && bytes <= maxPayloadBytes
            guard index == 0 || fits else { return index }
        }
        return batches.count
    }
}

/// Batches with what their payloads hold.
struct DecodedBatches {
    struct Good {
        var batch: LedgerBatch
        /// Empty where the rows are those of the commit, in the same process.
        var payload: [UInt8]
        var rows: UsageRows
        /// Of a batch that was counted before.
        var overLimit = OverLimitNames()
    }

    struct Bad {
        var batch: LedgerBatch
        var payload: [UInt8]
        var reason: QuarantineReason
        /// What is wrong with it, for people.
        var detail: String
    }

    var good: [Good] = []
    var bad: [Bad] = []

    var rowCount: Int { good.reduce(0) { $0 + $1.rows.rows.count } }
    var totals: SignedTokenCounts { good.reduce(into: SignedTokenCounts()) { $0 += $1.rows.totals } }
}

/// Reads and decodes payloads of the ledger.
struct PayloadReader {
    let connection: Connection
    let decode: PayloadDecoder

    /// One that can't be decoded is not in the way of the others.
    func read(_ batches: [LedgerBatch]) throws -> DecodedBatches {
        // A subquery for each row, so that the plan is always one index look-up in one partition.
        let rows = try connection.query(
            """
            SELECT (SELECT p.payload FROM ledger_payload p
                     WHERE p.collector_id = b.collector_id AND p.epoch = b.epoch AND p.sequence = b.sequence
                       AND p.received_at = b.received_at)
              FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::timestamptz[])
                   WITH ORDINALITY AS b (collector_id, epoch, sequence, received_at, n)
             ORDER BY b.n
            """,
            [
                .int32Array(batches.map(\.collector)), .int64Array(batches.map(\.epoch)),
                .int64Array(batches.map(\.sequence)), .timestampArray(batches.map(\.receivedAt)),
            ])
        var decoded = DecodedBatches()
        precondition(rows.count == batches.count, "\(rows.count) payloads of \(batches.count) batches")
        for (batch, row) in zip(batches, rows) {
            let payload: [UInt8]? = try row.decode(0)
            guard let payload else {
                decoded.bad.append(
                    .init(batch: batch, payload: [], reason: .undecodable, detail: "the payload is missing"))
                continue
            }
            do {
                decoded.good.append(.init(batch: batch, payload: payload, rows: try decode(payload)))
            } catch {
                decoded.bad.append(
                    .init(batch: batch, payload: payload, reason: .undecodable, detail: .shortened("\(error)")))
            }
        }
        return decoded
    }
}

extension RollupJob {
    /// The rows of batches as the commit decoded them, where this process still has them, and else read, decoded and
    /// held to the ledger.
    func recall(_ batches: [LedgerBatch]) throws -> DecodedBatches {
        guard let memory else { return try readHeldToLedger(batches) }
        let known = batches.map { memory.decoded.rows(of: $0.key) }
        let missing = batches.indices.filter { known[$0] == nil }
        let read = try missing.isEmpty ? DecodedBatches() : readHeldToLedger(missing.map { batches[$0] })
        var others = Dictionary(uniqueKeysWithValues: read.good.map { ($0.batch.key, $0) })
        // In the order of the batches, which is that of their positions.
        let good = zip(batches, known).compactMap { batch, rows in
            rows.map { DecodedBatches.Good(batch: batch, payload: [], rows: $0) }
                ?? others.removeValue(forKey: batch.key)
        }
        return DecodedBatches(good: good, bad: read.bad)
    }

    func read(_ batches: [LedgerBatch]) throws -> DecodedBatches {
        try PayloadReader(connection: connection, decode: decode).read(batches)
    }

    /// Gives the names of all batches their ids in bulk.
    func names(of batches: [DecodedBatches.Good], naming rule: NamingRule) throws -> [BatchNames] {
        try BatchNaming(connection: connection, rule: rule, memory: memory?.names).names(of: batches)
    }

    /// Keeps batches that don't count, with their reasons. They take no ledger position: a position counts sums. Their
    /// payload is in the ledger as well, from where they can be queued again.
    func quarantine(_ bad: [DecodedBatches.Bad]) throws {
        for item in bad {
            try connection.query(
                """
                INSERT INTO batch_quarantine (
                    collector_id, provider_id, digest, epoch, sequence, reason, detail, received_at, payload)
                SELECT $1, provider_id, digest, $2, $3, $7, $4, $5, $6 FROM ledger
                 WHERE collector_id = $1 AND epoch = $2 AND sequence = $3 AND received_at = $5
                ON CONFLICT (collector_id, digest) DO UPDATE SET reason = excluded.reason, detail = excluded.detail
                """,
                [
                    .int(Int64(item.batch.collector)), .int(item.batch.epoch), .int(item.batch.sequence),
                    .text(item.detail), .timestamp(item.batch.receivedAt), .bytes(item.payload),
                    .text(item.reason.rawValue),
                ])
        }
    }
}

extension StoreSession {
    /// Queues batches again that a rollup could not count. Must run in a transaction.
    ///
    /// - Parameters:
    ///   - provider: only this one's; `nil` for every one's.
    ///   - author: who does it, for the audit log.
    /// - Returns: how many. A batch whose payload retention has dropped stays in quarantine.
    package func requeueQuarantined(of provider: String?, by author: ServerOperator, at now: Timestamp) throws -> Int {
        let reasons = QuarantineReason.ofRollups.map(\.rawValue)
        let queued = try connection.query(
            """
            WITH taken AS (
                DELETE FROM batch_quarantine q USING collector c, provider p, ledger l
                 WHERE c.collector_id = q.collector_id AND p.provider_id = c.provider_id
                   AND ($1::text IS NULL OR p.name = $1) AND q.reason = ANY($2)
                   AND l.collector_id = q.collector_id AND l.epoch = q.epoch AND l.sequence = q.sequence
                   AND l.received_at = q.received_at
                   AND EXISTS (
                       SELECT FROM ledger_payload y WHERE y.collector_id = l.collector_id AND y.epoch = l.epoch
                          AND y.sequence = l.sequence AND y.received_at = l.received_at)
                RETURNING l.collector_id, c.provider_id, l.epoch, l.sequence, l.received_at, l.row_count, l.payload_bytes)
            INSERT INTO rollup_queue (collector_id, provider_id, epoch, sequence, received_at, row_count, payload_bytes)
            SELECT * FROM taken
            """, [.text(provider), .textArray(reasons)]
        ).affectedRows
        try audit(
            .requeued, of: provider ?? "every provider", by: author, counts: [(name: "batches", count: queued)],
            detail: [JSONMember("provider", .optional(provider))], at: now)
        return queued
    }
}
