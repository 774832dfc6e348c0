package import Logging
internal import Postgres
internal import ServiceLifecycle
package import Store
internal import Synchronization
package import Telemetry
package import Usage

/// What `/readyz` tells.
package struct Health: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Nothing is known yet.
        case starting
        case ready
        /// The database doesn't answer.
        case databaseUnreachable
        /// The database's schema or calendar isn't what this program needs.
        case databaseUnsuitable
        /// The process is draining.
        case stopping
    }

    package var state: State
    package var mark: UInt64 = 0
    package var unfoldedBatches: UInt64 = 0
    /// How long the oldest of them has waited, in seconds.
    package var foldLagSeconds: Int64 = 0

    package init(state: State) {
        self.state = state
    }
}

/// Asks the database every second or two how things stand, so that `/readyz` and `/metrics` answer at once and a storm
/// of probes never reaches the database.
package final class HealthMonitor: Service {
    private let store: Store
    private let clock: any WallClock
    private let interval: Duration
    private let logger: Logger
    private let lag = Mutex(FoldLag())
    private let state = Mutex(Health(state: .starting))
    private let unfolded: Gauge
    private let lagSeconds: Gauge
    private let mark: Gauge

    package init(
        store: Store, clock: any WallClock, interval: Duration = .seconds(1), registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.clock = clock
        self.interval = interval
        self.logger = logger
        unfolded = registry.gauge(
            "steelyard_aggregator_unfolded_batches", help: "Batches that are committed and not folded.")
        lagSeconds = registry.gauge(
            "steelyard_aggregator_fold_lag_seconds", help: "How long the oldest unfolded batch has waited.")
        mark = registry.gauge("steelyard_aggregator_mark", help: "The fold mark that this instance saw last.")
    }

    /// As it was found last.
    package var health: Health { state.withLock { $0 } }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.probe()
                try? await Task.sleep(for: self.interval)
            }
        }
        state.withLock { $0.state = .stopping }
    }

    /// Looks once.
    package func probe() async {
        do {
            try await store.check()
            let mark = try await store.mark()
            let waiting = try await store.collectors(sight: .everything).reduce(0) { $0 + UInt64($1.unfoldedBatches) }
            let second = clock.nowMilliseconds() / 1_000
            var health = Health(state: .ready)
            health.mark = mark
            health.unfoldedBatches = waiting
            health.foldLagSeconds = lag.withLock { $0.sample(second: second, mark: mark, waiting: waiting) }
            publish(health)
        } catch is CancellationError {
            return
        } catch let error as StoreError {
            publish(Health(state: .databaseUnsuitable), cause: error)
        } catch {
            publish(Health(state: .databaseUnreachable), cause: error)
        }
    }

    private func publish(_ health: Health, cause: (any Error)? = nil) {
        let before = state.withLock { state in
            defer { state = health }
            return state.state
        }
        if health.state == .ready {
            unfolded.set(Double(health.unfoldedBatches))
            lagSeconds.set(Double(health.foldLagSeconds))
            mark.set(Double(health.mark))
        }
        guard before != health.state else { return }
        if let cause {
            logger.error("not ready", [.state: "\(health.state)", .error: "\(cause)"])
        } else {
            logger.info("ready", [.mark: "\(health.mark)"])
        }
    }
}
