internal import UsageModel

/// A segment on disk, as far as the log keeps it in mind.
struct SegmentFile: Sendable, Equatable {
    var number: UInt64
    /// Within the spool's directory.
    var name: String
    /// Bytes of the file.
    var byteCount: UInt64
    /// When the last record came, in milliseconds since 1970; when the segment was made, before the first.
    var lastRecordMilliseconds: Int64
    /// The position of the last sound record; 0 where there is none.
    var lastPosition: UInt64
    /// It holds damaged bytes of which no copy could be made, so it isn't deleted before the next start.
    var holdsOnlyCopy = false
}

/// A record that waits for the next sync.
struct PendingRecord: Sendable {
    var type: RecordType
    var payload: [UInt8]
}
