package import UsageModel

extension Spool {
    /// Appends accepted input.
    /// - Returns: the record's position, for `coversWriteAheadThrough` of the batch that will hold it.
    /// - Throws: `full` where space is short, `misuse` for more than ``maxPayloadBytes``.
    @discardableResult
    package func appendWriteAhead(_ payload: [UInt8]) throws(SpoolError) -> UInt64 {
        try checkSpace()
        try check(payload.count, within: Self.maxPayloadBytes, "a write-ahead record")
        pendingWriteAhead.append(PendingRecord(type: .writeAhead, payload: payload))
        return lastWriteAheadPosition
    }

    /// Appends a sealed batch together with the checkpoint of the sources it was made from.
    ///
    /// It is taken even when space is short: the reserve is there so that what was accepted can be sealed.
    /// - Parameters:
    ///   - spoolSequence: must be ``nextSpoolSequence``.
    ///   - checkpoint: the complete new checkpoint of all sources, in the caller's own format.
    ///   - coversWriteAheadThrough: all write-ahead records up to this position are in this or earlier batches.
    /// - Returns: the batch as the spool lists it once it is synced.
    @discardableResult
    package func appendBatch(
        spoolSequence: UInt64, digest: BatchDigest, sealed: [UInt8], checkpoint: [UInt8],
        coversWriteAheadThrough: UInt64
    ) throws(SpoolError) -> SpooledBatch {
        let expected = nextSpoolSequence
        guard spoolSequence == expected else {
            throw SpoolError(
                .misuse, "a batch with spool sequence \(spoolSequence) was appended where \(expected) is next")
        }
        guard coversWriteAheadThrough <= lastWriteAheadPosition else {
            throw SpoolError(
                .misuse,
                "batch \(spoolSequence) claims write-ahead records up to \(coversWriteAheadThrough), "
                    + "but the last is \(lastWriteAheadPosition)")
        }
        try check(sealed.count, within: Limits.maxSealedBatchBytes, "batch \(spoolSequence)")
        try check(checkpoint.count, within: Self.maxCheckpointBytes, "the checkpoint of batch \(spoolSequence)")
        let progress = Progress(
            spoolSequence: spoolSequence, coversWriteAheadThrough: coversWriteAheadThrough, checkpoint: checkpoint)
        let batch = SpooledBatch(
            spoolSequence: spoolSequence, digest: digest, byteCount: sealed.count,
            appendedAtMilliseconds: clock.nowMilliseconds())
        append(.batch(progress, batch), sealed: sealed)
        return batch
    }

    private func append(_ record: SpoolRecord, sealed: [UInt8] = []) {
        pendingBatches.append(PendingBatchRecord(record: record, payload: record.encoded(sealed: sealed)))
    }

    /// Records that the batch needs no more shipping; it stays as an archive. Counts from the next ``sync()``.
    package func appendAcknowledged(_ spoolSequence: UInt64, _ acknowledgement: Acknowledgement) throws(SpoolError) {
        switch acknowledgement {
        case .counted(_, let sequence):
            guard sequence < .max else { throw SpoolError(.misuse, "sequence \(sequence) is out of range") }
        case .confirmedByDigest: break
        case .refused: throw SpoolError(.misuse, "batch \(spoolSequence) was refused: its bytes must be kept first")
        }
        try acknowledge(spoolSequence, acknowledgement)
    }

    /// Records an epoch that the aggregator issued. Counts from the next ``sync()``.
    package func appendEpoch(_ position: EpochPosition) throws(SpoolError) {
        guard position.epoch > 0 else { throw SpoolError(.misuse, "epochs begin with 1") }
        append(.epoch(position))
    }

    /// Records that the aggregator will never take this batch, and keeps its bytes as `refused/SPOOL_SEQUENCE.batch`
    /// beside the reason in `refused/SPOOL_SEQUENCE.reason`. Counts from the next ``sync()``.
    package func appendQuarantined(_ spoolSequence: UInt64, reason: String) throws(SpoolError) {
        let sealed = try readBatch(spoolSequence)
        let directory = "\(directory)/\(SpoolFormat.refusedDirectory)"
        do throws(FileSystemError) {
            try fileSystem.createDirectory(directory)
            try fileSystem.writeDurably(sealed, as: "\(spoolSequence).batch", in: directory)
            try fileSystem.writeDurably(Array(reason.utf8), as: "\(spoolSequence).reason", in: directory)
        } catch {
            throw SpoolError(writing: directory, error)
        }
        try acknowledge(spoolSequence, .refused)
    }

    private func acknowledge(
        _ spoolSequence: UInt64, _ acknowledgement: Acknowledgement
    ) throws(SpoolError) {
        guard let batch = state.batch(spoolSequence) else {
            throw SpoolError(
                .noSuchBatch, "batch \(spoolSequence) can't be acknowledged: the spool holds no such synced batch")
        }
        guard batch.status == .unshipped else { return }
        append(.acknowledged(progress(of: batch), acknowledgement))
    }

    /// The batch's own progress; where the disk no longer gives it, what is known to come after it.
    private func progress(of batch: SpoolState.Batch) -> Progress {
        if batch.entry.spoolSequence == state.progress.spoolSequence { return state.progress }
        if let payload = try? readPayload(batch.place, batches), let own = unsafe Progress.decode(payload.span.bytes) {
            return own.progress
        }
        var known = state.progress
        known.spoolSequence = batch.entry.spoolSequence
        return known
    }

    private func check(_ count: Int, within limit: Int, _ what: String) throws(SpoolError) {
        guard count > limit else { return }
        throw SpoolError(.misuse, "\(what) has \(count) bytes, more than \(limit)")
    }
}
