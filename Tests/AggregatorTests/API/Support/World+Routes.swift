import Aggregator
import Scopes
import Telemetry

@testable import Aggregator

extension World {
    /// Every route of both routers: path to methods.
    func routes() throws -> [String: [String]] {
        let registry = MetricsRegistry()
        let intake = BatchIngest(
            store: store, clock: clock, maxConcurrentDecodes: 1, rollup: RollupSignals(), registry: registry)
        return allRoutes(
            IngestDependencies(
                store: store, intake: intake, limiter: ConcurrencyLimiter(limit: 1, limitPerCollector: 1), clock: clock,
                trustDomain: Self.trustDomain, revocations: Revocations(), registry: registry, logger: Self.logger),
            QueryDependencies(
                store: store, scopes: try ScopeCatalogue.builtIn(), clock: clock, health: { Health(state: .ready) },
                registry: registry, logger: Self.logger))
    }
}
