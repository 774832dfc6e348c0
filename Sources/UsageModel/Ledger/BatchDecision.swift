/// What became of a batch: decided by what the database holds about its collector, answered over HTTP, acted on by the
/// collector. Only `counted` and `duplicate` are acknowledgements.
///
/// The decision is a value, and whoever makes it holds the lock on the collector's row while it is carried out: so the
/// aggregator, which reads the row from PostgreSQL, and the fault simulation, which keeps it in memory, decide alike.
package enum BatchOutcome: Sendable, Equatable {
    /// It was the next one and new, and is counted.
    case counted
    /// Its bytes were counted before, under this key or in an earlier epoch; nothing was counted again.
    case duplicate
    /// Batches before it are missing; nothing was counted.
    case gap(expectedSequence: UInt64)
    /// The sequence number was used for other bytes; these were quarantined, not counted.
    case fork(expectedSequence: UInt64)
    /// It was the next one, but its spool sealed other bytes under the same spool sequence, and they were counted: the
    /// spool was copied or restored, and what it read again would count twice. The bytes were quarantined, not counted,
    /// and use up no sequence number.
    case spoolSequenceReused
    /// A newer epoch of the collector is live.
    case fenced(liveEpoch: UInt64)
    /// The database never issued the epoch.
    case unknownEpoch

    /// Decides about a batch of a live epoch.
    ///
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
            case (true, false): history.isSpoolSequenceUsed ? .spoolSequenceReused : .counted
            case (_, true): .duplicate
            case (false, false): .fork(expectedSequence: nextSequence)
            }
    }

    /// Why nothing is decided about a batch, where its epoch isn't live.
    package init(_ refusal: EpochRefusal) {
        self =
            switch refusal {
            case .fenced(let liveEpoch): .fenced(liveEpoch: liveEpoch)
            case .unknownEpoch: .unknownEpoch
            }
    }

    /// The collector may forget the batch: it is counted, durably.
    package var isAcknowledgement: Bool { self == .counted || self == .duplicate }

    /// Whether the batch's sequence number is used up by the outcome. A duplicate from an earlier epoch uses up the
    /// number that it came under; one that comes again under its own used it up before.
    package func usesUp(sequence: UInt64, nextSequence: UInt64) -> Bool {
        isAcknowledgement && sequence == nextSequence
    }

    /// The words for all of them.
    package static let names = [
        counted, .duplicate, .gap(expectedSequence: 0), .fork(expectedSequence: 0), .spoolSequenceReused,
        .fenced(liveEpoch: 0), .unknownEpoch,
    ].map(\.name)

    /// The word for it in answers and metrics.
    package var name: String {
        switch self {
        case .counted: "counted"
        case .duplicate: "duplicate"
        case .gap: "gap"
        case .fork: "fork"
        case .spoolSequenceReused: "spool-sequence-reused"
        case .fenced: "fenced"
        case .unknownEpoch: "unknown-epoch"
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
