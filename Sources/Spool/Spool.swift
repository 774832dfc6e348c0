package import Usage

/// The collector's durable queue in one folder.
///
/// One thread at a time may use it; it isn't `Sendable`, and holds the folder's lock until it is closed or let go.
/// Appended records are durable only when ``sync()`` has returned.
package final class Spool {
    package let directory: String
    package let settings: SpoolSettings
    package var spoolID: SpoolID { fatalError() }
    /// The ordinal that the next appended batch must have.
    package var nextOrdinal: UInt64 { 0 }
    /// The position of the last appended write-ahead record; 0 before the first.
    package var lastWriteAheadPosition: UInt64 { 0 }
    /// Batches that are neither acknowledged nor quarantined, by ordinal.
    package var unshippedBatches: [BatchEntry] { [] }
    /// Acknowledged batches that are still kept, by ordinal.
    package var archivedBatches: [BatchEntry] { [] }
    /// Bytes of all files in the folder.
    package var bytesOnDisk: UInt64 { 0 }

    private init(directory: String, settings: SpoolSettings) {
        self.directory = directory
        self.settings = settings
    }

    /// Opens the spool in `directory`, making both where they don't exist, and scans it.
    ///
    /// Damage never fails the start: see ``RecoveredState/damage``.
    /// - Throws: ``SpoolError`` with `inUse`, `inputOutput` or `unsupportedVersion`.
    package static func open(
        directory: String, settings: SpoolSettings, fileSystem: any FileSystem = POSIXFileSystem(),
        clock: any WallClock, makeID: () -> SpoolID = Spool.randomID
    ) throws(SpoolError) -> (spool: Spool, recovered: RecoveredState) {
        fatalError()
    }

    /// An identity from the system's random numbers.
    package static func randomID() -> SpoolID {
        var generator = SystemRandomNumberGenerator()
        return SpoolID(using: &generator)
    }

    /// Hands over every write-ahead record that no batch covers, in order.
    package func replayWriteAhead<Failure: Error>(
        _ body: (_ payload: [UInt8], _ position: UInt64) throws(Failure) -> Void
    ) throws {
    }

    /// Appends accepted input.
    /// - Returns: the record's position, for `coversWriteAheadThrough` of the batch that will hold it.
    /// - Throws: `full` where space is short, `misuse` for more than ``Spool/maxPayloadBytes``.
    @discardableResult
    package func appendWriteAhead(_ payload: [UInt8]) throws(SpoolError) -> UInt64 { 0 }

    /// Appends a sealed batch together with the checkpoint of the sources it was made from.
    ///
    /// - Parameters:
    ///   - ordinal: must be ``nextOrdinal``.
    ///   - checkpoint: the complete new checkpoint of all sources, in the caller's own format.
    ///   - coversWriteAheadThrough: all write-ahead records up to this position are in this or earlier batches.
    package func appendBatch(
        ordinal: UInt64, digest: BatchDigest, sealed: [UInt8], checkpoint: [UInt8], coversWriteAheadThrough: UInt64
    ) throws(SpoolError) {
    }

    /// Records that the batch needs no more shipping; it stays as an archive.
    package func appendAcknowledged(_ ordinal: UInt64, _ acknowledgement: Acknowledgement) throws(SpoolError) {
    }

    /// Records an epoch that the aggregator issued.
    package func appendEpoch(_ mark: EpochMark) throws(SpoolError) {
    }

    /// Records that the aggregator will never take this batch, and keeps its bytes as `refused/ORDINAL.batch`.
    package func appendQuarantined(_ ordinal: UInt64, reason: String) throws(SpoolError) {
    }

    /// Makes everything appended so far durable (one `fdatasync` per log that has something new).
    ///
    /// When writing or syncing fails, the segment is abandoned and what was not yet durable is written to a new one.
    /// - Throws: `inputOutput` where that failed too. Then **nothing** appended since the last successful sync may be
    ///   acknowledged, and the spool forgets it: the same input may be appended again.
    package func sync() throws(SpoolError) {
    }

    /// The sealed bytes of a batch, checked against their checksum.
    package func readBatch(_ ordinal: UInt64) throws(SpoolError) -> [UInt8] { [] }

    /// Throws `full` with the remedy when new input must be refused: too little free space, or the folder too large.
    package func checkSpace() throws(SpoolError) {
    }

    /// Deletes whole segments that are no longer needed: write-ahead segments that synced batches cover, and, oldest
    /// first, batch segments whose batches are all done with and that are too old, or too many bytes of archive.
    ///
    /// - Returns: the number of bytes freed.
    @discardableResult
    package func reclaim() throws(SpoolError) -> UInt64 { 0 }

    /// Syncs, gives the folder's lock back, and closes all files.
    package func close() throws(SpoolError) {
    }
}
