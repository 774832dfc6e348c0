package import UsageModel

/// A sealed batch in the spool, without its bytes.
package struct SpooledBatch: Sendable, Equatable {
    package var spoolSequence: UInt64
    package var digest: BatchDigest
    /// Size of the sealed bytes.
    package var byteCount: Int
    /// When the batch was appended, in milliseconds since 1970-01-01T00:00Z.
    package var appendedAtMilliseconds: Int64

    package init(spoolSequence: UInt64, digest: BatchDigest, byteCount: Int, appendedAtMilliseconds: Int64) {
        self.spoolSequence = spoolSequence
        self.digest = digest
        self.byteCount = byteCount
        self.appendedAtMilliseconds = appendedAtMilliseconds
    }
}

/// Why a batch needs no more shipping.
package enum Acknowledgement: Sendable, Equatable {
    /// The aggregator answered that it counted the batch (or had counted it) under this key.
    case counted(epoch: UInt64, sequence: UInt64)
    /// The aggregator knew the digest when asked after a restart; under which key doesn't matter.
    case confirmedByDigest
    /// The aggregator will never take the batch; its bytes are kept in the directory `refused`.
    case refused
}

/// Bytes that didn't pass their checks at start, quarantined in the directory `damaged`.
package struct SpoolDamage: Sendable, Equatable, CustomStringConvertible {
    /// The file's name within the spool's directory.
    package var segment: String
    /// Where the damage begins in it, in bytes.
    package var offset: UInt64
    /// How many bytes were quarantined; 0 where records are missing altogether.
    package var byteCount: UInt64
    /// What was wrong.
    package var reason: String
    /// Where the bytes were copied to, relative to the spool's directory; empty where that failed or nothing was there.
    package var quarantinedAs: String

    package init(segment: String, offset: UInt64, byteCount: UInt64, reason: String, quarantinedAs: String = "") {
        self.segment = segment
        self.offset = offset
        self.byteCount = byteCount
        self.reason = reason
        self.quarantinedAs = quarantinedAs
    }

    package var description: String { "\(segment) at byte \(offset), \(byteCount) bytes: \(reason)" }
}

/// What scanning the directory found.
package struct RecoveredState: Sendable, Equatable {
    package var spoolID: SpoolID
    /// The directory held no spool before.
    package var isNew: Bool
    /// `nil` before the first epoch was recorded.
    package var epoch: EpochPosition?
    /// The spool sequence that the next sealed batch must have.
    package var nextSpoolSequence: UInt64
    /// Batches that are neither acknowledged nor quarantined, by spool sequence. Read them with
    /// ``Spool/readBatch(_:)``.
    package var unshipped: [SpooledBatch]
    /// Where sources stood when the last batch was sealed; empty before the first.
    package var checkpoint: [UInt8]
    /// Write-ahead records that no batch covers. Read them with ``Spool/replayWriteAhead(_:)``.
    package var uncoveredWriteAheadCount: Int
    /// Bytes at the ends of the logs that were written but never synced, and so never acknowledged.
    package var tornTailBytes: UInt64
    package var damage: [SpoolDamage]
}
