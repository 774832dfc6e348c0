package import Logging
internal import Postgres
internal import ServiceLifecycle
package import Store
package import Telemetry
internal import UsageModel

/// Rolls up committed batches, for as long as the process lives.
///
/// Any number of instances may run on one database; locks there let one rollup a lane at a time. While more waits than
/// one rollup takes it goes on without a pause; then it waits for a signal from a commit, or polls for what other
/// instances committed, and begins no more than one rollup an interval: what a rollup costs beside its rows is paid
/// that often. An error (the database is away, say) makes it wait longer and try again, and never ends it.
package struct RollupWorker: Service {
    private let store: Store
    private let limits: RollupLimits
    private let poll: Duration
    private let interval: Duration
    private let signals: RollupSignals
    private let logger: Logger
    private let metrics: RollupMetrics

    /// The longest wait after repeated errors.
    static let maxBackoff = Duration.seconds(10)

    package init(
        store: Store, limits: RollupLimits = RollupLimits(), poll: Duration, interval: Duration, signals: RollupSignals,
        registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.poll = poll
        self.interval = interval
        self.signals = signals
        self.logger = logger
        metrics = RollupMetrics(registry)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.run(lane: .light, signal: self.signals.light) }
                group.addTask { await self.run(lane: .heavy, signal: self.signals.heavy) }
            }
        }
    }

    private func run(lane: RollupLane, signal: WakeSignal) async {
        var backoff = Backoff(first: poll, last: Self.maxBackoff)
        while !Task.isCancelled {
            let next = ContinuousClock.now + interval
            do {
                let report = try await rollUpOnce(lane: lane)
                backoff.reset()
                if report.status == .rolledUp {
                    signals.succeeded(in: lane)
                    if report.hasMore { continue }
                    try await ContinuousClock().sleep(until: next)
                }
                await signal.wait(atMost: poll)
            } catch is CancellationError {
                return
            } catch {
                metrics.failed()
                signals.failed(RollupFailure(error), in: lane)
                let delay = backoff.next()
                logger.warning(
                    "rollup failed, will be tried again",
                    [.error: "\(error)", .delayMilliseconds: "\(delay.wholeMilliseconds)"])
                try? await Task.sleep(for: delay)
            }
        }
    }

    /// Rolls up once, if there is something to roll up and nobody else is at it.
    @discardableResult
    package func rollUpOnce(lane: RollupLane = .every) async throws -> RollupReport {
        let start = ContinuousClock.now
        let report = try await store.rollUpNext(limits, lane: lane, decode: Self.decode)
        if report.status == .rolledUp { metrics.rolledUp(report, duration: ContinuousClock.now - start) }
        for note in report.quarantined {
            logger.error(
                "a committed batch can't be rolled up; it is quarantined and doesn't count",
                [
                    .reason: "\(note.reason)", .error: "\(note.detail)", .collector: "\(note.collector)",
                    .epoch: "\(note.epoch)", .sequence: "\(note.sequence)", .table: "batch_quarantine",
                ])
        }
        return report
    }

    /// The sealed bytes of the ledger as rows.
    package static let decode: PayloadDecoder = StoreSession.decodeBatch
}
