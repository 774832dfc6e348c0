internal import Batching
internal import Logging
internal import Spool
internal import Telemetry
internal import Usage

extension Writer {
    /// Seals what is rotated out or old enough.
    func sealDue() {
        while sealNext(force: false) {}
    }

    /// Seals everything, whatever its age.
    func sealAll() {
        while sealNext(force: true) {}
    }

    /// Seals what was rotated out, so that a full meter can take more.
    @discardableResult
    func makeRoom() -> Bool {
        sealNext(force: false)
    }

    /// Seals one table. Returns whether there was one and it is durable.
    private func sealNext(force: Bool) -> Bool {
        let started = steadyClock.nowMilliseconds()
        if unsealed != nil, started < retryAt, !force { return false }
        guard let content = unsealed.take() ?? meter.take(force: force, olderThan: seal.age) else { return false }
        do {
            let batch = try write(content)
            noteSyncSucceeded()
            meter.reuse(content.sums)
            metrics.sealSeconds.observe(.milliseconds(steadyClock.nowMilliseconds() - started))
            updateGauges()
            sealedBatches.yield(batch)
            return true
        } catch {
            noteSyncFailed()
            unsealed = content
            retryAt = started + Self.retryMilliseconds
            if gate.set(.spoolFailing, true) {
                logger.error(
                    "a batch could not be written; no input is taken, and it is tried again",
                    [.error: "\(error)", .remedy: "check the disk under the data folder"])
            }
            return false
        }
    }

    private func write(_ content: SealContent) throws -> ShippingBatch {
        let ordinal = spool.nextOrdinal
        let rows = content.sums.rows()
        let header = BatchHeader(
            provider: identity.provider, collector: identity.collector, spoolID: identity.spoolID, ordinal: ordinal,
            sealedAtMilliseconds: wallClock.nowMilliseconds(), softwareVersion: identity.version,
            eventCount: content.sums.eventCount, rejections: content.rejections)
        let sealed = try BatchEncoder().seal(header, rows)
        try quarantine.write(content.quarantine, ordinal: ordinal)
        try spool.appendBatch(
            ordinal: ordinal, digest: sealed.digest, sealed: sealed.bytes,
            checkpoint: CheckpointCodec.encode(content.checkpoints),
            coversWriteAheadThrough: content.writeAheadThrough)
        try spool.sync()
        gate.set(.spoolFailing, false)
        count(rows, content, sealed)
        logger.debug(
            "sealed a batch",
            [
                .ordinal: "\(ordinal)", .rows: "\(rows.rows.count)", .events: "\(content.sums.eventCount)",
                .bytes: "\(sealed.bytes.count)",
            ])
        return ShippingBatch(ordinal: ordinal, digest: sealed.digest)
    }

    private func count(_ rows: UsageRows, _ content: SealContent, _ sealed: SealedBatch) {
        metrics.sealedBatches.increment()
        metrics.sealedRows.increment(by: UInt64(rows.rows.count))
        metrics.sealedEvents.increment(by: content.sums.eventCount)
        metrics.sealedBytes.increment(by: UInt64(sealed.bytes.count))
        metrics.countRejections(content.rejections)
    }

    /// Brings the meter to where the spool's last durable record left it.
    func restore(_ recovered: RecoveredState) throws -> RecoveredFiles {
        for damage in recovered.damage {
            metrics.spoolDamaged.increment()
            logger.error(
                "a damaged part of the spool was set aside; everything else goes on",
                [
                    .segment: "\(damage.segment)", .offset: "\(damage.offset)", .bytes: "\(damage.byteCount)",
                    .reason: "\(damage.reason)", .path: "\(damage.setAsideAs)",
                ])
        }
        let checkpoints = try CheckpointCodec.decode(recovered.checkpoint)
        meter.restore(checkpoints, writeAheadThrough: 0)
        spool.replayKeptWriteAhead { payload, position in recall(payload, position) }
        try spool.replayWriteAhead { payload, position in replay(payload, position) }
        updateGauges()
        logger.info(
            "opened the spool",
            [
                .spool: "\(recovered.spoolID)", .batches: "\(recovered.unshipped.count)",
                .records: "\(recovered.uncoveredWriteAheadCount)", .next: "\(recovered.nextOrdinal)",
            ])
        return RecoveredFiles(checkpoints: checkpoints, isNewSpool: recovered.isNew)
    }

    /// Remembers the events of a record whose rows are in a batch.
    private func recall(_ payload: [UInt8], _ position: UInt64) {
        guard let marks = try? RowsCodec.decodeMarks(payload) else { return metrics.spoolDamaged.increment() }
        remembered.recover(marks, position: position, nowMilliseconds: wallClock.nowMilliseconds())
    }

    private func replay(_ payload: [UInt8], _ position: UInt64) {
        do throws(BatchError) {
            let accepted = try RowsCodec.decode(payload)
            remembered.recover(
                accepted.marks, position: position, nowMilliseconds: wallClock.nowMilliseconds())
            unmerged.append(PendingCommit(accepted: accepted, position: position))
            mergeDurable()
        } catch {
            metrics.spoolDamaged.increment()
            logger.error(
                "an accepted record can't be decoded; it stays in the spool's folder until it is covered",
                [.position: "\(position)", .error: "\(error)"])
        }
    }
}
