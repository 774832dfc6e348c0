internal import BatchFormat
internal import Spool
internal import UsageModel

extension WriterCore {
    /// Makes a chunk of a followed file durable and counts it, in one step.
    ///
    /// Its ids, its sums and where the file stands behind it are one write-ahead record: after a crash all of them hold
    /// or none, whatever was sealed meanwhile.
    package mutating func commit(_ chunk: FileChunk) -> FileChunkOutcome {
        if intakeSwitch.isClosed { return .closed }
        // What others wait for is decided first: ids of theirs may be among these, and nothing may join the accumulator
        // between the room that is made here and the record.
        if !pending.isEmpty { syncPending() }
        mergeDurable()
        guard pending.isEmpty, unmerged.isEmpty else { return .full }
        guard remembered.overlap(chunk.accepted.fingerprints) == .none else { return .repeated }
        if !accumulator.makeRoom(for: chunk.accepted) {
            guard makeRoom(), accumulator.makeRoom(for: chunk.accepted) else { return .full }
        }
        let files = FileRecord(
            changes: accumulator.changes(of: chunk.file, to: chunk.checkpoint), refused: chunk.refused,
            repairs: chunk.repairs)
        do {
            var accepted = chunk.accepted
            accepted.checkpoint = try CheckpointCodec.encode(files.changes)
            accepted.refused = try RefusedRecords.encode(files.refused)
            try makeDurable(enqueue(accepted, of: files))
            return .counted
        } catch CommitFailure.closed {
            return .closed
        } catch {
            // Chunks are cut so that their records are far below every limit.
            preconditionFailure(
                "a chunk of \(chunk.checkpoint.path) makes no record: \(error), \(chunk.accepted.rows.rows.count) rows, "
                    + "\(chunk.refused.count) refused, \(files.changes.checkpoints.count) files")
        }
    }
}
