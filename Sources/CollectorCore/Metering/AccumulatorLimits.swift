/// What the accumulator holds at most.
package enum AccumulatorLimits {
    /// The uncompressed size at which a batch is sealed early, in bytes, so that even incompressible names stay below
    /// `Limits.maxSealedBatchBytes`.
    package static let sealBytes = 8 << 20
    /// Quarantined input held in memory until the next seal, in bytes; more seals early.
    package static let maxQuarantineBufferBytes = 8 << 20
    /// The most bytes of one rejected record that are kept.
    package static let maxQuarantinedRecordBytes = 4 << 10
}
