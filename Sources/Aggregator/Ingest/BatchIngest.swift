package import BatchFormat
internal import Postgres
package import Store
package import Telemetry
package import UsageModel

/// A sealed batch as it came, with what its sender says about it and who the sender is.
package struct BatchSubmission: Sendable {
    /// From the client certificate, never from the request.
    package var identity: CollectorIdentity
    package var epoch: UInt64
    package var sequence: UInt64
    /// The digest that the sender computed.
    package var digest: BatchDigest
    /// The sealed bytes.
    package var payload: [UInt8]

    package init(
        identity: CollectorIdentity, epoch: UInt64, sequence: UInt64, digest: BatchDigest, payload: [UInt8]
    ) {
        self.identity = identity
        self.epoch = epoch
        self.sequence = sequence
        self.digest = digest
        self.payload = payload
    }
}

/// Why a batch is not even offered to the database.
package enum BatchRefusal: Error, Sendable, Equatable {
    /// The bytes are not what was sealed: they were damaged on the way, and the same batch may be sent again.
    case digestMismatch
    /// The bytes are no valid batch and never will be.
    case invalid(BatchError)
    /// The batch says that it is of another provider than its sender's certificate.
    case wrongProvider
    /// The batch was sealed by another collector than its sender's certificate names.
    case wrongCollector
}

/// Takes batches in: verifies the digest, decodes and checks everything, and commits.
///
/// Everything that can be known to be wrong is found before a transaction begins. Decoding runs on as many tasks at
/// once as there are places; it never blocks an event loop.
package struct BatchIngest: Sendable {
    private let store: Store
    private let clock: any WallClock
    private let decodes: AsyncSemaphore
    private let rollupSignal: WakeSignal
    private let metrics: IngestMetrics

    /// - Parameters:
    ///   - decodePlaces: batches that are decoded at the same time; each may take `Limits.maxDecodedBatchBytes`.
    ///   - rollupSignal: is called after each batch that was counted.
    package init(
        store: Store, clock: any WallClock, decodePlaces: Int, rollupSignal: WakeSignal, registry: MetricsRegistry
    ) {
        self.store = store
        self.clock = clock
        decodes = AsyncSemaphore(places: decodePlaces)
        self.rollupSignal = rollupSignal
        metrics = IngestMetrics(registry)
    }

    /// - Throws: ``BatchRefusal``; `PostgresError` when the database could not do it, in which case it is unknown
    ///   whether the batch was counted: only sending it again tells.
    package func submit(_ submission: BatchSubmission) async throws -> CommittedBatch {
        let commit: BatchCommit
        do {
            commit = try await decodes.withPlace {
                try metrics.timingDecode { () throws(BatchRefusal) in try open(submission) }
            }
        } catch let refusal as BatchRefusal {
            metrics.refused(refusal)
            throw refusal
        }
        let start = ContinuousClock.now
        let committed = try await store.commitBatch(commit)
        metrics.committed(committed.outcome, batch: commit, duration: ContinuousClock.now - start)
        if committed.outcome == .counted { rollupSignal() }
        return committed
    }

    private func open(_ submission: BatchSubmission) throws(BatchRefusal) -> BatchCommit {
        guard BatchDigest(of: submission.payload) == submission.digest else { throw .digestMismatch }
        let header: BatchHeader
        let rows: UsageRows
        do throws(BatchError) {
            (header, rows) = try BatchDecoder().decode(submission.payload)
        } catch {
            throw .invalid(error)
        }
        guard header.provider == submission.identity.provider else { throw .wrongProvider }
        guard header.collector == submission.identity.name else { throw .wrongCollector }
        return commit(submission, header: header, rows: rows)
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
}
