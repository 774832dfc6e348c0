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
    private let clock: any WallClock
    private let decodes: AsyncSemaphore
    private let rollup: RollupSignals
    private let metrics: IngestMetrics

    /// - Parameters:
    ///   - admission: what a batch must keep to beyond its format.
    ///   - maxConcurrentDecodes: batches that are decoded at the same time; each may take
    ///     `Limits.maxDecodedBatchBytes`.
    ///   - rollup: is told of each batch that was counted.
    package init(
        store: Store, admission: AdmissionRules = AdmissionRules(), clock: any WallClock, maxConcurrentDecodes: Int,
        rollup: RollupSignals, registry: MetricsRegistry
    ) {
        self.store = store
        self.admission = admission
        self.clock = clock
        decodes = AsyncSemaphore(permits: maxConcurrentDecodes)
        self.rollup = rollup
        metrics = IngestMetrics(registry)
    }

    /// - Throws: ``BatchRefusal``; `PostgresError` when the database could not do it. One with `isUnknownCommit` leaves
    ///   open whether the batch was counted: sending it again tells. After any other it was not.
    package func submit(_ submission: BatchSubmission) async throws -> CommittedBatch {
        let commit: BatchCommit
        do {
            commit = try await decodes.withPermit {
                try await WorkerThreads.ingest.run {
                    try metrics.timingDecode { () throws(BatchRefusal) in try validate(submission) }
                }
            }
        } catch let refusal as BatchRefusal {
            metrics.refused(refusal)
            throw refusal
        }
        let start = ContinuousClock.now
        let committed = try await store.commitBatch(commit)
        metrics.committed(committed.outcome, batch: commit, duration: ContinuousClock.now - start)
        if committed.outcome == .counted { rollup.committed() }
        return committed
    }

    private func validate(_ submission: BatchSubmission) throws(BatchRefusal) -> BatchCommit {
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
        return commit
    }

    private func commit(_ submission: BatchSubmission, header: BatchHeader, rows: UsageRows) -> BatchCommit {
        BatchCommit(
            key: CollectorKey(submission.identity), epoch: submission.epoch, sequence: submission.sequence,
            digest: submission.digest.bytes, payload: submission.payload, spoolID: header.spoolID.bytes,
            spoolSequence: header.spoolSequence, sealedAt: Timestamp(milliseconds: header.sealedAtMilliseconds),
            softwareVersion: header.softwareVersion, eventCount: header.eventCount, rowCount: rows.rows.count,
            totals: rows.totals, rejections: header.rejections, minutes: rows.minutes, days: rows.days,
            receivedAt: Timestamp(milliseconds: clock.nowMilliseconds()))
    }
}

extension UsageRows {
    /// First and last minute; `nil` without rows.
    fileprivate var minutes: ClosedRange<Int64>? {
        guard var least = rows.first?.minute else { return nil }
        var most = least
        for row in rows {
            least = min(least, row.minute)
            most = max(most, row.minute)
        }
        return least...most
    }

    /// The days (UTC) that rows lie in, since 1970-01-01.
    fileprivate var days: Set<Int64> {
        var days: Set<Int64> = []
        var last: Int64?
        for row in rows {
            // Rows of one key stand in the order of their minutes.
            let day = row.minute.flooredDivision(by: CivilTime.secondsPerDay / 60)
            if day != last { days.insert(day) }
            last = day
        }
        return days
    }
}
