package import SourceFormats
internal import Spool

/// Where an export lies: a file of a source with `content: replaced`. Whatever lies there is a version of it, under
/// whatever device and inode.
package struct ExportPlace: Sendable, Hashable {
    package var source: String
    package var path: String

    package init(source: String, path: String) {
        self.source = source
        self.path = path
    }
}

/// How versions of a source's exports follow each other.
package struct ExportRule: Sendable, Equatable {
    /// What a version is that begins after everything that the one before it held.
    package enum NextPeriod: String, Sendable, CaseIterable {
        /// Nobody has said: it isn't counted.
        case hold
        /// The export of the next period: what was counted stays.
        case count
        /// A version as every other: what was counted is taken back.
        case replace
    }

    /// How long a file must not have changed before it is taken for a version.
    package var settlesAfter: Duration
    package var nextPeriod: NextPeriod

    package init(settlesAfter: Duration, nextPeriod: NextPeriod = .hold) {
        self.settlesAfter = settlesAfter
        self.nextPeriod = nextPeriod
    }
}

/// The version of an export that is counted: kept in every batch's record, so that what is counted and which version
/// that is are durable together. What was counted of it stands in a file of ``VersionStore``.
package struct ExportCheckpoint: Sendable, Hashable {
    /// What tells that a file was changed or is another one.
    package struct Look: Sendable, Hashable, Codable {
        package var device: UInt64
        package var inode: UInt64
        package var byteCount: UInt64
        /// When its bytes were changed, and when it was changed in any way, in nanoseconds since 1970-01-01T00:00Z.
        package var modified: Int64
        package var changed: Int64

        init(_ status: FileStatus) {
            device = status.device
            inode = status.inode
            byteCount = status.byteCount
            modified = status.modifiedNanoseconds
            changed = status.changedNanoseconds
        }
    }

    /// The file of ``VersionStore`` that holds what was counted.
    package var number: UInt64
    /// SHA-256 over the version's bytes, after decompression.
    package var digest: [UInt8]
    /// How many bytes that are.
    package var byteCount: UInt64
    /// Where its next record would start; `nil` where the version doesn't end with a whole line.
    package var end: ParserCheckpoint?
    /// Whether its last byte ends a line.
    package var endsWithLine: Bool
    /// Records of it that were refused.
    package var refusedCount: UInt64
    /// How its file was when it was read.
    package var look: Look
    /// The first eight bytes of the digests of versions that it took the place of, the oldest first; at most
    /// ``ExportFollower/maxFormer``.
    package var former: [UInt64] = []
    /// The last minute of periods that are over, since 1970-01-01T00:00Z: nothing up to there is counted or taken back
    /// any more. `nil` where none are.
    package var closedThrough: Int64?
    /// Since when no file lies in its place, in milliseconds since 1970-01-01T00:00Z.
    package var goneAtMilliseconds: Int64?

    /// The digest in short, as ``former`` has it.
    static func short(_ digest: [UInt8]) -> UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
