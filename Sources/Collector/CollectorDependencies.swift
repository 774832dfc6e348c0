package import CollectorCore
package import Logging
package import Spool
package import UsageModel

/// What every part of the collector is given: shared state and the outside world as parameters.
package struct CollectorDependencies: Sendable {
    package var accumulator: Accumulator
    package var timeWindow: ReloadableTimeWindow
    package var intakeSwitch: IntakeSwitch
    package var remembered: RememberedEvents
    /// How much of a record that is refused is kept.
    package var keeping: QuarantineRule
    package var metrics: CollectorMetrics
    package var logger: Logger
    package var wallClock: any WallClock
    package var steadyClock: any SteadyClock
    /// Holds the data directory and the files that are followed.
    package var fileSystem: any FileSystem
    /// What the aggregator said about budgets of new names.
    package let nameBudgets: NameBudgetBoard
    /// The records that were refused last.
    package let refusals = RefusalBoard()

    package init(
        accumulator: Accumulator, timeWindow: ReloadableTimeWindow, intakeSwitch: IntakeSwitch = IntakeSwitch(),
        remembered: RememberedEvents = RememberedEvents(), keeping: QuarantineRule = QuarantineRule(),
        metrics: CollectorMetrics, logger: Logger,
        wallClock: any WallClock = SystemWallClock(), steadyClock: any SteadyClock = SystemSteadyClock(),
        fileSystem: any FileSystem = POSIXFileSystem()
    ) {
        self.accumulator = accumulator
        self.timeWindow = timeWindow
        self.intakeSwitch = intakeSwitch
        self.remembered = remembered
        self.keeping = keeping
        self.metrics = metrics
        self.logger = logger
        self.wallClock = wallClock
        self.steadyClock = steadyClock
        self.fileSystem = fileSystem
        nameBudgets = NameBudgetBoard(metrics: metrics, logger: logger, clock: steadyClock)
    }
}
