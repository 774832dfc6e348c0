internal import UsageModel

extension Spool {
    /// Makes everything appended so far durable (one `fdatasync` per log that has something new).
    ///
    /// When writing or syncing fails, the segment is abandoned and what was not yet durable is written to a new one.
    /// - Throws: `inputOutput`, or `full` where the disk is, when that failed too. Then nothing appended since the last
    ///   successful sync may be acknowledged, and the spool forgets it: the same input may be appended again. The log
    ///   of batches goes first, so a batch may have become durable all the same: ``nextSpoolSequence`` tells.
    package func sync() throws(SpoolError) {
        let batchRecords = pendingBatches
        let writeAheadRecords = pendingWriteAhead
        pendingBatches = []
        pendingWriteAhead = []
        do throws(FileSystemError) {
            try commit(batchRecords)
            _ = try writeAhead.commit(writeAheadRecords, opening: nil)
        } catch {
            throw SpoolError(writing: directory, error)
        }
    }

    private func commit(_ records: [PendingBatchRecord]) throws(FileSystemError) {
        let places = try batches.commit(
            records.map { PendingRecord(type: $0.record.type, payload: $0.payload) },
            opening: openingState())
        for (index, place) in places.enumerated() {
            state.apply(records[index].record, at: place)
            if case .batch(let progress, _) = records[index].record {
                precondition(
                    progress.spoolSequence >= nextDurableSpoolSequence,
                    "batch \(progress.spoolSequence) became durable where \(nextDurableSpoolSequence) is next")
                nextDurableSpoolSequence = progress.spoolSequence + 1
            }
        }
    }

    /// What a new segment begins with, so that those before it can go.
    private func openingState() -> [UInt8] {
        var progress = state.progress
        progress.spoolSequence = nextDurableSpoolSequence - 1
        return SpoolRecord.state(progress, state.epoch ?? EpochPosition(epoch: 0, nextSequence: 0)).encoded()
    }
}
