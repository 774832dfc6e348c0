package import Logging
internal import Postgres
internal import ServiceLifecycle
package import Store
internal import Telemetry
package import UsageModel

/// Makes the partitions of this month and the next before they are needed, drops what retention doesn't keep, and makes
/// cubes of usage that there are none of yet: at start and every hour. Safe on every instance; what one has done the
/// others find done.
package struct MaintenanceService: Service {
    private let store: Store
    private let policy: RetentionPolicy
    private let clock: any WallClock
    private let logger: Logger

    /// How often it looks.
    package static let interval = Duration.seconds(3_600)

    package init(store: Store, policy: RetentionPolicy, clock: any WallClock, logger: Logger) {
        self.store = store
        self.policy = policy
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(first: .seconds(1), last: Self.interval)
            while !Task.isCancelled {
                var wait = Self.interval
                do {
                    try await runOnce()
                    backoff.reset()
                } catch is CancellationError {
                    return
                } catch {
                    wait = backoff.next()
                    logger.warning(
                        "partition maintenance failed; retrying",
                        [.error: "\(error)", .delayMilliseconds: "\(wait.wholeMilliseconds)"])
                }
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// Makes partitions, drops old ones and fills cubes once.
    package func runOnce() async throws {
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        try await store.makePartitionsAhead(now: now)
        for table in try await store.applyRetention(policy, now: now) {
            logger.info("partition dropped at the end of its retention", [.table: "\(table)"])
        }
        try await fillCubes()
    }

    /// How often filling cubes is told of.
    static let progressInterval = Duration.seconds(30)

    private func fillCubes() async throws {
        let clock = ContinuousClock()
        var told: ContinuousClock.Instant?
        while true {
            let progress = try await store.fillCubes()
            guard let next = progress.next else {
                if told != nil { logger.info("cubes are complete; questions about scopes are answered from them") }
                return
            }
            if told.map({ clock.now - $0 >= Self.progressInterval }) ?? true {
                logger.info("cubes are being made", [.next: "\(next)", .detail: "up to \(progress.last ?? next)"])
                told = clock.now
            }
            try Task.checkCancellation()
        }
    }
}
