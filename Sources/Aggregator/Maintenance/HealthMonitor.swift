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
    /// How long the oldest pending batch has waited, in seconds.
    package var rollupLagSeconds: Int64 = 0
    /// For how long a provider's sums have stood still although batches of it wait, in seconds; 0 within
    /// ``RollupStall/toleratedSeconds``.
    package var rollupStalledSeconds: Int64 = 0
    /// Why they stand still, as far as this instance knows.
    package var rollupStallReason: String?
    /// Budgets of new names that are nearly used up or exceeded today.
    package var scarceNames: [NewNameUse] = []

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
    private let rollup: RollupSignals?
    private let newNames: NewNameLimits
    private let registry: MetricsRegistry
    private let stall = Mutex(RollupStall())
    private let state = Mutex(Health(state: .starting))
    private let pending: Gauge
    private let lagSeconds: Gauge
    private let position: Gauge
    private let stalledSeconds: Gauge

    /// - Parameter rollup: of this instance's lanes; `nil` where it doesn't roll up.
    package init(
        store: Store, clock: any WallClock, interval: Duration = .seconds(1), rollup: RollupSignals? = nil,
        newNames: NewNameLimits = NewNameLimits(), registry: MetricsRegistry, logger: Logger
    ) {
        self.rollup = rollup
        self.newNames = newNames
        self.registry = registry
        self.store = store
        self.clock = clock
        self.interval = interval
        self.logger = logger
        pending = registry.gauge(
            "steelyard_aggregator_pending_batches", help: "Batches that are committed and not rolled up.")
        lagSeconds = registry.gauge(
            "steelyard_aggregator_rollup_lag_seconds", help: "How long the oldest pending batch has waited.")
        stalledSeconds = registry.gauge(
            "steelyard_aggregator_rollup_stalled_seconds",
            help: "For how long a provider's sums have stood still although batches wait; 0 within the first minute.")
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
            let second = clock.nowMilliseconds() / 1_000
            let today = CalendarDate(days: second.flooredDivision(by: CivilTime.secondsPerDay))
            let (position, collectors, names, oldest) = try await store.snapshot { session in
                (
                    try session.position(), try session.collectors(visibility: .everything),
                    try session.newNames(on: today), try session.oldestWaiting()
                )
            }
            let waiting = collectors.reduce(0) { $0 + UInt64($1.pendingBatches) }
            var health = Health(state: .ready)
            health.position = position
            health.pendingBatches = waiting
            health.rollupLagSeconds = max(0, second - (oldest.map(\.receivedAt.seconds).min() ?? second))
            health.rollupStalledSeconds = stall.withLock { $0.sample(second: second, waiting: oldest) }
            if health.rollupStalledSeconds > 0 { health.rollupStallReason = stallReason }
            health.scarceNames = names.filter { $0.isNear(newNames) }
            publish(health)
            note(names)
        } catch is CancellationError {
            return
        } catch let error as StoreError {
            publish(Health(state: .databaseUnsuitable), cause: error)
        } catch {
            publish(Health(state: .databaseUnreachable), cause: error)
        }
    }

    private var stallReason: String {
        guard let rollup else { return "this instance doesn't roll up; look at those that do" }
        return rollup.lastFailure?.description
            ?? "no rollup of this instance failed: another one, a rebuild or retention holds the locks"
    }

    private func note(_ names: [NewNameUse]) {
        for use in names where use.collector == nil {
            let labels = [
                MetricLabel("provider", value: use.provider), MetricLabel("dimension", value: use.dimension.word),
            ]
            registry.gauge(
                "steelyard_aggregator_new_names", help: "Names that were new today (UTC).", labels: labels
            ).set(Double(use.admitted))
            registry.gauge(
                "steelyard_aggregator_over_limit_names",
                help: "Names beyond the day's budget, counted under (over-limit): once in each batch.", labels: labels
            ).set(Double(use.overLimit))
        }
    }

    private func publish(_ health: Health, cause: (any Error)? = nil) {
        let last = state.withLock { state in
            defer { state = health }
            return state
        }
        let before = last.state
        tellChanges(from: last, to: health)
        if health.state == .ready {
            pending.set(Double(health.pendingBatches))
            lagSeconds.set(Double(health.rollupLagSeconds))
            stalledSeconds.set(Double(health.rollupStalledSeconds))
            position.set(Double(health.position))
        }
        guard before != health.state else { return }
        if let cause {
            logger.error("not ready", [.state: "\(health.state)", .error: "\(cause)"])
        } else {
            logger.info("ready", [.position: "\(health.position)"])
        }
    }

    /// Once for each stall and for each budget, not once a second.
    private func tellChanges(from last: Health, to health: Health) {
        if last.rollupStalledSeconds == 0, let reason = health.rollupStallReason {
            logger.error(
                "sums stand still although batches wait",
                [
                    .seconds: "\(health.rollupStalledSeconds)", .batches: "\(health.pendingBatches)",
                    .reason: "\(reason)",
                ])
        }
        let told = Set(last.scarceNames.map(ScarceName.init))
        for use in health.scarceNames where !told.contains(ScarceName(use)) {
            logger.warning(
                use.overLimit > 0
                    ? "a budget of new names is used up; usage of further ones counts under (over-limit)"
                    : "a budget of new names is nearly used up",
                [
                    .provider: "\(use.provider)", .collector: "\(use.collector ?? "all")",
                    .dimension: "\(use.dimension.word)", .names: "\(use.admitted)",
                ])
        }
    }
}

/// What is told once about a budget: that it gets scarce, and that it is exceeded.
private struct ScarceName: Hashable {
    var provider: String
    var collector: String?
    var dimension: NameDimension
    var isExceeded: Bool

    init(_ use: NewNameUse) {
        provider = use.provider
        collector = use.collector
        dimension = use.dimension
        isExceeded = use.overLimit > 0
    }
}
