package import Logging
internal import Postgres
internal import Reporting
internal import ServiceLifecycle
package import Store
internal import Synchronization
package import Telemetry
package import UsageModel

/// What `/readyz` tells.
package struct Health: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// The database is waited for, or is being prepared.
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
    package var position: UInt64 = 0
    package var pendingBatches: UInt64 = 0
    /// How long the oldest of them has waited, in seconds.
    package var rollupLagSeconds: Int64 = 0

    package init(state: State) {
        self.state = state
    }
}

/// Asks the database every second how things stand, so that `/readyz` and `/metrics` answer at once and a storm
/// of probes never reaches the database.
package final class HealthMonitor: Service {
    private let store: Store
    private let clock: any WallClock
    private let interval: Duration
    private let logger: Logger
    private let lag = Mutex(RollupLag())
    private let state = Mutex(Health(state: .starting))
    private let pending: Gauge
    private let lagSeconds: Gauge
    private let position: Gauge

    package init(
        store: Store, clock: any WallClock, interval: Duration = .seconds(1), registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.clock = clock
        self.interval = interval
        self.logger = logger
        pending = registry.gauge(
            "steelyard_aggregator_pending_batches", help: "Batches that are committed and not rolled up.")
        lagSeconds = registry.gauge(
            "steelyard_aggregator_rollup_lag_seconds", help: "How long the oldest pending batch has waited.")
        position = registry.gauge(
            "steelyard_aggregator_ledger_position", help: "The rollup position that this instance saw last.")
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
            let (position, collectors) = try await store.snapshot { session in
                (try session.position(), try session.collectors(visibility: .everything))
            }
            let waiting = collectors.reduce(0) { $0 + UInt64($1.pendingBatches) }
            let second = clock.nowMilliseconds() / 1_000
            var health = Health(state: .ready)
            health.position = position
            health.pendingBatches = waiting
            health.rollupLagSeconds = lag.withLock { $0.sample(second: second, position: position, waiting: waiting) }
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
            pending.set(Double(health.pendingBatches))
            lagSeconds.set(Double(health.rollupLagSeconds))
            position.set(Double(health.position))
        }
        guard before != health.state else { return }
        if let cause {
            logger.error("not ready", [.state: "\(health.state)", .error: "\(cause)"])
        } else {
            logger.info("ready", [.position: "\(health.position)"])
        }
    }
}
