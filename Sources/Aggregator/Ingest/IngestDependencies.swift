package import Logging
package import Store
package import Telemetry
package import UsageModel

/// What the ingest listener works with; made by ``AggregatorDaemon``.
package struct IngestDependencies: Sendable {
    package var store: Store
    package var intake: BatchIngest
    package var limiter: ConcurrencyLimiter
    package var clock: any WallClock
    /// Only identities of this trust domain are served.
    package var trustDomain: String
    /// Certificates and identities that are let in no more.
    package var revocations: Revocations
    package var registry: MetricsRegistry
    package var logger: Logger
    /// The budgets of new names that a collector is told of.
    package var nameBudgets: @Sendable (CollectorKey) -> [ControlMessages.NameBudget] = { _ in [] }
    /// Is told what is refused.
    package var trail: AuditTrail

    package init(
        store: Store, intake: BatchIngest, limiter: ConcurrencyLimiter, clock: any WallClock, trustDomain: String,
        revocations: Revocations, registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.intake = intake
        self.limiter = limiter
        self.clock = clock
        self.trustDomain = trustDomain
        self.revocations = revocations
        self.registry = registry
        self.logger = logger
        trail = AuditTrail(store: store, clock: clock, logger: logger)
    }
}
