package import UsageModel

/// The collector's durable queue in one directory.
///
/// One thread at a time may use it; it isn't `Sendable`, and holds the directory's lock until it is closed or let go.
/// Appended records are durable only when ``sync()`` has returned. The format is specified in `SpoolFormat.swift`.
package final class Spool {
    /// The longest payload of a write-ahead record, in bytes.
    package static let maxPayloadBytes = SpoolFormat.maxPayloadBytes
    /// The largest checkpoint, in bytes.
    package static let maxCheckpointBytes = SpoolFormat.maxCheckpointBytes
    /// Segments of batches that are never deleted, so that damage to one still leaves the state at its start.
    static let minBatchSegments = 2

    /// Synced batches that have still to be shipped, as figures.
    package struct Backlog: Sendable, Equatable {
        package var batchCount = 0
        /// Bytes of the sealed batches.
        package var byteCount = 0
        /// When the oldest was appended, in milliseconds since 1970-01-01T00:00Z; `nil` where there is none.
        package var oldestAppendedAtMilliseconds: Int64?
    }

    /// A record for the log of batches with its payload.
    struct PendingBatchRecord {
        var record: SpoolRecord
        var payload: [UInt8]
    }

    package let directory: String
    package let settings: SpoolSettings
    package let spoolID: SpoolID

    let fileSystem: any FileSystem
    let clock: any WallClock
    var lock: OpenFile?
    var state: SpoolState
    var batches: SegmentLog
    var writeAhead: SegmentLog
    /// Records for the log of batches that wait for the next sync.
    var pendingBatches: [PendingBatchRecord] = []
    /// Records for the write-ahead log that wait for the next sync.
    var pendingWriteAhead: [PendingRecord] = []
    /// Covered write-ahead records from this position on are kept for the caller, as far as the settings and the disk
    /// have room for them.
    package var keepWriteAheadFrom: UInt64 = .max
    /// Write-ahead records up to this position were deleted since the start; 0 where none were.
    package internal(set) var writeAheadReclaimedThrough: UInt64 = 0
    /// The write-ahead records that recovery found.
    var recoveredWriteAhead: [RecordPlace] = []
    /// The spool sequence after the last durable batch, or after one that damage may have swallowed.
    var nextDurableSpoolSequence: UInt64

    init(
        directory: String, settings: SpoolSettings, fileSystem: any FileSystem, clock: any WallClock, lock: OpenFile,
        scan: SpoolScan
    ) {
        self.directory = directory
        self.settings = settings
        self.fileSystem = fileSystem
        self.clock = clock
        self.lock = lock
        spoolID = scan.spoolID
        state = scan.state
        batches = scan.batches
        writeAhead = scan.writeAhead
        recoveredWriteAhead = scan.writeAheadPlaces
        nextDurableSpoolSequence = scan.nextSpoolSequence
    }

    deinit {
        for file in [batches.current, writeAhead.current, lock] {
            if let file { fileSystem.close(file) }
        }
    }

    /// The spool sequence that the next appended batch must have.
    package var nextSpoolSequence: UInt64 {
        pendingBatches.reduce(nextDurableSpoolSequence) { next, pending in
            if case .batch(let progress, _) = pending.record { progress.spoolSequence + 1 } else { next }
        }
    }

    /// The position of the last appended write-ahead record; 0 before the first.
    package var lastWriteAheadPosition: UInt64 { writeAhead.nextPosition - 1 + UInt64(pendingWriteAhead.count) }

    /// Synced batches that are neither acknowledged nor quarantined, by spool sequence.
    package var unshippedBatches: [SpooledBatch] { state.batches.filter { $0.status == .unshipped }.map(\.entry) }

    /// Kept along with every record, so that asking costs nothing.
    package var backlog: Backlog { state.backlog }

    /// Acknowledged batches that are still kept, by spool sequence.
    package var archivedBatches: [SpooledBatch] { state.batches.filter { $0.status == .archived }.map(\.entry) }

    /// The newest recorded epoch; `nil` before the first.
    package var epoch: EpochPosition? { state.epoch }

    /// Bytes of all segments.
    package var bytesOnDisk: UInt64 { batches.byteCount + writeAhead.byteCount }

    /// An identity from the system's random numbers.
    package static func randomID() -> SpoolID {
        var generator = SystemRandomNumberGenerator()
        return SpoolID(using: &generator)
    }

    /// Syncs, closes all files, and gives the directory's lock back.
    package func close() throws(SpoolError) {
        try sync()
        for file in [batches.current, writeAhead.current, lock] {
            if let file { fileSystem.close(file) }
        }
        (batches.current, writeAhead.current, lock) = (nil, nil, nil)
    }
}
