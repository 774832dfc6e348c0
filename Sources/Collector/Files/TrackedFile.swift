internal import CollectorCore
internal import SourceFormats
internal import UsageModel

/// One file that is being followed: where it is, how far it was read, and what reads it.
struct TrackedFile {
    /// How a compressed file is read: the decompressor and what it has given but no parser taken yet.
    struct Stream {
        var decompressor: any Decompressor
        /// Where the next raw bytes are read.
        var rawOffset: UInt64 = 0
        var raw: [UInt8] = []
        var output: [UInt8] = []
        /// Decompressed bytes to pass over before the checkpoint is reached.
        var toSkip: UInt64
    }

    let id: FileID
    let source: SourceSettings
    let files: SourceSettings.Files
    var descriptor: Int32
    var checkpoint: FileCheckpoint
    var parser: any SourceParser
    var compression: Compression?
    var stream: Stream?
    /// Size of the next read; grows only while a record doesn't fit.
    var chunkBytes = CollectorLimits.chunkBytes
    /// The file's size when it was last read to its end.
    var seenSize: UInt64 = 0
    /// Bytes at the end that are no whole record yet.
    var tailBytes: UInt64 = 0
    /// When the file last grew, by the steady clock, in milliseconds.
    var grewAt: Int64
    /// Whether its name has gone or leads to another file.
    var isDetached = false
    /// Whether it can't be read any further, for a reason that was logged.
    var hasFailed = false

    var isDone: Bool { checkpoint.isFinished || hasFailed }
}
