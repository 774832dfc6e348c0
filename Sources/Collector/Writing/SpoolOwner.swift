internal import BatchFormat
internal import Spool

/// Whose batches a spool holds.
enum SpoolOwner {
    /// Refuses the spool of another provider or collector. Its batches bear that identity: an aggregator refuses them
    /// under the certificate of this one for as long as they are sent, and holds up everything behind them.
    ///
    /// Since every start looks, the oldest and the newest batch speak for those between. Damaged ones say nothing.
    ///
    /// - Throws: ``SpoolError`` with `otherIdentity`.
    static func check(_ spool: Spool, of settings: CollectorSettings) throws(SpoolError) {
        let held = (spool.archivedBatches + spool.unshippedBatches).map(\.spoolSequence)
        for spoolSequence in Set([held.min(), held.max()].compactMap { $0 }) {
            guard let sealed = try? spool.readBatch(spoolSequence), let (header, _) = try? BatchDecoder().decode(sealed)
            else {
                continue
            }
            let (owner, own) =
                ("\(header.provider)/\(header.collector)", "\(settings.provider)/\(settings.collector)")
            guard owner != own else { continue }
            throw SpoolError(
                .otherIdentity,
                "the spool in \(settings.storage.directory) is that of \(owner), and this is \(own): let it ship under its "
                    + "own name and certificate (\(spool.unshippedBatches.count) batches are left), and give this one a "
                    + "data directory of its own")
        }
    }
}
