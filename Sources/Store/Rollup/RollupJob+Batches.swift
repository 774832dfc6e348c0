internal import Postgres
internal import UsageModel

extension RollupJob {
    struct Decoded {
        var good: [(batch: Queued, rows: UsageRows)] = []
        var bad: [(batch: Queued, payload: [UInt8], why: String)] = []
    }

    /// Reads and decodes payloads. One that can't be decoded is put beside the others instead of in their way.
    func read(_ batches: [Queued], decode: PayloadDecoder) throws -> Decoded {
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
        var decoded = Decoded()
        for (batch, row) in zip(batches, rows) {
            let payload: [UInt8]? = try row.decode(0)
            guard let payload else {
                decoded.bad.append((batch, [], "the payload is missing"))
                continue
            }
            do {
                decoded.good.append((batch, try decode(payload)))
            } catch {
                decoded.bad.append((batch, payload, String("\(error)".prefix(500))))
            }
        }
        return decoded
    }

    /// Interns the names of all batches in bulk and adds their rows up.
    func merge(_ batches: [(rows: UsageRows, provider: Int16)], into builder: inout SumBuilder) throws {
        let interner = Interner(connection: connection)
        let models = try interner.models(Self.distinct(batches.map(\.rows.models)))
        let regions = try interner.regions(Self.distinct(batches.map(\.rows.regions)))
        for (provider, own) in Dictionary(grouping: batches, by: \.provider).sorted(by: { $0.key < $1.key }) {
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

    func setAside(_ bad: [(batch: Queued, payload: [UInt8], why: String)]) throws {
        for item in bad {
            try connection.query(
                """
                INSERT INTO batch_quarantine (collector_id, digest, epoch, sequence, reason, detail, received_at, payload)
                SELECT $1, digest, $2, $3, 'undecodable', $4, $5, $6 FROM ledger
                 WHERE collector_id = $1 AND epoch = $2 AND sequence = $3 AND received_at = $5
                ON CONFLICT (collector_id, digest) DO NOTHING
                """,
                [
                    .int(Int64(item.batch.collector)), .int(item.batch.epoch), .int(item.batch.sequence),
                    .text(item.why), .timestamp(item.batch.receivedAt), .bytes(item.payload),
                ])
        }
    }

    /// From when on sums are kept; retention holds the rollup lock while it moves them.
    func floors() throws -> Floors {
        var floors = Floors()
        for row in try connection.query("SELECT table_name, kept_from FROM sums_floor") {
            let seconds = try row.decode(1, as: Timestamp.self).seconds
            switch try row.decode(0, as: String.self) {
            case PartitionedTable.usageHour.rawValue: floors.hour = seconds / 3_600
            case PartitionedTable.usageMinute.rawValue: floors.minute = seconds / 60
            default: continue
            }
        }
        return floors
    }
}

extension StoreSession {
    func position() throws -> UInt64 {
        try connection.query("SELECT position FROM rollup_state").one().decode(0)
    }

    func newestQueued() throws -> Int64? {
        try connection.query("SELECT max(queue_id) FROM rollup_queue").one().decode(0)
    }

    func oldestQueued() throws -> Int64? {
        try connection.query("SELECT min(queue_id) FROM rollup_queue").one().decode(0)
    }
}
