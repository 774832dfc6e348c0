/// How far one epoch of a collector has come, by the database or by the collector's own memory.
package struct EpochPosition: Codable, Sendable, Equatable {
    /// From 1; 0 stands for none.
    package var epoch: UInt64
    /// The first sequence number that isn't used up.
    package var nextSequence: UInt64

    /// Stands for more than any aggregator holds of an epoch. The highest that it takes.
    package static let beyondAnySequence = UInt64(Int64.max)

    package init(epoch: UInt64 = 0, nextSequence: UInt64 = 0) {
        self.epoch = epoch
        self.nextSequence = nextSequence
    }

    private enum CodingKeys: String, CodingKey {
        case epoch
        case nextSequence = "next_sequence"
    }
}

/// Which epoch a collector is given. Every older one of the same collector is fenced in the same transaction.
package struct EpochDecision: Sendable, Equatable {
    package var epoch: UInt64
    /// The collector remembers more than the database holds about that epoch: the database came from an older backup,
    /// and batches that it has forgotten are to be supplied again.
    package var hasRegressed: Bool

    /// How far beyond the newest epoch that the database issued a collector's memory may lie, in epochs.
    ///
    /// A database from an older backup lacks the epochs that collectors opened meanwhile, one with each start. Without
    /// a bound, one request with an epoch near the end of the numbers would leave the identity none.
    package static let maxLead: UInt64 = 1_000_000

    /// - Parameters:
    ///   - remembered: the collector's own memory of its last epoch, zeros for none.
    ///   - newest: the newest epoch that the database issued to the collector and that wasn't retired; `nil` for none.
    ///   - stored: what the database holds about the epoch that the collector remembers; `nil` for nothing.
    ///   - isRetired: whether the remembered epoch was retired, so that it doesn't count for the next one's number.
    package init(
        remembered: EpochPosition, newest: EpochPosition?, stored: EpochPosition?, isRetired: Bool = false
    ) throws(EpochOutOfReach) {
        let known = newest?.epoch ?? 0
        let claimed = isRetired ? 0 : remembered.epoch
        // Above what either side has seen, so that a database that went back in time repeats no epoch.
        let highest = max(known, claimed)
        guard highest - known <= Self.maxLead, highest < UInt64(Int64.max) else {
            throw EpochOutOfReach(newest: known, remembered: remembered.epoch)
        }
        epoch = highest + 1
        hasRegressed = remembered.epoch > 0 && (stored.map { $0.nextSequence < remembered.nextSequence } ?? true)
    }
}

/// The epoch that a collector remembers lies further beyond the newest one than ``EpochDecision/maxLead``, or there is
/// no number left after it.
package struct EpochOutOfReach: Error, Sendable, Equatable {
    package var newest: UInt64
    package var remembered: UInt64

    package init(newest: UInt64, remembered: UInt64) {
        self.newest = newest
        self.remembered = remembered
    }
}

/// Why an epoch can't be worked in.
package enum EpochRefusal: Error, Sendable, Equatable {
    /// A newer epoch of the collector is live.
    case fenced(liveEpoch: UInt64)
    /// The database never issued the epoch.
    case unknownEpoch
}
