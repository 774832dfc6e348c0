package import Spool
internal import UsageModel

extension WriterCore {
    /// Batches that are not shipped, by spool sequence.
    package var unshipped: [SpooledBatch] { spool.unshippedBatches }

    /// Shipped batches that are still kept, by spool sequence.
    package var archived: [SpooledBatch] { spool.archivedBatches }

    /// The sealed bytes of a batch.
    package func read(_ spoolSequence: UInt64) throws(SpoolError) -> [UInt8] {
        try spool.readBatch(spoolSequence)
    }

    /// Writes down what came of shipping.
    ///
    /// An epoch is synced, because it must be durable before a batch goes out under it: it is what tells a regressed
    /// aggregator. An acknowledgement isn't: should it be lost, the next start asks the aggregator whether it knows the
    /// digest.
    package mutating func record(_ record: ShippingRecord) throws(SpoolError) {
        switch record {
        case .epoch(let position):
            try spool.appendEpoch(position)
            try syncSpool()
        case .acknowledged(let spoolSequence, let acknowledgement):
            try spool.appendAcknowledged(spoolSequence, acknowledgement)
            unsyncedAcknowledgements.append((spoolSequence, acknowledgement))
        case .refused(let spoolSequence, let reason):
            try spool.appendQuarantined(spoolSequence, reason: reason)
            try syncSpool()
        }
    }
}
