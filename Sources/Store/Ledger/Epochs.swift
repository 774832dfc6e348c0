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
        let newest = try stored(epoch: nil, of: collector)?.position
        let stored = try stored(epoch: request.remembered.epoch, of: collector)
        let decision = try EpochDecision(
            remembered: request.remembered, newest: newest, stored: stored?.position,
            isRetired: stored?.isRetired ?? false)
        try connection.query(
            "UPDATE collector_epoch SET is_live = false WHERE collector_id = $1 AND is_live", [.int(Int64(collector))])
        try connection.query(
            """
            INSERT INTO collector_epoch (collector_id, provider_id, epoch, is_live, next_sequence, chain, spool_id,
                software_version, opened_at, last_seen_at, last_batch_at, newest_minute)
            SELECT $1, (SELECT provider_id FROM collector WHERE collector_id = $1), $2, true, 0,
                   decode(repeat('00', 32), 'hex'), $3, $4, $5, $5, max(last_batch_at), max(newest_minute)
              FROM collector_epoch WHERE collector_id = $1
            """,
            [
                .int(Int64(collector)), .int(Int64(clamping: decision.epoch)), .bytes(request.spoolID.bytes),
                .text(request.softwareVersion), .timestamp(now),
            ])
        return EpochGrant(
            position: EpochPosition(epoch: decision.epoch), previous: newest, hasRegressed: decision.hasRegressed)
    }

    /// An epoch of a collector as the database holds it.
    private struct StoredEpoch {
        var position: EpochPosition
        var isRetired: Bool
    }

    /// A collector's newest epoch that isn't retired, or exactly `epoch` where one is named.
    private func stored(epoch: UInt64?, of collector: Int32) throws -> StoredEpoch? {
        let rows = try connection.query(
            """
            SELECT epoch, next_sequence, is_retired FROM collector_epoch
             WHERE collector_id = $1 AND CASE WHEN $2::bigint IS NULL THEN NOT is_retired ELSE epoch = $2 END
             ORDER BY epoch DESC LIMIT 1
            """, [.int(Int64(collector)), .int(epoch.map { Int64(clamping: $0) })])
        guard let row = rows.first else { return nil }
        return StoredEpoch(
            position: EpochPosition(epoch: try row.decode(0), nextSequence: try row.decode(1)),
            isRetired: try row.decode(2))
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

    /// Gives an identity back whose epochs somebody drove to the end of the numbers: those above don't count any more
    /// for the next epoch's number, and can't be worked in. What was counted under them stays counted.
    ///
    /// - Parameters:
    ///   - epoch: the last one that still counts; `nil` for the one before the first jump that no restart explains.
    ///   - author: who does it, for the audit log.
    /// - Returns: the epochs that were retired, from the lowest on.
    /// - Throws: ``StoreError`` `.notFound` where there is no such collector or no epoch to retire.
    package func retireEpochs(
        of key: CollectorKey, above epoch: UInt64?, by author: ServerOperator, at now: Timestamp
    ) throws -> [UInt64] {
        let rows = try connection.query(
            """
            SELECT c.collector_id FROM collector c JOIN provider p USING (provider_id)
             WHERE p.name = $1 AND c.name = $2 FOR UPDATE OF c
            """, [.text(key.provider), .text(key.collector)])
        guard let collector = try rows.first?.decode(0, as: Int32.self) else {
            throw StoreError(.notFound, "There is no collector \(key.provider)/\(key.collector).")
        }
        let epochs: [UInt64] = try connection.query(
            "SELECT epoch FROM collector_epoch WHERE collector_id = $1 AND NOT is_retired ORDER BY epoch",
            [.int(Int64(collector))]
        ).map { try $0.decode(0) }
        guard let last = epoch ?? Self.lastBeforeJump(epochs), epochs.contains(where: { $0 > last }) else {
            throw StoreError(
                .notFound,
                "\(key.provider)/\(key.collector) has no epoch to retire; its newest is \(epochs.last ?? 0).")
        }
        try connection.query(
            """
            UPDATE collector_epoch SET is_retired = true, is_live = false
             WHERE collector_id = $1 AND epoch > $2 AND NOT is_retired
            """, [.int(Int64(collector)), .int(Int64(clamping: last))])
        let retired = epochs.filter { $0 > last }
        try audit(
            .epochsRetired, of: "\(key.provider)/\(key.collector)", by: author,
            counts: [(name: "epochs", count: retired.count), (name: "last", count: Int(clamping: last))], at: now)
        return retired
    }

    private static func lastBeforeJump(_ epochs: [UInt64]) -> UInt64? {
        zip([0] + epochs, epochs).first { $1 - $0 > EpochDecision.maxLead / 2 }?.0
    }
}
