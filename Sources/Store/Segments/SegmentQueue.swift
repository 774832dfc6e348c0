internal import BatchFormat
internal import Postgres
internal import UsageModel

/// An hour of a counted batch whose rows are in no segment yet.
struct QueuedHour {
    /// Hours since 1970.
    var hour: Int64
    var position: Int64
    /// Its rows and bytes are those of the hour.
    var batch: LedgerBatch
}

/// Hours of batches that wait to be merged into segments.
struct SegmentQueue {
    let connection: Connection

    /// Queues the hours of counted batches. Must run in the transaction that counts them, after they have their
    /// positions.
    ///
    /// - Parameter position: the ledger position before the first batch's; the others follow.
    func add(_ batches: [DecodedBatches.Good], after position: Int64) throws {
        var queued: [QueuedHour] = []
        for (index, good) in batches.enumerated() {
            for (hour, rows) in Self.hours(of: good.rows).sorted(by: { $0.key < $1.key }) {
                var batch = good.batch
                batch.rows = rows
                batch.payloadBytes = good.batch.payloadBytes * rows / good.rows.rows.count
                queued.append(QueuedHour(hour: hour, position: position + Int64(index) + 1, batch: batch))
            }
        }
        if queued.isEmpty { return }
        let inserted = try connection.query(
            """
            INSERT INTO segment_queue (provider_id, hour, position, collector_id, epoch, sequence, received_at,
                row_count, payload_bytes, over_limit_tenants, over_limit_models, over_limit_regions)
            SELECT q.*, p.over_limit_tenants, p.over_limit_models, p.over_limit_regions
              FROM unnest($1::int2[], $2::timestamptz[], $3::int8[], $4::int4[], $5::int8[], $6::int8[],
                $7::timestamptz[], $8::int4[], $9::int4[]) AS q (provider_id, hour, position, collector_id, epoch,
                sequence, received_at, row_count, payload_bytes)
              JOIN ledger_position p ON p.position = q.position
            """,
            [
                .int16Array(queued.map(\.batch.provider)), Self.hours(queued.map(\.hour)),
                .int64Array(queued.map(\.position)), .int32Array(queued.map(\.batch.collector)),
                .int64Array(queued.map(\.batch.epoch)), .int64Array(queued.map(\.batch.sequence)),
                .timestampArray(queued.map(\.batch.receivedAt)), .int32Array(queued.map { Int32($0.batch.rows) }),
                .int32Array(queued.map { Int32($0.batch.payloadBytes) }),
            ]
        ).affectedRows
        precondition(inserted == queued.count, "\(inserted) of \(queued.count) hours of batches were queued")
    }

    /// How many rows a batch has of each hour.
    private static func hours(of rows: UsageRows) -> [Int64: Int] {
        var hours: [Int64: Int] = [:]
        // Neighbours are mostly of one hour.
        var (hour, count) = (Int64.min, 0)
        for row in rows.rows {
            let next = row.minute.flooredDivision(by: 60)
            if next != hour {
                if count > 0 { hours[hour, default: 0] += count }
                (hour, count) = (next, 0)
            }
            count += 1
        }
        if count > 0 { hours[hour, default: 0] += count }
        return hours
    }

    /// A provider with hours that are to be merged now.
    struct Due {
        var provider: Int16
        /// Since 1970.
        var hours: [Int64]
    }

    /// What is to be merged now, the provider first whose hours have waited longest.
    func due(_ policy: SegmentPolicy, now: Timestamp) throws -> [Due] {
        let rows = try connection.query(
            """
            SELECT provider_id, hour FROM segment_queue GROUP BY provider_id, hour
            HAVING greatest(hour + interval '1 hour', min(received_at)) <= $1 OR sum(payload_bytes) >= $2
             ORDER BY min(received_at), provider_id, hour LIMIT $3
            """,
            [
                .timestamp(Timestamp(seconds: now.seconds - policy.settleSeconds)), .int(policy.maxQueuedBytes),
                .int(policy.maxHours),
            ])
        var due: [Due] = []
        for row in rows {
            let provider: Int16 = try row.decode(0)
            let hour = try row.decode(1, as: Timestamp.self).seconds / 3_600
            if let index = due.firstIndex(where: { $0.provider == provider }) {
                due[index].hours.append(hour)
            } else {
                due.append(Due(provider: provider, hours: [hour]))
            }
        }
        return due
    }

    /// The queued hours of a provider, in the order of ledger positions.
    func read(_ due: Due, limit: Int) throws -> [QueuedHour] {
        try connection.query(
            """
            SELECT hour, position, collector_id, provider_id, epoch, sequence, received_at, row_count, payload_bytes
              FROM segment_queue WHERE provider_id = $1 AND hour = ANY($2) ORDER BY position, hour LIMIT $3
            """, [.int(Int64(due.provider)), Self.hours(due.hours), .int(limit)]
        ).map(Self.queuedHour)
    }

    /// All queued hours within a span, in the order of ledger positions.
    func read(from first: Int64, to last: Int64) throws -> [QueuedHour] {
        try connection.query(
            """
            SELECT hour, position, collector_id, provider_id, epoch, sequence, received_at, row_count, payload_bytes
              FROM segment_queue WHERE hour >= $1 AND hour < $2 ORDER BY position, hour
            """,
            [SegmentTables.hour(first), SegmentTables.hour(last)]
        ).map(Self.queuedHour)
    }

    /// A batch some hours of which wait.
    struct WaitingHours {
        var position: Int64
        /// Since 1970.
        var hours: Set<Int64>
        /// Its rows and bytes are those of the hours.
        var batch: LedgerBatch
        /// Which of its names were counted under "(over-limit)".
        var overLimit: OverLimitNames
    }

    /// The batches that wait within a span of hours, in the order of ledger positions.
    ///
    /// - Parameter providers: whose; `nil` for all that may be seen.
    func waiting(in hours: Range<Int64>, of providers: [Int16]?) throws -> [WaitingHours] {
        var sql = SQLParameters()
        let bounds = [hours.lowerBound, hours.upperBound].map { sql.bind(SegmentTables.hour($0)) }
        let own = providers.map { " AND provider_id = ANY(\(sql.bind(.int16Array($0))))" } ?? ""
        let places = NameDimension.allCases.map { "array_to_string(over_limit_\($0.word)s, ',')" }
        let rows = try connection.query(
            """
            SELECT hour, position, collector_id, provider_id, epoch, sequence, received_at, row_count, payload_bytes,
                   \(places.joined(separator: ", "))
              FROM segment_queue WHERE hour >= \(bounds[0]) AND hour < \(bounds[1])\(own) ORDER BY position, hour
            """, sql.values)
        var waiting: [WaitingHours] = []
        for row in rows {
            let queued = try Self.queuedHour(row)
            if waiting.last?.position == queued.position {
                waiting[waiting.count - 1].hours.insert(queued.hour)
                waiting[waiting.count - 1].batch.rows += queued.batch.rows
                waiting[waiting.count - 1].batch.payloadBytes += queued.batch.payloadBytes
                continue
            }
            var overLimit = OverLimitNames()
            for (column, dimension) in NameDimension.allCases.enumerated() {
                let places: String? = try row.decode(9 + column)
                overLimit.places[dimension] = places?.split(separator: ",").compactMap { Int32($0) }
            }
            waiting.append(
                WaitingHours(
                    position: queued.position, hours: [queued.hour], batch: queued.batch, overLimit: overLimit))
        }
        return waiting
    }

    /// Takes hours out of the queue. - Returns: how many were there.
    func remove(_ taken: [QueuedHour]) throws -> Int {
        try connection.query(
            """
            DELETE FROM segment_queue q
             USING unnest($1::int2[], $2::timestamptz[], $3::int8[]) AS t (provider_id, hour, position)
             WHERE q.provider_id = t.provider_id AND q.hour = t.hour AND q.position = t.position
            """,
            [
                .int16Array(taken.map(\.batch.provider)), Self.hours(taken.map(\.hour)),
                .int64Array(taken.map(\.position)),
            ]
        ).affectedRows
    }

    private static func queuedHour(_ row: Row) throws -> QueuedHour {
        QueuedHour(
            hour: try row.decode(0, as: Timestamp.self).seconds / 3_600, position: try row.decode(1),
            batch: try LedgerBatch(row, from: 2))
    }

    static func hours(_ hours: [Int64]) -> Parameter { .timestampArray(hours.map { Timestamp(seconds: $0 * 3_600) }) }
}
