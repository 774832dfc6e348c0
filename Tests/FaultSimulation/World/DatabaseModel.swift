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

    /// What became of a batch: the answer, and whether it was counted by this transaction.
    struct Outcome {
        var answer: BatchAnswer
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
        let decision = EpochDecision(
            remembered: last, newest: row.epochs.keys.max().flatMap(position), stored: position(last.epoch))
        for epoch in row.epochs.keys { row.epochs[epoch]?.isLive = false }
        row.epochs[decision.epoch] = Epoch()
        collectors[collector] = row
        return .granted(
            epoch: decision.epoch, nextSequence: 0, regressed: decision.hasRegressed && bug != .hideRegression)
    }

    mutating func lookUp(_ collector: Int, _ digests: [BatchDigest], epoch: UInt64, now: Int64) -> LookupAnswer {
        guard let row = collectors[collector], let found = row.epochs[epoch] else { return .unknownEpoch }
        guard found.isLive else { return .fenced }
        return .counted(digests.map { isKnown($0, in: row, now) })
    }

    mutating func commit(
        _ collector: Int, _ digest: BatchDigest, _ spoolSequence: SpoolSequence, epoch: UInt64, sequence: UInt64,
        now: Int64
    ) -> Outcome {
        guard var row = collectors[collector], let found = row.epochs[epoch] else {
            return Outcome(answer: .unknownEpoch)
        }
        guard found.isLive else { return Outcome(answer: .fenced) }
        let outcome = BatchOutcome(sequence: sequence, nextSequence: found.nextSequence) {
            BatchHistory(
                isKnown: isKnown(digest, in: row, now), isSpoolSequenceUsed: row.spoolSequences.contains(spoolSequence))
        }
        switch outcome {
        case .counted: break
        case .duplicate:
            if bug == .countDuplicates { break }
            if outcome.usesUp(sequence: sequence, nextSequence: found.nextSequence) {
                row.epochs[epoch]?.nextSequence += 1
            }
            collectors[collector] = row
            return Outcome(answer: .counted)
        case .gap(let expected):
            if bug != .skipGaps { return Outcome(answer: .gap(expectedSequence: expected)) }
        case .spoolSequenceReused:
            if bug != .forgetDigests { return Outcome(answer: .invalid(reason: "spool-sequence-reused")) }
        case .fork: return Outcome(answer: .fork)
        case .fenced: return Outcome(answer: .fenced)
        case .unknownEpoch: return Outcome(answer: .unknownEpoch)
        }
        row.epochs[epoch]?.nextSequence = max(found.nextSequence, sequence + 1)
        row.digests[digest] = now
        row.spoolSequences.insert(spoolSequence)
        collectors[collector] = row
        return Outcome(answer: .counted, isCounted: true)
    }

    private func isKnown(_ digest: BatchDigest, in row: Collector, _ now: Int64) -> Bool {
        guard let counted = row.digests[digest] else { return false }
        return bug != .forgetDigests || now - counted < Self.shortMemory
    }

    /// Sequence numbers that are used up, over all epochs of a collector.
    func usedSequences(_ collector: Int) -> UInt64 {
        collectors[collector]?.epochs.values.reduce(0) { $0 + $1.nextSequence } ?? 0
    }
}
