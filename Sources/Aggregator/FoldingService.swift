internal import Batching
package import Logging
internal import Postgres
internal import ServiceLifecycle
package import Store
package import Telemetry

/// Folds committed batches into the sums, for as long as the process lives.
///
/// Any number of instances may run on one database; a lock there lets one fold at a time. While there is work it folds
/// without a pause; then it waits for a nudge from a commit, or polls for what other instances committed. An error
/// (the database is away, say) makes it wait longer and try again, and never ends it.
package struct FoldingService: Service {
    private let store: Store
    private let limits: FoldLimits
    private let poll: Duration
    private let nudge: Nudge
    private let logger: Logger
    private let metrics: FoldMetrics

    /// The longest wait after repeated errors.
    static let maxBackoff = Duration.seconds(10)

    package init(
        store: Store, limits: FoldLimits = FoldLimits(), poll: Duration = .milliseconds(250), nudge: Nudge,
        registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.poll = poll
        self.nudge = nudge
        self.logger = logger
        metrics = FoldMetrics(registry)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(first: poll, last: Self.maxBackoff)
            while !Task.isCancelled {
                do {
                    let report = try await foldOnce()
                    backoff.reset()
                    if !(report.status == .folded && report.hasMore) { await nudge.wait(atMost: poll) }
                } catch is CancellationError {
                    return
                } catch {
                    metrics.failed()
                    let delay = backoff.next()
                    logger.warning(
                        "fold failed, will be tried again",
                        [.error: "\(error)", .delayMilliseconds: "\(delay.milliseconds)"])
                    try? await Task.sleep(for: delay)
                }
            }
        }
    }

    /// Folds once, if there is something to fold and nobody else is at it.
    @discardableResult
    package func foldOnce() async throws -> FoldReport {
        let start = ContinuousClock.now
        let report = try await store.foldNext(limits, decode: Self.decode)
        if report.status == .folded { metrics.folded(report, duration: ContinuousClock.now - start) }
        if report.setAside > 0 {
            logger.error(
                "committed batches could not be decoded and were set aside",
                [.batches: "\(report.setAside)", .table: "batch_quarantine", .mark: "\(report.mark)"])
        }
        return report
    }

    /// The sealed bytes of the ledger as rows.
    package static let decode: PayloadDecoder = { payload in try BatchDecoder().decode(payload).rows }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
