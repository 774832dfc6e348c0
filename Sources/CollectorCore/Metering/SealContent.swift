package import BatchFormat
package import UsageModel

/// What one seal puts into a batch, with where its sources stood at that moment.
package struct SealContent: Sendable {
    package var sums: MinuteBuckets
    package var rejections: [RejectionReason: UInt64]
    package var quarantine: [QuarantineEntry]
    package var repairs: UsageRepairCounts
    package var checkpoints: [FileID: FileCheckpoint]
    /// Of sources that read a table, by source.
    package var tables: [String: TableCheckpoint] = [:]
    package var exports: [ExportPlace: ExportCheckpoint]
    /// All write-ahead records up to here are in this batch or earlier ones.
    package var writeAheadThrough: UInt64
    /// The table's number.
    var table: UInt64
}
