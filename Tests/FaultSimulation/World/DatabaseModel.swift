internal import CollectorCore
internal import UsageModel

/// The rows that decide about batches, as PostgreSQL would hold them: a value, so that a backup is a copy.
///
/// Every method is one committed transaction. What is decided is decided by the product's ``BatchOutcome`` and
/// ``EpochDecision``; this only keeps the rows.
struct DatabaseModel {
    private struct Epoch {
        var isLive = true
        var nextSequence: UInt64 = 0
    }

    private struct Collector {
        var epochs: [UInt64: Epoch] = [:]
        /// When each digest was counted, in milliseconds of simulated time.
        var digests: [BatchDigest: Int64] = [:]
        var spoolSequences: Set<SpoolSequence> = []
    }

    /// Where a batch was sealed.
    struct SpoolSequence: Hashable {
        var spool: SpoolID
        var spoolSequence: UInt64
    }

    /// What became of a batch, and whether it was counted by this transaction.
    struct Commit {
        var outcome: BatchOutcome
        var isCounted = false
    }

    /// Time for which ``KnownBug/forgetDigests`` knows a digest, in milliseconds.
    private static let shortMemory: Int64 = 10_000

    let bug: KnownBug?
    private var collectors: [Int: Collector] = [:]

    init(bug: KnownBug?) {
        self.bug = bug
    }

    mutating func openEpoch(_ collector: Int, _ last: EpochPosition) -> EpochAnswer {
        var row = collectors[collector] ?? Collector()
        func position(_ epoch: UInt64) -> EpochPosition? {
            row.epochs[epoch].map { EpochPosition(epoch: epoch, nextSequence: $0.nextSequence) }
        }
        guard
            let decision = try? EpochDecision(
                remembered: last, newest: row.epochs.keys.max().flatMap(position), stored: position(last.epoch))
        else { return .later(ShippingDelay(.refused, "the remembered epoch is out of reach")) }
        for epoch in row.epochs.keys { row.epochs[epoch]?.isLive = false }
        row.epochs[decision.epoch] = Epoch()
        collectors[collector] = row
        return .granted(
            EpochPosition(epoch: decision.epoch), hasRegressed: decision.hasRegressed && bug != .hideRegression)
    }

    mutating func lookUp(_ collector: Int, _ digests: [BatchDigest], epoch: UInt64, now: Int64) -> LookupAnswer {
        guard let row = collectors[collector], let found = row.epochs[epoch] else { return .refused(.unknownEpoch) }
        guard found.isLive else { return .refused(.fenced(liveEpoch: Self.liveEpoch(row))) }
        return .counted(digests.map { isKnown($0, in: row, now) })
    }

    mutating func commit(
        _ collector: Int, _ digest: BatchDigest, _ spoolSequence: SpoolSequence, epoch: UInt64, sequence: UInt64,
        now: Int64
    ) -> Commit {
        guard var row = collectors[collector], let found = row.epochs[epoch] else {
            return Commit(outcome: .unknownEpoch)
        }
        guard found.isLive else { return Commit(outcome: .fenced(liveEpoch: Self.liveEpoch(row))) }
        let outcome = BatchOutcome(sequence: sequence, nextSequence: found.nextSequence) {
            BatchHistory(
                isKnown: isKnown(digest, in: row, now), isSpoolSequenceUsed: row.spoolSequences.contains(spoolSequence))
        }
        switch outcome {
        case .counted: break
        case .duplicate where bug == .countDuplicates: break
        case .gap where bug == .skipGaps: break
        case .spoolSequenceReused where bug == .forgetDigests: break
        case .duplicate, .gap, .spoolSequenceReused, .fork, .fenced, .unknownEpoch:
            if outcome.usesUp(sequence: sequence, nextSequence: found.nextSequence) {
                row.epochs[epoch]?.nextSequence += 1
            }
            collectors[collector] = row
            return Commit(outcome: outcome)
        }
        row.epochs[epoch]?.nextSequence = max(found.nextSequence, sequence + 1)
        row.digests[digest] = now
        row.spoolSequences.insert(spoolSequence)
        collectors[collector] = row
        return Commit(outcome: .counted, isCounted: true)
    }

    private static func liveEpoch(_ row: Collector) -> UInt64 { row.epochs.first { $0.value.isLive }?.key ?? 0 }

    private func isKnown(_ digest: BatchDigest, in row: Collector, _ now: Int64) -> Bool {
        guard let counted = row.digests[digest] else { return false }
        return bug != .forgetDigests || now - counted < Self.shortMemory
    }

    /// Sequence numbers that are used up, over all epochs of a collector.
    func usedSequences(_ collector: Int) -> UInt64 {
        collectors[collector]?.epochs.values.reduce(0) { $0 + $1.nextSequence } ?? 0
    }
}
