internal import SourceFormats
internal import Spool
internal import UsageModel

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
        /// The last of those that were passed over, at most `FileCheckpoint.maxTailBytes`.
        var skippedTail: [UInt8] = []
    }

    /// Why a file that could be read isn't.
    enum Hold {
        /// It holds less than what was read, and may be the same as far as it goes.
        case shorter
        /// It begins with the same event as what was read and then differs.
        case rewritten
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
    /// How the file was when it was last read to its end.
    var settled = Look()
    /// Bytes at the end that are no whole record yet.
    var tailBytes: UInt64 = 0
    /// When the file last grew, by the steady clock, in milliseconds.
    var grewAt: Int64
    /// How the file was when it was last looked at, by its name or its handle.
    var looked = Look()
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
    var hold: Hold?
    /// The file that holds what this one does, found while this one was looked at: it isn't followed itself.
    var original: FileID?
    /// Where reading had been when its place was found to hold something else, until that is known to be new.
    var restartedAt: UInt64?
    /// What was read of it and waits to be counted by a write-ahead record.
    var uncounted: UncountedChunk?

    /// What tells that a file was changed.
    struct Look: Equatable {
        var byteCount: UInt64 = 0
        /// When its bytes were changed, and when it was changed in any way, in nanoseconds since 1970-01-01T00:00Z.
        var modified: Int64 = 0
        var changed: Int64 = 0

        init() {}

        init(_ status: FileStatus) {
            byteCount = status.byteCount
            modified = status.modifiedNanoseconds
            changed = status.changedNanoseconds
        }
    }

    var isDone: Bool { checkpoint.isFinished || hasFailed }
    var path: String { checkpoint.path }
    var offset: UInt64 { parser.position.byteOffset }
    var isDetached: Bool { detachedAt != nil }

    /// Whether it has changed since it was last read to its end.
    var hasChanged: Bool { looked != settled }
    /// Whether everything in it was read, as of the last look.
    var isAtEnd: Bool { tailBytes == 0 && !hasChanged && !isUnreadable }
    /// Whether a turn could bring anything.
    var needsTurn: Bool {
        if handle != nil { return true }
        let isLineTaken = source.isWhole || source.completeLastLineAfter != nil
        return !isGone && (hasChanged || isUnreadable || tailBytes > 0 && isLineTaken)
    }
    /// Whether a file whose name is gone may not be let go yet: it couldn't be looked for, or not be opened.
    var mayHoldMore: Bool { handle == nil && !isGone && !isDone && (hasLookFailed || hasChanged) }

    /// Bytes in the file that weren't read yet, before decompression, as of the last look.
    var bytesBehind: UInt64 {
        guard !isDone else { return 0 }
        let read = compression == nil ? offset : stream?.rawOffset ?? 0
        return looked.byteCount > read ? looked.byteCount - read : 0
    }

    /// Takes in what a look at it says.
    mutating func see(_ status: FileStatus, at path: String) {
        checkpoint.path = path
        looked = Look(status)
        // Another file may have got the inode of one that is gone; reading tells.
        isGone = false
        hasLookFailed = false
    }

    /// What was last looked at has been read as far as it can be.
    mutating func settle() {
        settled = looked
    }

    /// Makes it a file of which nothing was read.
    mutating func forgetContent() {
        parser.resume(from: .start)
        compression = Compression(path: path)
        stream = nil
        hasFailed = false
        hold = nil
        tailBytes = 0
        settled = Look()
        checkpoint = FileCheckpoint(path: path)
    }
}
