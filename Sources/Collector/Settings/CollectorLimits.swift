internal import UsageModel

/// Bounds of the collector that are not settings, or bound settings.
package enum CollectorLimits {
    /// The most rows at which sealing may be set. Beside it, one chunk's rows must fit into a batch.
    package static let maxSealRows = 500_000
    /// Bytes that are read and parsed at a time: one hold of the accumulator's lock.
    package static let chunkBytes = 256 << 10
    /// The largest chunk, used only to get a long record into one piece.
    package static let maxChunkBytes = Limits.maxRecordBytes + chunkBytes
    /// The largest request body that may be allowed.
    package static let maxHTTPBodyBytes = 8 << 20
    /// The most rejections that one answer lists.
    package static let maxListedRejections = 100
    /// The most files that are followed at once.
    package static let maxTrackedFiles = 10_000
}
