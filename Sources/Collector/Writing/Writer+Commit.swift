internal import Batching
internal import Logging
internal import Spool
internal import Telemetry
internal import Usage

/// Why pushed events were not accepted.
package enum CommitFailure: Error, Sendable, Equatable {
    /// Input is refused for now.
    case closed(IntakeGate.Reason)
    /// More rows or bytes than one write-ahead record may hold.
    case tooLarge
    /// Some of the events have become durable since they were read: read them again.
    case repeated
}

extension Writer {
    /// Makes accepted rows durable and then counts them; returns only when they are.
    ///
    /// Everything that waits when a sync starts shares it: the first to come back from its yield syncs for all.
    func commit(_ accepted: AcceptedRows, quarantine entries: [QuarantineEntry]) async throws(CommitFailure) {
        let started = steadyClock.nowMilliseconds()
        if let reason = gate.closedFor.first { throw .closed(reason) }
        // Settled first: what another request is still waiting for may yet fail.
        if remembered.overlap(accepted.marks) == .waiting { syncPending() }
        guard remembered.overlap(accepted.marks) == .none else { throw .repeated }
        do {
            try quarantine.writePushed(entries)
        } catch {
            logger.warning("rejected records could not be kept; their sender has the list", [.error: "\(error)"])
        }
        let position = try append(accepted)
        pending.append(PendingCommit(accepted: accepted, position: position))
        remembered.wait(accepted.marks, position: position)
        commitsAsked += 1
        let ticket = commitsAsked
        await Task.yield()
        if commitsSettled < ticket { syncPending() }
        if failedCommits.remove(ticket) != nil { throw .closed(.spoolFailing) }
        metrics.commitSeconds.observe(.milliseconds(steadyClock.nowMilliseconds() - started))
    }

    private func append(_ accepted: AcceptedRows) throws(CommitFailure) -> UInt64 {
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
            let reason: IntakeGate.Reason = error.code == .full ? .spoolFull : .spoolFailing
            if gate.set(reason, true) { logger.error("pushed events are refused", [.error: "\(error)"]) }
            throw .closed(reason)
        }
    }

    private func syncPending() {
        do throws(SpoolError) {
            try spool.sync()
            gate.set(.spoolFailing, false)
            noteSyncSucceeded()
        } catch {
            noteSyncFailed()
            if gate.set(.spoolFailing, true) {
                logger.error(
                    "pushed events could not be made durable; they are refused",
                    [.error: "\(error)", .remedy: "check the disk under the data folder"])
            }
        }
    }

    /// Everything appended so far is durable: what was pushed joins the meter.
    func noteSyncSucceeded() {
        unmerged += pending
        pending = []
        commitsSettled = commitsAsked
        remembered.noteSyncSucceeded()
        mergeDurable()
    }

    /// The spool forgot what was appended since the last sync: those who wait are told to send again.
    func noteSyncFailed() {
        pending = []
        remembered.noteSyncFailed()
        while commitsSettled < commitsAsked {
            commitsSettled += 1
            failedCommits.insert(commitsSettled)
        }
    }

    /// Lets durable rows join the meter in their order, as far as there is room; the rest follows with the next seal.
    func mergeDurable() {
        // At once, not with the next round: whoever was answered may look next whether anything is left to ship.
        defer { metrics.openRows.set(meter.openRows) }
        while let next = unmerged.first {
            if meter.merge(next.accepted, position: next.position) {
                unmerged.removeFirst()
            } else if !makeRoom() {
                return
            }
        }
    }
}
