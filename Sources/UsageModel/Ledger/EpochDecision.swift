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

    /// - Parameters:
    ///   - remembered: the collector's own memory of its last epoch, zeros for none.
    ///   - newest: the newest epoch that the database issued to the collector; `nil` for none.
    ///   - stored: what the database holds about the epoch that the collector remembers; `nil` for nothing.
    package init(remembered: EpochPosition, newest: EpochPosition?, stored: EpochPosition?) {
        // Above what either side has seen, so that a database that went back in time repeats no epoch.
        epoch = max(newest?.epoch ?? 0, remembered.epoch) + 1
        hasRegressed = remembered.epoch > 0 && (stored.map { $0.nextSequence < remembered.nextSequence } ?? true)
    }
}

/// Why an epoch can't be worked in.
package enum EpochRefusal: Error, Sendable, Equatable {
    /// A newer epoch of the collector is live.
    case fenced(liveEpoch: UInt64)
    /// The database never issued the epoch.
    case unknownEpoch
}
