internal import Postgres
internal import UsageModel

extension StoreSession {
    /// See ``Store/openEpoch(_:)``. Must run in a transaction.
    func openEpoch(_ request: EpochRequest) throws -> EpochGrant {
        let collector = try collectorID(request.key)
        // The collector's row is the lock: two processes that ask at once get two epochs, one after the other.
        try connection.query("SELECT 1 FROM collector WHERE collector_id = $1 FOR UPDATE", [.int(Int64(collector))])
        let newest = try epoch(nil, of: collector)
        let remembered = try epoch(request.lastEpoch, of: collector)
        let decision = EpochDecision(
            remembered: EpochPosition(epoch: request.lastEpoch, nextSequence: request.lastNextSequence),
            newest: newest, held: remembered)
        try connection.query(
            "UPDATE collector_epoch SET is_live = false WHERE collector_id = $1 AND is_live", [.int(Int64(collector))])
        try connection.query(
            """
            INSERT INTO collector_epoch (collector_id, epoch, is_live, next_sequence, chain, spool_id,
                software_version, opened_at, last_seen_at, last_batch_at, newest_minute)
            SELECT $1, $2, true, 0, decode(repeat('00', 32), 'hex'), $3, $4, $5, $5, max(last_batch_at),
                   max(newest_minute)
              FROM collector_epoch WHERE collector_id = $1
            """,
            [
                .int(Int64(collector)), .int(Int64(clamping: decision.epoch)), .bytes(request.spoolID),
                .text(request.softwareVersion), .timestamp(request.now),
            ])
        return EpochGrant(
            epoch: decision.epoch,
            previous: newest.map { EpochGrant.Previous(epoch: $0.epoch, nextSequence: $0.nextSequence) },
            hasRegressed: decision.hasRegressed)
    }

    /// The newest epoch of a collector, or exactly `epoch` where one is named.
    private func epoch(_ epoch: UInt64?, of collector: Int32) throws -> EpochPosition? {
        let rows = try connection.query(
            """
            SELECT epoch, next_sequence FROM collector_epoch
             WHERE collector_id = $1 AND ($2::bigint IS NULL OR epoch = $2) ORDER BY epoch DESC LIMIT 1
            """, [.int(Int64(collector)), .int(epoch.map { Int64(clamping: $0) })])
        guard let row = rows.first else { return nil }
        return EpochPosition(epoch: try row.decode(0), nextSequence: try row.decode(1))
    }

    /// The collector's number, made on first visibility.
    private func collectorID(_ key: CollectorKey) throws -> Int32 {
        let provider = try Interner(connection: connection).provider(key.provider)
        let find = "SELECT collector_id FROM collector WHERE provider_id = $1 AND name = $2"
        let parameters: [Parameter] = [.int(Int64(provider)), .text(key.collector)]
        if let row = try connection.query(find, parameters).first { return try row.decode(0) }
        try connection.query(
            "INSERT INTO collector (provider_id, name) VALUES ($1, $2) ON CONFLICT (provider_id, name) DO NOTHING",
            parameters)
        return try connection.query(find, parameters).one().decode(0)
    }

    /// See ``Store/lookupDigests(_:of:epoch:now:)``. Must run in a transaction.
    ///
    /// Saying "counted" is an acknowledgement too, so it writes, and its commit waits for the standby like the
    /// original's did.
    func lookupDigests(
        _ digests: [[UInt8]], of key: CollectorKey, epoch: UInt64, now: Timestamp
    ) throws -> LookupOutcome {
        let highWater: HighWater
        switch try lockHighWater(key, epoch: epoch) {
        case .failure(let refusal): return refusal.lookupOutcome
        case .success(let found): highWater = found
        }
        try connection.query(
            """
            UPDATE collector_epoch SET last_seen_at = greatest(last_seen_at, $3)
             WHERE collector_id = $1 AND epoch = $2
            """, [.int(Int64(highWater.collector)), .int(Int64(clamping: epoch)), .timestamp(now)])
        let rows = try connection.query(
            "SELECT digest FROM ledger_digest WHERE collector_id = $1 AND digest = ANY($2)",
            [.int(Int64(highWater.collector)), .bytesArray(digests)])
        var known: Set<[UInt8]> = []
        for row in rows { known.insert(try row.decode(0)) }
        return .known(digests.map(known.contains))
    }
}
