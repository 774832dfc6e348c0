package import BatchFormat
package import Spool
package import UsageModel

/// What the writer has to tell the log and the metrics.
package enum WriterEvent {
    /// Rejected records of a request could not be kept.
    case pushedRecordsUnkept(any Error)
    /// Records were refused, and are kept: those of a request, or of a batch that is being sealed.
    case quarantined([QuarantineEntry])
    /// A request could not be appended, and the intake switch was closed for it.
    case appendRefused(SpoolError)
    /// Requests could not be made durable, and the intake switch was closed for it.
    case commitsFailed(SpoolError)
    case sealed(SealedNote)
    /// A batch could not be written, and the intake switch was closed for it.
    case sealFailed(any Error)
    case opened(RecoveredState)
    /// A write-ahead record of an earlier run can't be decoded.
    case recordUndecodable(position: UInt64, BatchError)
    /// Old segments could not be deleted.
    case compactionFailed(SpoolError)
    case spoolFull(SpoolError)
    case spoolHasRoom
    case spoolWritable
}

/// A batch that has become durable.
package struct SealedNote: Sendable {
    package var batch: SpooledBatch
    package var rows: Int
    package var events: UInt64
    /// Requests of the rows that are estimated, and of those that are taken back.
    package var flagged: FlaggedRequests
    package var rejections: [RejectionReason: UInt64]
    /// Of followed files.
    package var repairs: UsageRepairCounts
    /// From taking the table to the end of the sync.
    package var milliseconds: Int64
}

/// How many requests of a batch have which flag.
package struct FlaggedRequests: Sendable, Equatable {
    package private(set) var estimated: UInt64 = 0
    package private(set) var takenBack: UInt64 = 0

    package init(of rows: UsageRows) {
        // No sum of a batch wraps.
        for row in rows.rows where !row.flags.isEmpty {
            if row.isEstimated { estimated += row.counts.requests }
            if row.isTakenBack { takenBack += row.counts.requests }
        }
    }
}

/// Why pushed events were not accepted.
package enum CommitFailure: Error, Sendable, Equatable {
    /// Input is refused for now.
    case closed(IntakeSwitch.Reason)
    /// More rows or bytes than one write-ahead record may hold.
    case tooLarge
    /// Some of the events have become durable since they were read: read them again.
    case repeated
}

/// What every batch of this collector says about itself.
package struct BatchIdentity: Sendable {
    package var provider: String
    package var collector: String
    package var spoolID: SpoolID
    package var version: String

    package init(provider: String, collector: String, spoolID: SpoolID, version: String) {
        self.provider = provider
        self.collector = collector
        self.spoolID = spoolID
        self.version = version
    }
}

/// What the spool's last batch says about files and tables.
package struct RecoveredFiles: Sendable {
    package var checkpoints: [FileID: FileCheckpoint]
    /// Of sources that read a table, by source.
    package var tables: [String: TableCheckpoint]
    /// Which versions of exports are counted.
    package var exports: [ExportPlace: ExportCheckpoint]
    package var isNewSpool: Bool

    package init(
        checkpoints: [FileID: FileCheckpoint], tables: [String: TableCheckpoint] = [:],
        exports: [ExportPlace: ExportCheckpoint] = [:], isNewSpool: Bool
    ) {
        self.checkpoints = checkpoints
        self.tables = tables
        self.exports = exports
        self.isNewSpool = isNewSpool
    }
}
