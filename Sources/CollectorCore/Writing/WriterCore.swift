internal import BatchFormat
package import Spool
package import UsageModel

/// The writer without its thread, its log and its metrics: what goes into the spool, in which order, and who may be
/// told that it is durable.
///
/// It does no I/O but the spool's, through that one's `FileSystem`, and asks only the clocks that it was given, so that
/// the fault simulation runs this very code. Callers take turns: the collector's actor sees to that.
///
/// A request is accepted in two steps, so that many share one sync: ``accept(_:quarantine:)`` appends it and
/// ``makeDurable(_:)`` makes everything appended so far durable, unless a sync in between has done so. A chunk of a
/// followed file whose events have ids is one step: ``commit(_:)``.
package struct WriterCore {
    /// Time between two attempts to write a batch that failed.
    package static let retryMilliseconds: Int64 = 1_000

    /// An accepted request whose rows are not in the accumulator yet.
    struct PendingCommit {
        var accepted: AcceptedRows
        /// What it says of followed files; `nil` for what was pushed.
        var files: FileRecord?
        var position: UInt64
    }

    package let spool: Spool
    package let identity: BatchIdentity
    package let accumulator: Accumulator
    package let intakeSwitch: IntakeSwitch
    /// How old the first event of a table may become before it is sealed.
    let sealAge: Duration
    /// How much earlier a table may be sealed, in percent of ``sealAge``.
    let sealSpread: Int
    var quarantine: Quarantine
    package let remembered: RememberedEvents
    package let wallClock: any WallClock
    let steadyClock: any SteadyClock
    /// Takes what there is to tell. It must not come back to this value.
    let report: (WriterEvent) -> Void

    /// Appended, not synced yet, in order.
    var pending: [PendingCommit] = []
    /// Durable, not in the accumulator yet, in order.
    var unmerged: [PendingCommit] = []
    /// Commits asked for; of how many of the first of them the outcome is known; and which of those failed and don't
    /// know it yet.
    var commitsAsked: UInt64 = 0
    var commitsDecided: UInt64 = 0
    var failedCommits: Set<UInt64> = []
    /// Acknowledgements that were appended and not synced yet.
    var unsyncedAcknowledgements: [(spoolSequence: UInt64, acknowledgement: Acknowledgement)] = []
    /// A table that could not be sealed yet.
    var unsealed: SealContent?
    /// When to try again to seal it, by the steady clock, in milliseconds.
    var retryAt: Int64 = 0

    package init(
        spool: Spool, identity: BatchIdentity, accumulator: Accumulator, intakeSwitch: IntakeSwitch, sealAge: Duration,
        sealSpread: Int = 0,
        quarantine: Quarantine, remembered: RememberedEvents, wallClock: any WallClock,
        steadyClock: any SteadyClock,
        report: @escaping (WriterEvent) -> Void
    ) {
        self.spool = spool
        self.identity = identity
        self.accumulator = accumulator
        self.intakeSwitch = intakeSwitch
        self.sealAge = sealAge
        self.sealSpread = sealSpread
        self.quarantine = quarantine
        self.remembered = remembered
        self.wallClock = wallClock
        self.steadyClock = steadyClock
        self.report = report
    }

    /// Whether nothing that was accepted is still on its way into the accumulator or out of it.
    package var hasNothingWaiting: Bool { pending.isEmpty && unmerged.isEmpty && unsealed == nil }

    /// Seals what is old enough and takes in what waits; to be called every few milliseconds.
    package mutating func tick() {
        sealDue()
        mergeDurable()
    }

    /// Deletes what is no longer needed, and looks whether the spool can take input; to be called about once a second.
    package mutating func checkSpace() {
        do throws(SpoolError) {
            // What is deleted must have been acknowledged for good; and whoever waits for a sync must hear of this one.
            try syncSpool()
            spool.keepWriteAheadFrom = remembered.expire() ?? .max
            try spool.reclaim()
            remembered.forget(through: spool.writeAheadReclaimedThrough)
        } catch {
            report(.compactionFailed(error))
        }
        do throws(SpoolError) {
            try spool.checkSpace()
            if intakeSwitch.set(.spoolFull, false) { report(.spoolHasRoom) }
        } catch {
            if intakeSwitch.set(.spoolFull, true) { report(.spoolFull(error)) }
        }
        if unsealed == nil, intakeSwitch.closedFor.contains(.spoolFailing), (try? syncSpool()) != nil {
            intakeSwitch.set(.spoolFailing, false)
            report(.spoolWritable)
        }
    }
}
