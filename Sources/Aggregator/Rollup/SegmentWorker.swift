package import Logging
internal import ServiceLifecycle
package import Store
package import Telemetry
package import UsageModel

/// Merges counted batches into segments, writes closed days, and merges segments into fewer, for as long as the process
/// lives.
///
/// Any number of instances may run on one database; a lock there lets one merge at a time. While there is work it
/// merges without a pause; then it looks again now and then. An error makes it wait longer and try again, and never
/// ends it: what waits is counted all the same.
package struct SegmentWorker: Service {
    private let store: Store
    private let policy: SegmentPolicy
    private let clock: any WallClock
    private let logger: Logger
    private let metrics: SegmentMetrics

    /// How often it looks for hours that have become due.
    static let poll = Duration.seconds(15)
    /// The longest wait after repeated errors.
    static let maxBackoff = Duration.seconds(300)

    package init(
        store: Store, policy: SegmentPolicy = SegmentPolicy(), clock: any WallClock, registry: MetricsRegistry,
        logger: Logger
    ) {
        self.store = store
        self.policy = policy
        self.clock = clock
        self.logger = logger
        metrics = SegmentMetrics(registry)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(first: Self.poll, last: Self.maxBackoff)
            while !Task.isCancelled {
                var wait = Self.poll
                do {
                    let report = try await mergeOnce()
                    backoff.reset()
                    if report.didSomething { continue }
                } catch is CancellationError {
                    return
                } catch {
                    metrics.failed()
                    wait = backoff.next()
                    logger.warning(
                        "merging segments failed, will be tried again",
                        [.error: "\(error)", .delayMilliseconds: "\(wait.wholeMilliseconds)"])
                }
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// Merges once, if there is something to merge and nobody else is at it.
    @discardableResult
    package func mergeOnce() async throws -> SegmentReport {
        let start = ContinuousClock.now
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        let report = try await store.mergeSegmentsNext(policy, now: now, decode: RollupWorker.decode)
        metrics.merged(report, duration: ContinuousClock.now - start)
        for note in report.damaged {
            logger.error(
                "a counted batch can't be merged into segments; its hours wait for it",
                [
                    .reason: "\(note.reason)", .error: "\(note.detail)", .collector: "\(note.collector)",
                    .epoch: "\(note.epoch)", .sequence: "\(note.sequence)", .table: "segment_queue",
                ])
        }
        return report
    }
}
