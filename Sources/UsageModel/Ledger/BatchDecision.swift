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
    /// It is the next one, but its spool sealed other bytes under the same spool sequence, and they were counted: the spool was
    /// copied or restored, and what it read again would count twice. Set it aside and count nothing.
    case spoolSequenceReused
    /// The sequence number was used for other bytes; set these aside and count nothing.
    case fork(expectedSequence: UInt64)

    /// - Parameters:
    ///   - sequence: the batch's sequence number.
    ///   - nextSequence: the first sequence number of its epoch that isn't used up.
    ///   - history: what the ledger holds of the batch; asked only where the answer matters.
    package init(sequence: UInt64, nextSequence: UInt64, history: () throws -> BatchHistory) rethrows {
        guard sequence <= nextSequence else {
            self = .gap(expectedSequence: nextSequence)
            return
        }
        let history = try history()
        self =
            switch (sequence == nextSequence, history.isKnown) {
            case (true, false): history.isSpoolSequenceUsed ? .spoolSequenceReused : .count
            case (true, true): .duplicate(advances: true)
            case (false, true): .duplicate(advances: false)
            case (false, false): .fork(expectedSequence: nextSequence)
            }
    }
}

/// What the ledger holds of a collector that bears on one of its batches.
package struct BatchHistory: Sendable, Equatable {
    /// A batch of the same digest was counted, whatever its epoch.
    package var isKnown: Bool
    /// A batch of the same spool and spool sequence was counted.
    package var isSpoolSequenceUsed: Bool

    package init(isKnown: Bool, isSpoolSequenceUsed: Bool) {
        self.isKnown = isKnown
        self.isSpoolSequenceUsed = isSpoolSequenceUsed
    }
}
