package import SourceFormats
package import Spool
internal import UsageModel

/// A source whose events stand in files.
package struct FollowedSource: Sendable {
    package var name: String
    /// How its records are read; `nil` where the settings can't work, which they were checked for.
    package var plan: SourcePlan?
    /// Patterns of paths.
    package var globs: [String]
    /// Whether files that are there at the very first start are read from their end.
    package var startsAtEnd: Bool
    /// Whether a file's last record ends with the file.
    package var isWhole: Bool
    /// After how long without growth a last line is taken that has no line end; `nil` for never.
    package var completeLastLineAfter: Duration?

    package init(
        name: String, format: any SourceFormat, wrappings: [Wrapping] = [], defaults: EventDefaults, globs: [String],
        startsAtEnd: Bool = false,
        isWhole: Bool = false, completeLastLineAfter: Duration? = nil
    ) {
        self.name = name
        plan = try? SourcePlan(format, in: wrappings, defaults: defaults, framing: .stream)
        self.globs = globs
        self.startsAtEnd = startsAtEnd
        self.isWhole = isWhole
        self.completeLastLineAfter = completeLastLineAfter
    }
}

/// What following files has to tell the log and the metrics.
package enum FileEvent {
    /// A file is followed from this offset on.
    case following(path: String, source: String, offset: UInt64)
    /// A chunk was read and counted.
    case parsed(source: String, events: UInt64, rejected: UInt64, ignored: IgnoredRecords, byteCount: Int)
    /// A file was emptied and written anew; `offset` is where reading had been.
    case startedOver(path: String, offset: UInt64)
    /// A compressed file was read to its end; `byteCount` after decompression.
    case finished(path: String, byteCount: UInt64)
    /// A file's name is gone, and it is no longer followed.
    case letGo(path: String)
    /// More files than are followed at once, `limit`; this one waits. Told once for each source until there is room.
    case tooMany(path: String, limit: Int)
    /// A file was removed, or moved to another directory, before these bytes of it were read.
    case lost(path: String, byteCount: UInt64)
    /// A file can't be opened; it is tried again. Told once for each path.
    case unopenable(path: String, FileSystemError)
    /// A file can't be read for now; it is tried again. Told once until it can be.
    case unreadable(path: String, offset: UInt64, any Error)
    /// A file's bytes can't be understood: it isn't read any further.
    case failed(path: String, offset: UInt64, detail: String)
}

/// One file that is being followed: where it is, how far it was read, and what reads it.
struct FollowedFile {
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
    let source: FollowedSource
    /// `nil` where the file was read to its end and rests; see `FileFollower+Handles.swift`.
    var handle: OpenFile?
    var checkpoint: FileCheckpoint
    var parser: any SourceParser
    var compression: Compression?
    var stream: Stream?
    /// Size of the next read; grows only while a record doesn't fit.
    var chunkBytes: Int
    /// The file's size when it was last read to its end.
    var seenSize: UInt64 = 0
    /// When the file had been changed by then, in nanoseconds since 1970-01-01T00:00Z.
    var seenModified: Int64 = 0
    /// Bytes at the end that are no whole record yet.
    var tailBytes: UInt64 = 0
    /// When the file last grew, by the steady clock, in milliseconds.
    var grewAt: Int64
    /// The file's size and time of change when it was last looked at, by its name or its handle.
    var lookedSize: UInt64 = 0
    var lookedModified: Int64 = 0
    /// Since when its name has gone or leads to another file, by the steady clock, in milliseconds.
    var detachedAt: Int64?
    /// Whether it was looked for after its name had gone, and isn't there.
    var isGone = false
    /// Whether its directory couldn't be looked through after its name had gone.
    var hasLookFailed = false
    /// Whether its bytes can't be understood any further, for a reason that was reported.
    var hasFailed = false
    /// Whether the last attempt to read it failed, which was reported.
    var isUnreadable = false

    var isDone: Bool { checkpoint.isFinished || hasFailed }
    var path: String { checkpoint.path }
    var offset: UInt64 { parser.position.byteOffset }
    var isDetached: Bool { detachedAt != nil }

    /// Whether it has changed since it was last read to its end.
    var hasChanged: Bool { lookedSize != seenSize || lookedModified != seenModified }
    /// Whether everything in it was read, as of the last look.
    var isAtEnd: Bool { tailBytes == 0 && !hasChanged && !isUnreadable }
    /// Whether a turn could bring anything.
    var needsTurn: Bool {
        if handle != nil { return true }
        return !isGone && (hasChanged || isUnreadable || tailBytes > 0 && source.completeLastLineAfter != nil)
    }
    /// Whether a file whose name is gone may not be let go yet: it couldn't be looked for, or not be opened.
    var mayHoldMore: Bool { handle == nil && !isGone && !isDone && (hasLookFailed || hasChanged) }

    /// Bytes in the file that weren't read yet, before decompression, as of the last look.
    var bytesBehind: UInt64 {
        guard !isDone else { return 0 }
        let read = compression == nil ? offset : stream?.rawOffset ?? 0
        return lookedSize > read ? lookedSize - read : 0
    }

    /// Takes in what a look at it says.
    mutating func see(_ status: FileStatus, at path: String) {
        checkpoint.path = path
        lookedSize = status.byteCount
        lookedModified = status.modifiedNanoseconds
        // Another file may have got the inode of one that is gone; reading tells.
        isGone = false
        hasLookFailed = false
    }

    /// What was last looked at has been read as far as it can be.
    mutating func settle() {
        seenSize = lookedSize
        seenModified = lookedModified
    }
}
