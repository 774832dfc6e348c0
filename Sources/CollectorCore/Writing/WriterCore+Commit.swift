package import BatchFormat
internal import Spool
internal import UsageModel

extension WriterCore {
    /// A commit that was asked for; by number, from 1.
    package struct Ticket: Sendable, Hashable {
        var number: UInt64
    }

    /// Appends accepted rows. They are durable, and may be acknowledged, once ``makeDurable(_:)`` has returned.
    package mutating func accept(
        _ accepted: AcceptedRows, quarantine entries: [QuarantineEntry]
    ) throws(CommitFailure) -> Ticket {
        if let reason = intakeSwitch.closedFor.first { throw .closed(reason) }
        // Synced first: what another request is still waiting for may yet fail.
        if remembered.overlap(accepted.fingerprints) == .waiting { syncPending() }
        guard remembered.overlap(accepted.fingerprints) == .none else { throw .repeated }
        let ticket = try enqueue(accepted)
        // Only now: whoever is refused as a whole sends it all again.
        do {
            try quarantine.writePushed(entries)
            report(.quarantined(entries))
        } catch {
            report(.pushedRecordsUnkept(error))
        }
        return ticket
    }

    /// Appends rows to the write-ahead log, to be synced.
    mutating func enqueue(_ accepted: AcceptedRows, of files: FileRecord? = nil) throws(CommitFailure) -> Ticket {
        let position = try append(accepted)
        pending.append(PendingCommit(accepted: accepted, files: files, position: position))
        remembered.wait(accepted.fingerprints, position: position)
        commitsAsked += 1
        return Ticket(number: commitsAsked)
    }

    /// Makes accepted rows durable and then counts them.
    ///
    /// Everything that waits when a sync starts shares it: the first to come here syncs for all.
    package mutating func makeDurable(_ ticket: Ticket) throws(CommitFailure) {
        if commitsDecided < ticket.number { syncPending() }
        if failedCommits.remove(ticket.number) != nil { throw .closed(.spoolFailing) }
    }

    private mutating func append(_ accepted: AcceptedRows) throws(CommitFailure) -> UInt64 {
        let payload: [UInt8]
        do throws(BatchError) {
            payload = try RowsCodec.encode(accepted)
        } catch {
            throw .tooLarge
        }
        do throws(SpoolError) {
            return try spool.appendWriteAhead(payload)
        } catch {
            if error.code == .misuse { throw .tooLarge }
            let reason: IntakeSwitch.Reason = error.code == .full ? .spoolFull : .spoolFailing
            if intakeSwitch.set(reason, true) { report(.appendRefused(error)) }
            throw .closed(reason)
        }
    }

    mutating func syncPending() {
        do {
            try quarantine.synchronizePushed()
        } catch {
            report(.pushedRecordsUnkept(error))
        }
        do throws(SpoolError) {
            try spool.sync()
            noteSynced(nil)
        } catch {
            noteSynced(error)
        }
    }

    /// Tells everybody who waits what came of a sync, and opens or closes the intake switch.
    mutating func noteSynced(_ failure: SpoolError?) {
        if let failure {
            noteSyncFailed()
            if intakeSwitch.set(.spoolFailing, true) { report(.commitsFailed(failure)) }
        } else {
            intakeSwitch.set(.spoolFailing, false)
            noteSyncSucceeded()
        }
    }

    /// Syncs outside of a commit or seal; whoever waits for a commit gains or loses by it as well.
    mutating func syncSpool() throws(SpoolError) {
        do throws(SpoolError) {
            try spool.sync()
            noteSyncSucceeded()
        } catch {
            noteSyncFailed()
            throw error
        }
    }

    /// Everything appended so far is durable: what was pushed joins the accumulator.
    mutating func noteSyncSucceeded() {
        unsyncedAcknowledgements = []
        unmerged += pending
        pending = []
        commitsDecided = commitsAsked
        remembered.noteSyncSucceeded()
        mergeDurable()
    }

    /// The spool forgot what was appended since the last sync: those who wait are told to send again.
    mutating func noteSyncFailed() {
        pending = []
        remembered.noteSyncFailed()
        while commitsDecided < commitsAsked {
            commitsDecided += 1
            failedCommits.insert(commitsDecided)
        }
        // Shipping is past these batches and won't say it again.
        for (spoolSequence, acknowledgement) in unsyncedAcknowledgements {
            try? spool.appendAcknowledged(spoolSequence, acknowledgement)
        }
    }

    /// Lets durable rows join the accumulator in their order, as far as there is room; the rest follows with the next
    /// seal.
    mutating func mergeDurable() {
        while let next = unmerged.first {
            if accumulator.merge(next.accepted, of: next.files, position: next.position) {
                unmerged.removeFirst()
            } else if !makeRoom() {
                return
            }
        }
    }
}
