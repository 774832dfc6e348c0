internal import Postgres
package import UsageModel

extension StoreSession {
    /// Raises the collector's epoch and fences its older ones. Must run in a transaction; may be tried again whatever
    /// became of the first attempt.
    package func openEpoch(
        _ request: EpochRequest, of key: CollectorKey, now: Timestamp
    ) throws -> EpochGrant {
        let collector = try collectorID(key)
        // The collector's row is the lock: two processes that ask at once get two epochs, one after the other.
        try connection.query("SELECT 1 FROM collector WHERE collector_id = $1 FOR UPDATE", [.int(Int64(collector))])
        // Read after the lock was waited for: what the process before committed is seen.
        let newest = try position(ofEpoch: nil, of: collector)
        let stored = try position(ofEpoch: request.remembered.epoch, of: collector)
        let decision = EpochDecision(remembered: request.remembered, newest: newest, stored: stored)
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
                .int(Int64(collector)), .int(Int64(clamping: decision.epoch)), .bytes(request.spoolID.bytes),
                .text(request.softwareVersion), .timestamp(now),
            ])
        return EpochGrant(
            position: EpochPosition(epoch: decision.epoch), previous: newest, hasRegressed: decision.hasRegressed)
    }

    /// How far a collector's newest epoch has come, or exactly `epoch` where one is named.
    private func position(ofEpoch epoch: UInt64?, of collector: Int32) throws -> EpochPosition? {
        let rows = try connection.query(
            """
            SELECT epoch, next_sequence FROM collector_epoch
             WHERE collector_id = $1 AND ($2::bigint IS NULL OR epoch = $2) ORDER BY epoch DESC LIMIT 1
            """, [.int(Int64(collector)), .int(epoch.map { Int64(clamping: $0) })])
        guard let row = rows.first else { return nil }
        return EpochPosition(epoch: try row.decode(0), nextSequence: try row.decode(1))
    }

    /// The collector's number, made when it is first heard of.
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

    /// Says of each batch whether it is counted already. Must run in a transaction; may be tried again.
    ///
    /// Saying "counted" is an acknowledgement too, so it writes, and its commit waits for the standby like the
    /// original's did.
    ///
    /// - Parameter digests: 32 bytes each.
    package func lookupDigests(
        _ digests: [[UInt8]], of key: CollectorKey, epoch: UInt64, now: Timestamp
    ) throws -> Result<[Bool], EpochRefusal> {
        let highWater: HighWater
        switch try lockHighWater(key, epoch: epoch) {
        case .failure(let refusal): return .failure(refusal)
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
        return .success(digests.map(known.contains))
    }
}
