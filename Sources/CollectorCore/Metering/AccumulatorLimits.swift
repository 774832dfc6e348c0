internal import UsageModel

/// What the accumulator holds at most, and how much of its input is parsed at a time.
package enum AccumulatorLimits {
    /// The uncompressed size at which a batch is sealed early, in bytes, so that even incompressible names stay below
    /// `Limits.maxSealedBatchBytes`.
    package static let sealBytes = 8 << 20
    /// Quarantined input held in memory until the next seal, in bytes; more seals early.
    package static let maxQuarantineBufferBytes = 8 << 20
    /// The bytes up to which a rejected record is kept whole unless a setting says otherwise.
    package static let defaultQuarantinedRecordBytes = 64 << 10
    /// Bytes that are read and parsed at a time: one hold of the accumulator's lock.
    package static let chunkBytes = 256 << 10
    /// The largest chunk, used only to get a long record into one piece, in bytes.
    package static let maxChunkBytes = Limits.maxRecordBytes + chunkBytes
}
