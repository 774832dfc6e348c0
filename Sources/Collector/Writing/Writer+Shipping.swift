internal import Spool
internal import Usage

extension Writer {
    /// The sealed bytes of a batch.
    func read(_ ordinal: UInt64) throws(SpoolError) -> [UInt8] {
        try spool.readBatch(ordinal)
    }

    /// Batches that are not shipped, by ordinal.
    func unshipped() -> [ShippingBatch] {
        spool.unshippedBatches.map { ShippingBatch(ordinal: $0.ordinal, digest: $0.digest) }
    }

    /// Shipped batches that are still kept, by ordinal.
    func archived() -> [ShippingBatch] {
        spool.archivedBatches.map { ShippingBatch(ordinal: $0.ordinal, digest: $0.digest) }
    }

    /// The epoch must be durable before a batch goes out under it: it is what tells a regressed aggregator.
    func recordEpoch(_ mark: EpochMark) throws(SpoolError) {
        try spool.appendEpoch(mark)
        try syncRecord()
    }

    /// Not synced: should it be lost, the next start asks the aggregator whether it knows the digest.
    func recordShipped(_ ordinal: UInt64, _ acknowledgement: Acknowledgement) throws(SpoolError) {
        try spool.appendAcknowledged(ordinal, acknowledgement)
        updateGauges()
    }

    func recordRefused(_ ordinal: UInt64, reason: String) throws(SpoolError) {
        try spool.appendQuarantined(ordinal, reason: reason)
        try syncRecord()
        updateGauges()
    }

    /// Syncs outside of a commit or seal; whoever waits for a commit gains or loses by it as well.
    private func syncRecord() throws(SpoolError) {
        do throws(SpoolError) {
            try spool.sync()
            noteSyncSucceeded()
        } catch {
            noteSyncFailed()
            throw error
        }
    }
}
