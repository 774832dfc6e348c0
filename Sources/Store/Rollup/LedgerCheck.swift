internal import Crypto
internal import Postgres
internal import TextFormats
internal import UsageModel

/// What the ledger says of a batch, beside its key: its payload is held against it before it is counted again.
struct LedgerRecord {
    /// The ledger position.
    var position: Int64
    var provider: String
    var collector: String
    /// SHA-256 of the payload that was acknowledged, 32 bytes.
    var digest: [UInt8]
    var rowCount: Int
    /// Net of what its rows take back.
    var totals: SignedTokenCounts
    /// First and last minute of usage; `nil` for a batch without rows.
    var firstMinute: Int64?
    var lastMinute: Int64?

    /// The columns that ``init(_:from:)`` reads, of the tables `ledger_position f`, `ledger l`, `collector c` and
    /// `provider p`.
    static let columns = """
        f.position, p.name, c.name, l.digest, l.row_count, l.requests, l.input_tokens, l.cached_input_tokens,
        l.output_tokens, l.reasoning_output_tokens, l.first_minute, l.last_minute
        """
    static let columnCount = 12

    init(_ row: Row, from column: Int) throws {
        position = try row.decode(column)
        provider = try row.decode(column + 1)
        collector = try row.decode(column + 2)
        digest = try row.decode(column + 3)
        rowCount = try row.decode(column + 4)
        totals = try StoreSession.counts(row, from: column + 5)
        firstMinute = try row.decode(column + 10)
        lastMinute = try row.decode(column + 11)
    }

    /// How a batch is named to whoever looks for it.
    func name(of batch: LedgerBatch) -> String {
        "batch at ledger position \(position) (\(provider)/\(collector), epoch \(batch.epoch), sequence \(batch.sequence))"
    }

    /// What doesn't fit between the ledger and a payload, in words; `nil` where all does.
    ///
    /// - Parameter decoding: what the payload holds, or why it can't be decoded.
    func difference(from payload: [UInt8], _ decoding: Result<UsageRows, any Error>) -> String? {
        let actual = Array(SHA256.hash(data: payload))
        guard actual == digest else {
            return "its payload has the SHA-256 \(Hexadecimal.text(actual)), and the ledger \(Hexadecimal.text(digest))"
        }
        switch decoding {
        case .failure(let error): return "its payload can't be decoded: \(String.shortened("\(error)"))"
        case .success(let rows): return difference(from: rows)
        }
    }

    /// What doesn't fit between the ledger and a batch that was read and decoded, in words; `nil` where all does.
    ///
    /// - Parameter record: `nil` where the ledger has no row of the batch.
    static func difference(of batch: DecodedBatches.Good, from record: LedgerRecord?) -> String? {
        guard let record else { return "its row is gone from the ledger" }
        return record.difference(from: batch.payload, .success(batch.rows))
    }

    private func difference(from rows: UsageRows) -> String? {
        let counted = rows.totals
        let (minutes, no) = (rows.minutes, "none")
        func text(_ minute: Int64?) -> String { minute.map { CivilTime.clockText(second: $0 * 60) + "Z" } ?? no }
        let figures = [
            ("rows", "\(rows.rows.count)", "\(rowCount)"),
            ("requests", "\(counted.requests)", "\(totals.requests)"),
            ("input tokens", "\(counted.input)", "\(totals.input)"),
            ("cached input tokens", "\(counted.cachedInput)", "\(totals.cachedInput)"),
            ("output tokens", "\(counted.output)", "\(totals.output)"),
            ("reasoning output tokens", "\(counted.reasoningOutput)", "\(totals.reasoningOutput)"),
            ("first minute", text(minutes?.lowerBound), text(firstMinute)),
            ("last minute", text(minutes?.upperBound), text(lastMinute)),
        ]
        let differing = figures.filter { $0.1 != $0.2 }
        guard !differing.isEmpty else { return nil }
        return differing.map { name, payload, ledger in "\(name): \(payload) in its payload, \(ledger) in the ledger" }
            .joined(separator: "; ")
    }
}

extension RollupJob {
    /// What the ledger says of counted batches, by their positions.
    func records(at positions: [Int64]) throws -> [Int64: LedgerRecord] {
        var records: [Int64: LedgerRecord] = [:]
        for row in try connection.query(
            """
            SELECT \(LedgerRecord.columns)
              FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
              JOIN collector c ON c.collector_id = l.collector_id JOIN provider p ON p.provider_id = c.provider_id
             WHERE f.position = ANY($1)
            """, [.int64Array(positions)])
        {
            let record = try LedgerRecord(row, from: 0)
            records[record.position] = record
        }
        return records
    }

    /// Reads and decodes batches that are to be counted. One whose payload isn't what the ledger says of it is as bad
    /// as one that can't be decoded.
    func readHeldToLedger(_ batches: [LedgerBatch]) throws -> DecodedBatches {
        let read = try read(batches)
        let records = try records(of: read.good.map(\.batch))
        var held = DecodedBatches(bad: read.bad)
        for (index, batch) in read.good.enumerated() {
            if let difference = LedgerRecord.difference(of: batch, from: records[index]) {
                held.bad.append(
                    .init(batch: batch.batch, payload: batch.payload, reason: .undecodable, detail: difference))
            } else {
                held.good.append(batch)
            }
        }
        return held
    }

    /// What the ledger says of batches that have no ledger position yet, by their places, which stand for positions.
    private func records(of batches: [LedgerBatch]) throws -> [Int: LedgerRecord] {
        if batches.isEmpty { return [:] }
        var records: [Int: LedgerRecord] = [:]
        for row in try connection.query(
            """
            SELECT \(LedgerRecord.columns)
              FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::timestamptz[])
                   WITH ORDINALITY AS f (collector_id, epoch, sequence, received_at, position)
             CROSS JOIN LATERAL (
                   SELECT * FROM ledger o
                    WHERE o.collector_id = f.collector_id AND o.epoch = f.epoch AND o.sequence = f.sequence
                      AND o.received_at = f.received_at LIMIT 1) l
              JOIN collector c ON c.collector_id = l.collector_id JOIN provider p ON p.provider_id = c.provider_id
            """,
            [
                .int32Array(batches.map(\.collector)), .int64Array(batches.map(\.epoch)),
                .int64Array(batches.map(\.sequence)), .timestampArray(batches.map(\.receivedAt)),
            ])
        {
            let record = try LedgerRecord(row, from: 0)
            records[Int(record.position) - 1] = record
        }
        return records
    }
}

/// Batches that a rebuild refuses, each by name.
struct LedgerFaults {
    /// The most that are named.
    static let maxNamed = 20

    private var count = 0
    private var named: [String] = []

    /// - Parameters:
    ///   - batch: as ``LedgerRecord/name(of:)`` says.
    ///   - fault: what is wrong with it, as the rest of the sentence.
    mutating func add(_ batch: String, fault: String) {
        count += 1
        if named.count < Self.maxNamed { named.append("\(batch): \(fault)") }
    }

    /// - Throws: ``StoreError`` with `.ledgerDiffers` where there is any.
    func check() throws(StoreError) {
        guard count > 0 else { return }
        let more = count > named.count ? "\n\(count - named.count) more." : ""
        throw StoreError(
            .ledgerDiffers,
            "\(count == 1 ? "1 batch isn't" : "\(count) batches aren't") what the ledger says; nothing was counted or "
                + "replaced.\n\(named.joined(separator: "\n"))\(more)")
    }
}
