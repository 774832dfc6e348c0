internal import Postgres
internal import UsageModel

/// A batch of the ledger, without its payload.
struct LedgerBatch {
    var collector: Int32
    var provider: Int16
    var epoch: Int64
    var sequence: Int64
    var receivedAt: Timestamp
    var rows: Int
    var payloadBytes: Int

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
        var rows: UsageRows
    }

    struct Bad {
        var batch: LedgerBatch
        var payload: [UInt8]
        /// Why the payload is no batch, for people.
        var reason: String
    }

    var good: [Good] = []
    var bad: [Bad] = []

    var rowCount: Int { good.reduce(0) { $0 + $1.rows.rows.count } }
    var totals: WideTokenCounts { good.reduce(into: WideTokenCounts()) { $0 += $1.rows.totals } }
}

extension RollupJob {
    /// Reads and decodes payloads. One that can't be decoded is not in the way of the others.
    func read(_ batches: [LedgerBatch], decode: PayloadDecoder) throws -> DecodedBatches {
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
                decoded.bad.append(.init(batch: batch, payload: [], reason: "the payload is missing"))
                continue
            }
            do {
                decoded.good.append(.init(batch: batch, rows: try decode(payload)))
            } catch {
                decoded.bad.append(.init(batch: batch, payload: payload, reason: String("\(error)".prefix(500))))
            }
        }
        return decoded
    }

    /// Interns the names of all batches in bulk and adds their rows up.
    func merge(_ batches: [DecodedBatches.Good], into builder: inout SumBuilder) throws {
        let interner = Interner(connection: connection)
        let models = try interner.models(Self.distinct(batches.map(\.rows.models)))
        let regions = try interner.regions(Self.distinct(batches.map(\.rows.regions)))
        for (provider, own) in Dictionary(grouping: batches, by: \.batch.provider).sorted(by: { $0.key < $1.key }) {
            let tenants = try interner.tenants(Self.distinct(own.map(\.rows.tenants)), provider: provider)
            for batch in own {
                let names = BatchNames(
                    provider: provider,
                    tenants: try batch.rows.tenants.map { try Interner.required(tenants[NameBytes($0)], $0) },
                    models: try batch.rows.models.map { try Interner.required(models[NameBytes($0)], $0) },
                    regions: try batch.rows.regions.map { try Interner.required(regions[NameBytes($0)], $0) })
                builder.add(batch.rows, names: names)
            }
        }
    }

    private static func distinct(_ dictionaries: [[String]]) -> [String] {
        var seen: Set<NameBytes> = []
        return dictionaries.flatMap { $0.filter { seen.insert(NameBytes($0)).inserted } }
    }

    /// Keeps them with their reasons. They take no ledger position: a position counts sums.
    func quarantine(_ bad: [DecodedBatches.Bad]) throws {
        for item in bad {
            try connection.query(
                """
                INSERT INTO batch_quarantine (collector_id, digest, epoch, sequence, reason, detail, received_at, payload)
                SELECT $1, digest, $2, $3, $7, $4, $5, $6 FROM ledger
                 WHERE collector_id = $1 AND epoch = $2 AND sequence = $3 AND received_at = $5
                ON CONFLICT (collector_id, digest) DO NOTHING
                """,
                [
                    .int(Int64(item.batch.collector)), .int(item.batch.epoch), .int(item.batch.sequence),
                    .text(item.reason), .timestamp(item.batch.receivedAt), .bytes(item.payload),
                    .text(QuarantineReason.undecodable.rawValue),
                ])
        }
    }
}
