package import SourceFormats
internal import UsageModel

/// How far a file has been read: kept in every batch record, so that reading resumes exactly behind the last batch.
package struct FileCheckpoint: Sendable, Hashable {
    /// The most bytes before the checkpoint that ``tail`` covers.
    package static let maxTailBytes = 256

    /// Where the file was last seen.
    package var path: String
    /// The first bytes behind ``leadingZeros``, as far as they were read, at most ``FileFingerprint/maxBytes``.
    package var fingerprint: FileFingerprint
    /// How many zeros the file begins with.
    package var leadingZeros: UInt64 = 0
    /// The bytes behind ``leadingZeros`` up to the end of the first event; `nil` while none was read, and for files of
    /// a release that didn't keep it.
    package var firstEvent: FileFingerprint?
    /// The last bytes before the next record; `nil` where none were read, and for files of a release that didn't keep
    /// it.
    package var tail: FileFingerprint?
    /// Where the next record starts; in bytes after decompression for a compressed file.
    package var intake: ParserCheckpoint
    /// Whether a compressed file was read to its end.
    package var isFinished: Bool
    /// The size that the file had when it was last read, in bytes; 0 where that isn't known.
    package var seenBytes: UInt64 = 0
    /// Since when its place holds another file or none, in milliseconds since 1970-01-01T00:00Z.
    package var orphanedAtMilliseconds: Int64?

    package init(
        path: String, fingerprint: FileFingerprint = .empty, intake: ParserCheckpoint = .start,
        isFinished: Bool = false
    ) {
        self.path = path
        self.fingerprint = fingerprint
        self.intake = intake
        self.isFinished = isFinished
    }

    var offset: UInt64 { intake.position.byteOffset }

    /// Bytes that stood in the file when it was last read and are behind the checkpoint.
    var unreadBytes: UInt64 { seenBytes > offset ? seenBytes - offset : 0 }

    /// Moves on to where a parser stands now.
    ///
    /// - Parameters:
    ///   - bytes: what was read of the file from `start` on.
    ///   - start: the offset of the first of them, where the checkpoint stands.
    mutating func advance(to intake: ParserCheckpoint, in bytes: RawSpan, from start: UInt64) {
        self.intake = intake
        guard offset > start else { return }
        let end = min(Int(offset - start), bytes.byteCount)
        if fingerprint.length == 0, leadingZeros == start {
            leadingZeros += UInt64(bytes.extracting(0..<end).leadingZeroBytes)
        }
        let covered = leadingZeros + UInt64(fingerprint.length)
        if covered >= start, covered < start + UInt64(end) {
            let first = Int(covered - start)
            let room = max(0, FileFingerprint.maxBytes - fingerprint.length)
            fingerprint.extend(by: bytes.extracting(first..<min(end, first + room)))
        }
        tail = FileFingerprint(bytes.extracting(max(0, end - Self.maxTailBytes)..<end))
    }
}

extension RawSpan {
    /// How many zeros the bytes begin with.
    var leadingZeroBytes: Int {
        var index = 0
        while index + 8 <= byteCount, unsafe unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) == 0 {
            index += 8
        }
        while index < byteCount, byte(at: index) == 0 { index += 1 }
        return index
    }
}
