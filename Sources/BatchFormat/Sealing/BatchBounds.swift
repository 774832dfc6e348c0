internal import UsageModel

/// Bounds of the batch format beyond those in `Limits`, each with its unit.
package enum BatchBounds {
    /// The last minute of the year 9999; the first is that of 1970-01-01T00:00Z.
    package static let maxMinute: Int64 = 4_223_371_679
    /// The most events of one batch: as many of the largest as fit 64 bits, so that no sum of a batch can wrap.
    package static let maxEvents: UInt64 = .max / max(Limits.maxTokensPerField, Limits.maxRequestsPerEvent)
    /// The latest time that a batch may say it was sealed at, in milliseconds since 1970: the end of the year 9999.
    package static let maxSealedAtMilliseconds: Int64 = 253_402_300_799_999
    /// The longest software version, in bytes of printable ASCII.
    package static let maxSoftwareVersionBytes = EpochRequest.maxSoftwareVersionBytes
    /// The longest name of a reason for refusal, in bytes.
    package static let maxReasonBytes = 64
    /// The most bytes that one row may take in columns: five counts of 64 bits, the rest of its key of 32. Codes of
    /// layer, workload and modality take less, which leaves room for the flags.
    package static let maxColumnBytesPerRow = 5 * 10 + 7 * 5
    /// The most bytes that a name takes beside its own: two lengths.
    package static let maxColumnBytesPerName = 2 * 2
    /// What the header and the framing of columns take at most, in bytes.
    package static let maxFramingBytes = 4_096
    /// The size before compression up to which a table is filled, in bytes. zstd adds less than 1 % to what it can't
    /// compress, so what fits here fits a sealed batch.
    package static let maxEncodedBytes = Limits.maxDecodedBatchBytes
}
