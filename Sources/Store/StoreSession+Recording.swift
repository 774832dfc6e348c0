internal import Postgres

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
        let latest: Timestamp? = try connection.query("SELECT \(Self.latestRecord)").one().decode(0)
        return max(now, latest.map { Timestamp(microseconds: $0.microseconds + 1) } ?? now)
    }

    /// Now, or the last record's moment where that is later: it may run ahead of the clock by the microseconds that order
    /// records.
    func registryClock() throws -> Timestamp {
        try connection.query("SELECT greatest(clock_timestamp(), \(Self.latestRecord))").one().decode(0)
    }

    private static let latestRecord = """
        greatest((SELECT max(greatest(recorded_at, superseded_at)) FROM tenant_kind),
            (SELECT max(greatest(recorded_at, superseded_at)) FROM fact))
        """
}
