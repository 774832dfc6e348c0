package import Spool
package import UsageModel

/// Decides what to send to the aggregator next; does no I/O and keeps no time.
///
/// ``next()`` says what to do, and the method named after the action takes what came of it. Batches go out in the order
/// of their spool sequences, one at a time, under (epoch, sequence) pairs that the aggregator checks:
///
/// - A start, or an aggregator that doesn't know the epoch, leads to a new epoch; after that every unshipped digest is
///   looked up, because batches sent under the old epoch may have been counted without the answer arriving. Where the
///   aggregator knows less than this spool does, the archive is looked up as well.
/// - An unknown outcome is followed by the same bytes under the same key. A batch is never renumbered within an epoch.
/// - A gap rewinds to the sequence that the aggregator expects; the batches come from the archive.
/// - Until an aggregator that has regressed holds everything again, the spool remembers the epoch as one that went on
///   for ever: so a process that starts in between is told of the regression too. After that a fresh epoch ends it.
/// - A heartbeat, when one is due, says how far the epoch has come between two batches or without any. An aggregator
///   that holds less is found out by it, and so is a connection that has died: nothing else would, as long as there
///   is nothing to send.
/// - A fence is final for this process, unless an epoch request of its own that went unanswered may be the cause.
package struct ShippingStateMachine: Sendable {
    /// What to do now.
    package enum Action: Sendable, Equatable {
        case requestEpoch(last: EpochPosition)
        /// Read the list of archived batches and hand it to ``archiveListed(_:)``.
        case listArchive
        case lookUp(epoch: UInt64, batches: [SpooledBatch])
        case send(SpooledBatch, epoch: UInt64, sequence: UInt64)
        /// Tell the aggregator how far the epoch has come.
        case heartbeat(EpochPosition)
        /// Wait for a random time up to `ceiling`, at least `floor`, then ask again.
        case wait(floor: Duration, ceiling: Duration)
        /// Nothing to ship until the next batch is sealed.
        case idle
        /// Stop: a newer process has this identity.
        case stop
    }

    /// What an answer means for the spool and the operator.
    package enum Effect: Sendable, Equatable {
        case none
        /// Both must be durable before anything goes out under the epoch; see ``unrecorded(_:detail:)``.
        case recordEpoch(EpochPosition)
        case recordCounted(spoolSequence: UInt64, epoch: UInt64, sequence: UInt64)
        case recordConfirmed(spoolSequences: [UInt64])
        case recordInvalid(spoolSequence: UInt64, reason: String)
        case reportDelay(ShippingDelay, attempt: Int)
        case reportRewind(from: UInt64, to: UInt64)
        case reportFork(spoolSequence: UInt64, sequence: UInt64)
        case reportFenced
        /// The aggregator answered, and nothing has changed.
        case reportCurrent
    }

    private enum State: Equatable {
        /// May become `listingArchive`, `lookingUp`, `shipping` or `fenced`.
        case needsEpoch
        /// The aggregator has regressed. Becomes `lookingUp` or `shipping`.
        case listingArchive
        /// `pending` are still to be asked about. Becomes `shipping`, `needsEpoch` or `fenced`.
        case lookingUp(pending: [SpooledBatch])
        /// May become `needsEpoch` or `fenced`.
        case shipping
        /// Final.
        case fenced
    }

    /// The most digests that one lookup may ask about.
    package static let maxDigestsPerLookup = 10_000
    /// The most counted batches that are remembered for a rewind: at one in 10 s, at least five days.
    package static let maxRewindBatches = 100_000
    /// Upper bounds of delays. No delay is longer, save where the aggregator's Retry-After says so.
    private static let backoff = Backoff(first: .milliseconds(200), last: .seconds(30))
    /// The longest Retry-After that is obeyed; a longer one is cut, so that a mistake can't stop shipping for days.
    package static let retryAfterCap = Duration.seconds(300)

    private var state = State.needsEpoch
    private var claim: EpochPosition
    /// To be shipped, by spool sequence; the first is in flight or next.
    private var queue: [SpooledBatch]
    /// What was counted in this epoch, by sequence number: to rewind to.
    private var counted: [SpooledBatch] = []
    /// The first sequence number of `counted`.
    private var firstSequence: UInt64 = 0
    private var lastSpoolSequence: UInt64
    /// The spool sequence of the newest archived batch that may have to be supplied again; `nil` where nothing is
    /// missing.
    private var resupplyThrough: UInt64?
    /// Whether an epoch request went unanswered: it may still be carried out, and fence the epoch that was granted
    /// since.
    private var mayFenceItself = false
    private var isHeartbeatDue = false
    private var failures = 0
    private var delay: ShippingDelay?

    /// - Parameters:
    ///   - unshipped: batches without an acknowledgement, by spool sequence.
    ///   - last: the newest epoch and sequence that the spool recorded, zeros for none.
    package init(unshipped: [SpooledBatch], last: EpochPosition) {
        queue = unshipped
        lastSpoolSequence = unshipped.last?.spoolSequence ?? 0
        claim = last
    }

    package var epoch: UInt64 { claim.epoch }
    /// How far the epoch has come, by what was acknowledged to this process.
    package var position: EpochPosition { EpochPosition(epoch: claim.epoch, nextSequence: nextSequence) }
    package var isFenced: Bool { state == .fenced }
    /// Whether the aggregator has granted this process an epoch.
    package var isConnected: Bool { state != .needsEpoch && state != .fenced }
    package var queuedCount: Int { queue.count }

    private var nextSequence: UInt64 { firstSequence + UInt64(counted.count) }

    /// A batch has become durable in the spool.
    package mutating func sealed(_ batch: SpooledBatch) {
        // Batches sealed while the spool was being recovered are in the first list already.
        guard batch.spoolSequence > lastSpoolSequence else { return }
        lastSpoolSequence = batch.spoolSequence
        queue.append(batch)
    }

    /// It is time for a heartbeat; it goes out once nothing else is under way.
    package mutating func heartbeatDue() {
        isHeartbeatDue = true
    }

    /// No heartbeat until the next is due.
    package mutating func skipHeartbeat() {
        isHeartbeatDue = false
    }

    package func next() -> Action {
        if state == .fenced { return .stop }
        if let delay {
            let floor = min(delay.retryAfter ?? .zero, Self.retryAfterCap)
            return .wait(floor: floor, ceiling: max(floor, Self.backoff.bound(afterFailures: failures)))
        }
        switch state {
        case .needsEpoch: return .requestEpoch(last: claim)
        case .listingArchive: return .listArchive
        case .lookingUp(let pending):
            return .lookUp(epoch: claim.epoch, batches: Array(pending.prefix(Self.maxDigestsPerLookup)))
        case .shipping:
            if isHeartbeatDue { return .heartbeat(position) }
            guard let batch = queue.first else { return .idle }
            return .send(batch, epoch: claim.epoch, sequence: nextSequence)
        case .fenced: return .stop
        }
    }

    /// The time of a ``Action/wait(floor:ceiling:)`` is over.
    package mutating func waited() {
        delay = nil
    }

    package mutating func epochAnswered(_ answer: EpochAnswer) -> Effect {
        switch answer {
        case .granted(let granted, let hasRegressed):
            claim = granted
            counted = []
            firstSequence = granted.nextSequence
            failures = 0
            if hasRegressed || resupplyThrough != nil {
                state = .listingArchive
                // Until the archive is listed, any of it may be missing.
                resupplyThrough = .max
                return .recordEpoch(EpochPosition(epoch: granted.epoch, nextSequence: EpochPosition.beyondAnySequence))
            }
            state = queue.isEmpty ? .shipping : .lookingUp(pending: queue)
            return .recordEpoch(claim)
        case .later(let delay):
            mayFenceItself = true
            return postpone(delay)
        }
    }

    /// The spool could not take down what an effect asked it to.
    ///
    /// An acknowledgement can be told again after the next start. An epoch that isn't remembered can't be used: a
    /// database that goes back to before it would not be found out.
    package mutating func unrecorded(_ record: ShippingRecord, detail: String) -> Effect {
        guard case .epoch = record else { return .none }
        state = .needsEpoch
        return postpone(ShippingDelay(.refused, "the epoch could not be recorded: \(detail)"))
    }

    /// - Parameter archive: acknowledged batches that are still kept, by spool sequence.
    package mutating func archiveListed(_ archive: [SpooledBatch]) {
        let known = Set(queue.map(\.spoolSequence))
        queue = archive.filter { !known.contains($0.spoolSequence) } + queue
        queue.sort { $0.spoolSequence < $1.spoolSequence }
        resupplyThrough = archive.last?.spoolSequence ?? 0
        state = queue.isEmpty ? .shipping : .lookingUp(pending: queue)
        endResupply()
    }

    package mutating func lookupAnswered(_ answer: LookupAnswer) -> Effect {
        guard case .lookingUp(let pending) = state else { return .none }
        switch answer {
        case .counted(let flags):
            let asked = pending.prefix(Self.maxDigestsPerLookup)
            guard flags.count == asked.count else {
                return postpone(ShippingDelay(.unreachable, "lookup answered for another number of digests"))
            }
            failures = 0
            let confirmed = Set(zip(asked, flags).filter(\.1).map(\.0.spoolSequence))
            queue.removeAll { confirmed.contains($0.spoolSequence) }
            let rest = Array(pending.dropFirst(Self.maxDigestsPerLookup))
            state = rest.isEmpty ? .shipping : .lookingUp(pending: rest)
            endResupply()
            return confirmed.isEmpty ? .none : .recordConfirmed(spoolSequences: confirmed.sorted())
        case .refused(.fenced): return fence()
        case .refused(.unknownEpoch): return forgetEpoch()
        case .later(let delay): return postpone(delay)
        }
    }

    package mutating func heartbeatAnswered(_ answer: HeartbeatAnswer) -> Effect {
        guard state == .shipping else { return .none }
        if case .later(let delay) = answer { return postpone(delay) }
        isHeartbeatDue = false
        switch answer {
        case .behind(let expected): return rewind(to: expected)
        case .refused(.fenced): return fence()
        case .refused(.unknownEpoch): return forgetEpoch()
        case .current:
            failures = 0
            return .reportCurrent
        case .unsupported, .later: return .none
        }
    }

    package mutating func batchAnswered(_ answer: BatchAnswer) -> Effect {
        guard state == .shipping, let batch = queue.first else { return .none }
        switch answer {
        case .decided(let outcome): return decided(outcome, batch)
        case .invalid(let reason): return drop(batch, reason: reason)
        case .later(let delay): return postpone(delay)
        }
    }

    private mutating func decided(_ outcome: BatchOutcome, _ batch: SpooledBatch) -> Effect {
        switch outcome {
        case .counted, .duplicate:
            let sequence = nextSequence
            queue.removeFirst()
            counted.append(batch)
            if counted.count > Self.maxRewindBatches {
                counted.removeFirst(Self.maxRewindBatches / 2)
                firstSequence += UInt64(Self.maxRewindBatches / 2)
            }
            claim.nextSequence = sequence + 1
            failures = 0
            defer { endResupply() }
            return .recordCounted(spoolSequence: batch.spoolSequence, epoch: claim.epoch, sequence: sequence)
        case .spoolSequenceReused: return drop(batch, reason: outcome.name)
        case .gap(let expected): return rewind(to: expected)
        case .fork:
            let sequence = nextSequence
            state = .needsEpoch
            _ = postpone(ShippingDelay(.refused, "fork"))
            return .reportFork(spoolSequence: batch.spoolSequence, sequence: sequence)
        case .fenced: return fence()
        case .unknownEpoch: return forgetEpoch()
        }
    }

    /// The batch will never be taken. It uses up no sequence number, and those behind it go on.
    private mutating func drop(_ batch: SpooledBatch, reason: String) -> Effect {
        queue.removeFirst()
        failures = 0
        endResupply()
        return .recordInvalid(spoolSequence: batch.spoolSequence, reason: reason)
    }

    /// Batches whose bytes are gone from the spool can't be sent.
    package mutating func dropUnreadable(_ spoolSequence: UInt64) {
        queue.removeAll { $0.spoolSequence == spoolSequence }
        endResupply()
    }

    /// The next batch could not be read, and perhaps can be later.
    package mutating func readFailed(detail: String) -> Effect {
        postpone(ShippingDelay(.refused, "the spool can't be read: \(detail)"))
    }

    // MARK: Transitions

    private mutating func rewind(to expected: UInt64) -> Effect {
        let from = nextSequence
        guard expected >= firstSequence, expected < from else {
            // Nothing of this epoch stands there: only a new epoch and a lookup can tell what was counted.
            state = .needsEpoch
            _ = postpone(ShippingDelay(.refused, "gap"))
            return .reportRewind(from: from, to: expected)
        }
        let keep = Int(expected - firstSequence)
        queue.insert(contentsOf: counted[keep...], at: 0)
        counted.removeSubrange(keep...)
        claim.nextSequence = expected
        failures = 0
        return .reportRewind(from: from, to: expected)
    }

    /// Asks for a new epoch, with a delay so that two sides that disagree don't spin.
    private mutating func forgetEpoch() -> Effect {
        state = .needsEpoch
        return postpone(ShippingDelay(.refused, "the aggregator doesn't know this epoch"))
    }

    /// Once nothing is left to be supplied again, asks for an epoch that says so.
    private mutating func endResupply() {
        guard let resupplyThrough, state == .shipping, queue.allSatisfy({ $0.spoolSequence > resupplyThrough }) else {
            return
        }
        self.resupplyThrough = nil
        state = .needsEpoch
        // With a delay, so that an aggregator that goes on saying so isn't asked without end.
        _ = postpone(ShippingDelay(.busy, "everything is supplied again"))
    }

    private mutating func fence() -> Effect {
        if mayFenceItself {
            mayFenceItself = false
            state = .needsEpoch
            return postpone(ShippingDelay(.refused, "fenced, perhaps by an earlier request of this process"))
        }
        state = .fenced
        return .reportFenced
    }

    private mutating func postpone(_ reason: ShippingDelay) -> Effect {
        failures += 1
        delay = reason
        return .reportDelay(reason, attempt: failures)
    }
}
