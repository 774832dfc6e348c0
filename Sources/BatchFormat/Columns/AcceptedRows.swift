package import UsageModel

/// Rows with what was counted while they were summed: what a write-ahead record holds.
package struct AcceptedRows: Sendable, Equatable {
    /// In canonical form, as ``MinuteBuckets/rows()`` gives them.
    package var rows: UsageRows
    /// Events that the rows sum up.
    package var eventCount: UInt64
    /// Events that were refused beside them. No zero counts.
    package var rejections: [RejectionReason: UInt64]
    /// By which those of the events that have an id are told when they come again.
    package var fingerprints: AcceptedFingerprints
    /// How far followed files were read by what is counted here, encoded; empty for what was pushed.
    package var checkpoint: [UInt8] = []
    /// The records of followed files that were refused beside the events, encoded.
    package var refused: [UInt8] = []

    /// The most bytes of ``checkpoint`` and of ``refused`` in one record.
    package static let maxCheckpointBytes = 8 << 20
    package static let maxRefusedBytes = 8 << 20

    package init(
        rows: UsageRows, eventCount: UInt64, rejections: [RejectionReason: UInt64] = [:],
        fingerprints: AcceptedFingerprints = AcceptedFingerprints()
    ) {
        self.rows = rows
        self.eventCount = eventCount
        self.rejections = rejections
        self.fingerprints = fingerprints
    }
}
