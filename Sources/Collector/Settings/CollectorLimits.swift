/// Bounds of the collector that are not settings, or bound settings.
package enum CollectorLimits {
    /// The most rows at which sealing may be set. Beside it, one chunk's rows must fit into a batch.
    package static let maxSealRows = 500_000
    /// The largest request body that may be allowed.
    package static let maxHTTPBodyBytes = 1 << 30
    /// The most rejections that one answer lists.
    package static let maxListedRejections = 100
}
