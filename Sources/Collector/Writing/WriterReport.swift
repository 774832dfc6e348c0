internal import BatchFormat
internal import CollectorCore
internal import Logging
internal import Spool
internal import Telemetry
internal import UsageModel

/// Tells log, metrics and the shipper what the writer did.
struct WriterReport: Sendable {
    let metrics: CollectorMetrics
    let refusals: RefusalBoard
    let logger: Logger
    /// Tells the shipper of sealed batches.
    let sealedBatches: AsyncStream<SpooledBatch>.Continuation

    func callAsFunction(_ event: WriterEvent) {
        switch event {
        case .pushedRecordsUnkept(let error):
            logger.warning("rejected records could not be kept; their sender has the list", [.error: "\(error)"])
        case .quarantined(let entries): refusals.note(entries)
        case .appendRefused(let error): logger.error("pushed events are refused", [.error: "\(error)"])
        case .commitsFailed(let error):
            logger.error(
                "pushed events could not be made durable; they are refused",
                [.error: "\(error)", .remedy: "check the disk under the data directory"])
        case .sealed(let note): sealed(note)
        case .sealFailed(let error):
            logger.error(
                "a batch could not be written; no input is taken, and it is tried again",
                [.error: "\(error)", .remedy: "check the disk under the data directory"])
        case .opened(let recovered): opened(recovered)
        case .recordUndecodable(let position, let error):
            metrics.spoolDamaged.increment()
            logger.error(
                "an accepted record can't be decoded; it stays in the spool's directory until it is covered",
                [.position: "\(position)", .error: "\(error)"])
        case .compactionFailed(let error):
            logger.warning("the spool could not be compacted; it is tried again", [.error: "\(error)"])
        case .spoolFull(let error): logger.error("the spool is full; no input is taken", [.error: "\(error)"])
        case .spoolHasRoom: logger.info("the spool has room again; input is taken")
        case .spoolWritable: logger.info("the spool can be written again; input is taken")
        }
    }

    private func sealed(_ note: SealedNote) {
        metrics.sealedBatches.increment()
        metrics.sealedRows.increment(by: UInt64(note.rows))
        metrics.sealedEvents.increment(by: note.events)
        metrics.estimatedRequests.increment(by: note.flagged.estimated)
        metrics.takenBackRequests.increment(by: note.flagged.takenBack)
        metrics.sealedBytes.increment(by: UInt64(note.batch.byteCount))
        metrics.countRejections(note.rejections)
        metrics.countRepairs(note.repairs)
        metrics.sealSeconds.observe(.milliseconds(note.milliseconds))
        logger.debug(
            "sealed a batch",
            [
                .spoolSequence: "\(note.batch.spoolSequence)", .rows: "\(note.rows)", .events: "\(note.events)",
                .bytes: "\(note.batch.byteCount)",
            ])
        sealedBatches.yield(note.batch)
    }

    private func opened(_ recovered: RecoveredState) {
        for damage in recovered.damage {
            metrics.spoolDamaged.increment()
            logger.error(
                "a damaged part of the spool was quarantined; everything else goes on",
                [
                    .segment: "\(damage.segment)", .offset: "\(damage.offset)", .bytes: "\(damage.byteCount)",
                    .reason: "\(damage.reason)", .path: "\(damage.quarantinedAs)",
                ])
        }
        logger.info(
            "opened the spool",
            [
                .spool: "\(recovered.spoolID)", .batches: "\(recovered.unshipped.count)",
                .records: "\(recovered.uncoveredWriteAheadCount)", .next: "\(recovered.nextSpoolSequence)",
            ])
    }
}
