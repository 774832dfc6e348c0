internal import BatchFormat
package import Store
package import Telemetry
package import UsageModel

/// Takes batches in: verifies the digest, decodes and checks everything, and commits.
///
/// Everything that can be known to be wrong is found before a transaction begins. A bounded number of tasks decode at
/// once, and never on an event loop.
package struct BatchIngest: Sendable {
    private let store: Store
    private let admission: AdmissionRules
    private let quarantine: QuarantineLimits
    private let clock: any WallClock
    private let decodes: AsyncSemaphore
    private let rollup: RollupSignals
    private let keepsRows: Bool
    private let metrics: IngestMetrics

    /// - Parameters:
    ///   - admission: what a batch must keep to beyond its format.
    ///   - quarantine: what is kept of batches that may not be counted.
    ///   - maxConcurrentDecodes: batches that are decoded at the same time; each may take
    ///     `Limits.maxDecodedBatchBytes`.
    ///   - rollup: is told of each batch that was counted.
    ///   - keepsRows: whether this process rolls up, so that it needn't decode a batch again.
    package init(
        store: Store, admission: AdmissionRules = AdmissionRules(), quarantine: QuarantineLimits = QuarantineLimits(),
        clock: any WallClock, maxConcurrentDecodes: Int, rollup: RollupSignals, keepsRows: Bool = true,
        registry: MetricsRegistry
    ) {
        self.quarantine = quarantine
        self.store = store
        self.admission = admission
        self.clock = clock
        decodes = AsyncSemaphore(permits: maxConcurrentDecodes)
        self.rollup = rollup
        self.keepsRows = keepsRows
        metrics = IngestMetrics(registry)
    }

    /// - Throws: ``BatchRefusal``; `PostgresError` when the database could not do it. One with `isUnknownCommit` leaves
    ///   open whether the batch was counted: sending it again tells. After any other it was not.
    package func submit(_ submission: BatchSubmission) async throws -> CommittedBatch {
        let commit: BatchCommit
        let rows: UsageRows
        do {
            (commit, rows) = try await decodes.withPermit {
                try await WorkerThreads.ingest.run {
                    try metrics.timingDecode { () throws(BatchRefusal) in try validate(submission) }
                }
            }
        } catch let refusal as BatchRefusal {
            metrics.refused(refusal)
            throw refusal
        }
        let start = ContinuousClock.now
        let committed = try await store.commitBatch(commit, rows: keepsRows ? rows : nil, quarantine: quarantine)
        metrics.committed(committed, batch: commit, duration: ContinuousClock.now - start)
        if committed.outcome == .counted { rollup.committed() }
        return committed
    }

    private func validate(
        _ submission: BatchSubmission
    ) throws(BatchRefusal) -> (commit: BatchCommit, rows: UsageRows) {
        // Before anything is decoded: bytes that were damaged on the way may come again, an invalid batch never may,
        // and the sender is told which of the two it is.
        guard BatchDigest(of: submission.payload) == submission.digest else { throw .digestMismatch }
        let header: BatchHeader
        let rows: UsageRows
        do throws(BatchError) {
            (header, rows) = try BatchDecoder().decode(submission.payload)
        } catch {
            throw .invalid(error)
        }
        // What a batch says of its sender is never believed: the certificate is.
        guard header.provider == submission.identity.provider else { throw .wrongProvider }
        guard header.collector == submission.identity.name else { throw .wrongCollector }
        let commit = commit(submission, header: header, rows: rows)
        if let refusal = admission.refusal(
            of: submission.identity, rowCount: commit.rowCount, minutes: commit.minutes, sealedAt: commit.sealedAt,
            now: commit.receivedAt)
        {
            throw refusal
        }
        return (commit, rows)
    }

    private func commit(_ submission: BatchSubmission, header: BatchHeader, rows: UsageRows) -> BatchCommit {
        BatchCommit(
            key: CollectorKey(submission.identity), epoch: submission.epoch, sequence: submission.sequence,
            digest: submission.digest.bytes, payload: submission.payload, spoolID: header.spoolID.bytes,
            spoolSequence: header.spoolSequence, sealedAt: Timestamp(milliseconds: header.sealedAtMilliseconds),
            softwareVersion: header.softwareVersion, eventCount: header.eventCount, rowCount: rows.rows.count,
            totals: rows.totals, rejections: header.rejections, minutes: rows.minutes,
            receivedAt: Timestamp(milliseconds: clock.nowMilliseconds()))
    }
}
