internal import BatchFormat
internal import CollectorCore
internal import Spool
internal import Telemetry
internal import UsageModel

extension Writer {
    /// Makes accepted rows durable and then counts them; returns only when they are.
    ///
    /// Everything that waits when a sync starts shares it: the first to come back from its yield syncs for all.
    func commit(_ accepted: AcceptedRows, quarantine entries: [QuarantineEntry]) async throws(CommitFailure) {
        let started = steadyClock.nowMilliseconds()
        let ticket = try core.accept(accepted, quarantine: entries)
        await Task.yield()
        // At once, not with the next round: whoever was answered may look next whether anything is left to ship.
        defer { noteSealed() }
        try core.settle(ticket)
        metrics.commitSeconds.observe(.milliseconds(steadyClock.nowMilliseconds() - started))
    }

    /// Seals what is old enough.
    func sealDue() {
        defer { noteSealed() }
        core.sealDue()
    }

    /// Seals everything, whatever its age.
    func sealAll() {
        defer { noteSealed() }
        core.sealAll()
    }

    /// Seals what was rotated out, so that a full accumulator can take more.
    func makeRoom() {
        defer { noteSealed() }
        core.makeRoom()
    }

    func checkSpace() {
        core.checkSpace()
        updateGauges()
    }

    /// The sealed bytes of a batch.
    func read(_ spoolSequence: UInt64) throws(SpoolError) -> [UInt8] {
        try core.read(spoolSequence)
    }

    /// Batches that are not shipped, by spool sequence.
    func unshipped() -> [ShippingBatch] { core.unshipped }

    /// Shipped batches that are still kept, by spool sequence.
    func archived() -> [ShippingBatch] { core.archived }

    /// See ``WriterCore/record(_:)``.
    func record(_ record: ShippingRecord) throws(SpoolError) {
        defer { updateGauges() }
        try core.record(record)
    }

    /// After what may have sealed something: a batch is in the backlog before its rows stop being open ones, so that there
    /// is no moment in which nothing seems to be left. Goes through the backlog only where a batch was sealed.
    private func noteSealed() {
        if core.spool.nextSpoolSequence != board.currentBacklog.nextSpoolSequence {
            updateGauges()
        } else {
            metrics.openRows.set(core.accumulator.openRows)
        }
    }

    func updateGauges() {
        let spool = core.spool
        let unshipped = spool.unshippedBatches
        var backlog = StatusStore.Backlog()
        backlog.batches = unshipped.count
        backlog.bytes = unshipped.reduce(0) { $0 + $1.byteCount }
        backlog.oldestSealedAt = unshipped.first?.appendedAtMilliseconds
        backlog.spoolBytes = spool.bytesOnDisk
        backlog.nextSpoolSequence = spool.nextSpoolSequence
        board.setBacklog(backlog)
        metrics.backlogBatches.set(backlog.batches)
        metrics.backlogBytes.set(backlog.bytes)
        metrics.spoolBytes.set(Double(spool.bytesOnDisk))
        metrics.openRows.set(core.accumulator.openRows)
    }
}
