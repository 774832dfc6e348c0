package import BatchFormat
internal import Spool
internal import UsageModel

/// What a file of the quarantine is read into.
package struct Requeued: Sendable {
    /// What the records that count now add. Its rejections are none: the records were counted as refused before.
    package var accepted: AcceptedRows
    /// The lines that stay.
    package var rest: [UInt8]
    /// Whether any record leaves.
    package var hasLeavers: Bool

    package init(accepted: AcceptedRows, rest: [UInt8], hasLeavers: Bool) {
        self.accepted = accepted
        self.rest = rest
        self.hasLeavers = hasLeavers
    }
}

extension WriterCore {
    /// The quarantine's files whose records may be read again, oldest first.
    package var requeueableFiles: [String] { quarantine.requeueable(before: spool.nextSpoolSequence) }

    /// Reads one file of the quarantine again. What counts now is durable, and gone from the file, when it returns;
    /// where it throws nothing has changed, or the next start finds out.
    ///
    /// - Parameter read: reads the lines; it must not come back to this value.
    package mutating func requeue(_ name: String, _ read: (_ lines: [UInt8]) -> Requeued) throws {
        if let reason = intakeSwitch.closedFor.first { throw CommitFailure.closed(reason) }
        // What others wait for is decided first: ids of theirs may be among these, and the record of this file must be
        // the last to join the accumulator, so that no batch covers it before the file has changed.
        syncPending()
        mergeDurable()
        guard pending.isEmpty, unmerged.isEmpty, !quarantine.isBeingRequeued(name) else {
            throw CommitFailure.closed(.spoolFailing)
        }
        let requeued = read(try quarantine.read(name))
        guard requeued.hasLeavers else { return }
        let number = try quarantine.beginRequeue(of: name, leaving: requeued.rest)
        guard requeued.accepted.eventCount > 0 else {
            // Nothing to count: those that leave were counted before, or are none that count.
            return try quarantine.finishRequeue(number)
        }
        let ticket: Ticket
        do throws(CommitFailure) {
            var accepted = requeued.accepted
            let own = accepted.fingerprints
            accepted.fingerprints = AcceptedFingerprints(
                acceptedAtMilliseconds: wallClock.nowMilliseconds(),
                fingerprints: own.fingerprints + [EventFingerprint(key: number, content: 0)], totals: own.totals,
                calls: own.calls)
            ticket = try enqueue(accepted)
        } catch {
            quarantine.abandonRequeue(number)
            throw error
        }
        try makeDurable(ticket)
        try quarantine.finishRequeue(number)
    }
}
