package import Spool
internal import Usage

extension WriterCore {
    /// Batches that are not shipped, by ordinal.
    package var unshipped: [ShippingBatch] {
        spool.unshippedBatches.map { ShippingBatch(ordinal: $0.ordinal, digest: $0.digest) }
    }

    /// Shipped batches that are still kept, by ordinal.
    package var archived: [ShippingBatch] {
        spool.archivedBatches.map { ShippingBatch(ordinal: $0.ordinal, digest: $0.digest) }
    }

    /// The sealed bytes of a batch.
    package func read(_ ordinal: UInt64) throws(SpoolError) -> [UInt8] {
        try spool.readBatch(ordinal)
    }

    /// Writes down what came of shipping.
    ///
    /// An epoch is synced, because it must be durable before a batch goes out under it: it is what tells a regressed
    /// aggregator. An acknowledgement isn't: should it be lost, the next start asks the aggregator whether it knows the
    /// digest.
    package mutating func record(_ record: ShippingRecord) throws(SpoolError) {
        switch record {
        case .epoch(let mark):
            try spool.appendEpoch(mark)
            try syncSpool()
        case .settled(let ordinal, let acknowledgement):
            try spool.appendAcknowledged(ordinal, acknowledgement)
            settlements.append((ordinal, acknowledgement))
        case .refused(let ordinal, let reason):
            try spool.appendQuarantined(ordinal, reason: reason)
            try syncSpool()
        }
    }
}
