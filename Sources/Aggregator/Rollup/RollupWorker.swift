internal import BatchFormat
package import Logging
internal import Postgres
internal import ServiceLifecycle
package import Store
package import Telemetry
internal import UsageModel

/// Rolls up committed batches into the sums, for as long as the process lives.
///
/// Any number of instances may run on one database; a lock there lets one rollup at a time. While there is work it
/// rolls up without a pause; then it waits for a signal from a commit, or polls for what other instances committed. An
/// error (the database is away, say) makes it wait longer and try again, and never ends it.
package struct RollupWorker: Service {
    private let store: Store
    private let limits: RollupLimits
    private let poll: Duration
    private let wake: WakeSignal
    private let logger: Logger
    private let metrics: RollupMetrics

    /// The longest wait after repeated errors.
    static let maxBackoff = Duration.seconds(10)

    package init(
        store: Store, limits: RollupLimits = RollupLimits(), poll: Duration = .milliseconds(250), wake: WakeSignal,
        registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.poll = poll
        self.wake = wake
        self.logger = logger
        metrics = RollupMetrics(registry)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(first: poll, last: Self.maxBackoff)
            while !Task.isCancelled {
                do {
                    let report = try await rollUpOnce()
                    backoff.reset()
                    if !(report.status == .rolledUp && report.hasMore) { await wake.wait(atMost: poll) }
                } catch is CancellationError {
                    return
                } catch {
                    metrics.failed()
                    let delay = backoff.next()
                    logger.warning(
                        "rollup failed, will be tried again",
                        [.error: "\(error)", .delayMilliseconds: "\(delay.wholeMilliseconds)"])
                    try? await Task.sleep(for: delay)
                }
            }
        }
    }

    /// Rolls up once, if there is something to roll up and nobody else is at it.
    @discardableResult
    package func rollUpOnce() async throws -> RollupReport {
        let start = ContinuousClock.now
        let report = try await store.rollUpNext(limits, decode: Self.decode)
        if report.status == .rolledUp { metrics.rolledUp(report, duration: ContinuousClock.now - start) }
        if report.quarantined > 0 {
            logger.error(
                "committed batches could not be decoded and were quarantined",
                [.batches: "\(report.quarantined)", .table: "batch_quarantine", .position: "\(report.position)"])
        }
        return report
    }

    /// The sealed bytes of the ledger as rows.
    package static let decode: PayloadDecoder = { payload in try BatchDecoder().decode(payload).rows }
}
