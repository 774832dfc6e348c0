internal import Postgres
package import UsageModel

// What imports of the registry and of facts have in common: they take turns, and each is later than every one before.
extension StoreSession {
    /// Makes imports take turns, so that records have an order and held entries never overlap.
    static let registryLockKey: Int64 = 0x7374_6565_6C72_6567

    /// A date far beyond any other, in days since 1970: it stands for "no end" in arrays, which hold no NULLs.
    static let never: Int64 = 3_000_000

    /// Waits for its turn. Must run in a transaction.
    ///
    /// - Returns: a moment after every record so far: `now`, unless a record is as late as that.
    func startRecording(_ now: Timestamp) throws -> Timestamp {
        try connection.query("SELECT pg_advisory_xact_lock($1)", [.int(Self.registryLockKey)])
        return max(now, try latestRecord().map { Timestamp(microseconds: $0.microseconds + 1) } ?? now)
    }

    /// The moment at which all that this transaction sees is known, and nothing that comes later ever will be: imports take
    /// turns, and each is recorded after all that went before. A clock's moment would not do: an import that is under way
    /// may be recorded before it and seen after it. Where nothing is recorded yet, it is now.
    package func knownMoment() throws -> Timestamp {
        if let latest = try latestRecord() { return latest }
        return try connection.query("SELECT clock_timestamp()").one().decode(0)
    }

    /// `nil` where nothing is recorded yet.
    func latestRecord() throws -> Timestamp? {
        try connection.query(
            """
            SELECT greatest((SELECT max(greatest(recorded_at, superseded_at)) FROM tenant_kind),
                            (SELECT max(greatest(recorded_at, superseded_at)) FROM fact),
                            (SELECT max(known_at) FROM statement))
            """
        ).one().decode(0)
    }
}
