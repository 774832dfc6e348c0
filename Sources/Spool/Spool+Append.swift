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
    package func appendBatch(
        spoolSequence: UInt64, digest: BatchDigest, sealed: [UInt8], checkpoint: [UInt8],
        coversWriteAheadThrough: UInt64
    ) throws(SpoolError) {
        let expected = nextSpoolSequence
        guard spoolSequence == expected else {
            throw SpoolError(
                .misuse, "a batch with spoolSequence \(spoolSequence) was appended where \(expected) is next")
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
        let now = clock.nowMilliseconds()
        let entry = BatchEntry(
            spoolSequence: spoolSequence, digest: digest, byteCount: sealed.count, appendedAtMilliseconds: now)
        pendingBatches.append(
            (
                .batch(progress, appendedAtMilliseconds: now, digest: digest, sealed: sealed),
                .batch(progress, entry)
            ))
    }

    /// Records that the batch needs no more shipping; it stays as an archive. Counts from the next ``sync()``.
    package func appendAcknowledged(_ spoolSequence: UInt64, _ acknowledgement: Acknowledgement) throws(SpoolError) {
        switch acknowledgement {
        case .counted(let epoch, let sequence):
            guard sequence < .max else { throw SpoolError(.misuse, "sequence \(sequence) is out of range") }
            try settle(spoolSequence, .counted, epoch: epoch, sequence: sequence)
        case .confirmedByDigest:
            try settle(spoolSequence, .confirmedByDigest, epoch: 0, sequence: 0)
        }
    }

    /// Records an epoch that the aggregator issued. Counts from the next ``sync()``.
    package func appendEpoch(_ mark: EpochPosition) throws(SpoolError) {
        guard mark.epoch > 0 else { throw SpoolError(.misuse, "epochs begin with 1") }
        pendingBatches.append((.epoch(mark), .epoch(mark)))
    }

    /// Records that the aggregator will never take this batch, and keeps its bytes as `refused/SPOOL_SEQUENCE.batch` beside
    /// the reason in `refused/SPOOL_SEQUENCE.reason`. Counts from the next ``sync()``.
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
        try settle(spoolSequence, .refused, epoch: 0, sequence: 0)
    }

    private func settle(
        _ spoolSequence: UInt64, _ how: Settlement, epoch: UInt64, sequence: UInt64
    ) throws(SpoolError) {
        guard let batch = state.batch(spoolSequence) else {
            throw SpoolError(
                .noSuchBatch, "batch \(spoolSequence) can't be settled: the spool holds no such synced batch")
        }
        guard batch.status == .unshipped else { return }
        let progress = progress(of: batch)
        pendingBatches.append(
            (
                .settled(progress, how, epoch: epoch, sequence: sequence),
                .settled(progress, how, epoch: epoch, sequence: sequence)
            ))
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
