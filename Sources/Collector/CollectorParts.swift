package import Logging
package import Pipeline
package import Usage

/// What every part of the collector is given: shared state and the outside world as parameters.
package struct CollectorParts: Sendable {
    package var meter: Meter
    package var gate: IntakeGate
    package var remembered: RememberedEvents
    package var metrics: CollectorMetrics
    package var logger: Logger
    package var wallClock: any WallClock
    package var steadyClock: any SteadyClock

    package init(
        meter: Meter, gate: IntakeGate = IntakeGate(), remembered: RememberedEvents = RememberedEvents(),
        metrics: CollectorMetrics, logger: Logger,
        wallClock: any WallClock = SystemWallClock(), steadyClock: any SteadyClock = SystemSteadyClock()
    ) {
        self.meter = meter
        self.gate = gate
        self.remembered = remembered
        self.metrics = metrics
        self.logger = logger
        self.wallClock = wallClock
        self.steadyClock = steadyClock
    }
}
