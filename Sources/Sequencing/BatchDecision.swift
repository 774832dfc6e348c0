/// What becomes of a batch, by what the database holds about its collector.
///
/// The decision is a value, and whoever makes it holds the lock on the collector's row while it is carried out: so the
/// aggregator, which reads the row from PostgreSQL, and the fault simulation, which keeps it in memory, decide alike.
package enum BatchDecision: Sendable, Equatable {
    /// It is the next one and new: count it.
    case count
    /// Its bytes were counted before, under this key or another; count nothing. `advances` says that it uses up the
    /// sequence number that it came under: it was counted in an earlier epoch.
    case duplicate(advances: Bool)
    /// Batches before it are missing; count nothing.
    case gap(expectedSequence: UInt64)
    /// The sequence number was used for other bytes; set these aside and count nothing.
    case fork(expectedSequence: UInt64)

    /// - Parameters:
    ///   - sequence: the batch's sequence number.
    ///   - nextSequence: the first sequence number of its epoch that isn't used up.
    ///   - isKnown: whether the ledger holds a batch of this collector with the same digest, whatever its epoch; asked
    ///     only where the answer matters.
    package init(sequence: UInt64, nextSequence: UInt64, isKnown: () throws -> Bool) rethrows {
        guard sequence <= nextSequence else {
            self = .gap(expectedSequence: nextSequence)
            return
        }
        self =
            switch (sequence == nextSequence, try isKnown()) {
            case (true, false): .count
            case (true, true): .duplicate(advances: true)
            case (false, true): .duplicate(advances: false)
            case (false, false): .fork(expectedSequence: nextSequence)
            }
    }
}
