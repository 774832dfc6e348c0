package import Aggregator
package import Logging
package import Store
package import Telemetry
package import Usage

/// What the ingest listener works with; `main` and the tests make it alike.
package struct IngestDependencies: Sendable {
    package var store: Store
    package var intake: BatchIntake
    package var gate: AdmissionGate
    package var clock: any WallClock
    /// Only identities of this trust domain are served.
    package var trustDomain: String
    /// Certificates and identities that are let in no more.
    package var revocations: Revocations
    package var registry: MetricsRegistry
    package var logger: Logger

    package init(
        store: Store, intake: BatchIntake, gate: AdmissionGate, clock: any WallClock, trustDomain: String,
        revocations: Revocations = Revocations(), registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.intake = intake
        self.gate = gate
        self.clock = clock
        self.trustDomain = trustDomain
        self.revocations = revocations
        self.registry = registry
        self.logger = logger
    }
}
