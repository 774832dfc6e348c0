internal import BatchFormat
package import Spool
internal import UsageModel

extension WriterCore {
    /// Seals what is rotated out or old enough.
    package mutating func sealDue() {
        while sealNext(force: false) {}
    }

    /// Seals everything, whatever its age.
    package mutating func sealAll() {
        while sealNext(force: true) {}
    }

    /// Seals what was rotated out, so that a full accumulator can take more.
    @discardableResult
    package mutating func makeRoom() -> Bool {
        sealNext(force: false)
    }

    /// The age at which the open table is sealed: up to ``sealSpread`` earlier than the setting, as the spool and the
    /// sequence have it, so that collectors that were started together don't send together for ever.
    private var ageToSeal: Duration {
        guard sealSpread > 0 else { return sealAge }
        var hash = spool.nextSpoolSequence &* 0x9E37_79B9_7F4A_7C15
        for byte in identity.spoolID.bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let milliseconds = sealAge.wholeMilliseconds
        let most = milliseconds * Int64(sealSpread) / 100
        return .milliseconds(milliseconds - Int64(hash >> 32) % (most + 1))
    }

    /// Seals one table. Returns whether there was one and it is durable.
    private mutating func sealNext(force: Bool) -> Bool {
        let started = steadyClock.nowMilliseconds()
        if unsealed != nil, started < retryAt, !force { return false }
        guard let content = unsealed.take() ?? accumulator.take(force: force, olderThan: ageToSeal) else {
            return false
        }
        do {
            let (note, failure) = try write(content, started: started)
            accumulator.noteDurable(content.exports)
            accumulator.reuse(content)
            // Before durable rows join the accumulator and perhaps seal the next one: batches are told of in their
            // order.
            report(.sealed(note))
            noteSynced(failure)
            return true
        } catch {
            unsealed = content
            retryAt = started + Self.retryMilliseconds
            if intakeSwitch.set(.spoolFailing, true) { report(.sealFailed(error)) }
            return false
        }
    }

    /// - Returns: the durable batch, and what went wrong with the write-ahead log in the same sync.
    private mutating func write(
        _ content: SealContent, started: Int64
    ) throws -> (note: SealedNote, failure: SpoolError?) {
        let spoolSequence = spool.nextSpoolSequence
        let rows = content.sums.rows()
        let header = BatchHeader(
            provider: identity.provider, collector: identity.collector, spoolID: identity.spoolID,
            spoolSequence: spoolSequence,
            sealedAtMilliseconds: wallClock.nowMilliseconds(), softwareVersion: identity.version,
            eventCount: content.sums.eventCount, rejections: content.rejections)
        let sealed = try BatchEncoder().seal(header, rows)
        try quarantine.write(content.quarantine, spoolSequence: spoolSequence)
        let batch = try spool.appendBatch(
            spoolSequence: spoolSequence, digest: sealed.digest, sealed: sealed.bytes,
            checkpoint: CheckpointCodec.encode(content.checkpoints, tables: content.tables, exports: content.exports),
            coversWriteAheadThrough: content.writeAheadThrough)
        let failure = try syncBatch(spoolSequence)
        precondition(
            spool.nextSpoolSequence == spoolSequence + 1,
            "batch \(spoolSequence) is durable, and \(spool.nextSpoolSequence) is next")
        if !content.quarantine.isEmpty { report(.quarantined(content.quarantine)) }
        let note = SealedNote(
            batch: batch, rows: rows.rows.count, events: content.sums.eventCount, flagged: FlaggedRequests(of: rows),
            rejections: content.rejections, repairs: content.repairs,
            milliseconds: steadyClock.nowMilliseconds() - started)
        return (note, failure)
    }

    /// Syncs, for the sake of a batch.
    ///
    /// The log of batches goes first. Where only the write-ahead log fails, the batch is durable all the same, and to
    /// seal its table again would count it twice.
    private mutating func syncBatch(_ spoolSequence: UInt64) throws(SpoolError) -> SpoolError? {
        do throws(SpoolError) {
            try spool.sync()
            return nil
        } catch {
            guard spool.nextSpoolSequence > spoolSequence else {
                noteSyncFailed()
                throw error
            }
            return error
        }
    }

    /// Brings the accumulator to where the spool's last durable record left it.
    package mutating func restore(_ recovered: RecoveredState) throws -> RecoveredFiles {
        let checkpoints = try CheckpointCodec.decode(recovered.checkpoint)
        let tables = try CheckpointCodec.decodeTables(recovered.checkpoint)
        let exports = try CheckpointCodec.decodeExports(recovered.checkpoint)
        accumulator.restore(checkpoints, tables: tables, exports: exports, writeAheadThrough: 0)
        spool.replayKeptWriteAhead { payload, position in recall(payload, position) }
        try spool.replayWriteAhead { payload, position in replay(payload, position) }
        remembered.finishRecovery()
        quarantine.abandonUncountedRequeues()
        report(.opened(recovered))
        var files = accumulator.checkpoints
        // Where they can't be sealed now they are counted all the same.
        for commit in unmerged { commit.files?.changes.apply(to: &files) }
        return RecoveredFiles(checkpoints: files, tables: tables, exports: exports, isNewSpool: recovered.isNew)
    }

    /// Remembers the events of a record whose rows are in a batch.
    private func recall(_ payload: [UInt8], _ position: UInt64) {
        do throws(BatchError) {
            remembered.recover(
                try RowsCodec.decodeFingerprints(payload), position: position,
                nowMilliseconds: wallClock.nowMilliseconds())
        } catch {
            report(.recordUndecodable(position: position, error))
        }
    }

    private mutating func replay(_ payload: [UInt8], _ position: UInt64) {
        do throws(BatchError) {
            let accepted = try RowsCodec.decode(payload)
            let files = try FileRecord(of: accepted)
            remembered.recover(accepted.fingerprints, position: position, nowMilliseconds: wallClock.nowMilliseconds())
            // Before the record can be covered by a batch: then nobody would know any more.
            quarantine.recoverRequeues(accepted.fingerprints)
            unmerged.append(PendingCommit(accepted: accepted, files: files, position: position))
            mergeDurable()
        } catch {
            report(.recordUndecodable(position: position, error))
        }
    }
}
