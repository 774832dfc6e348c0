internal import Reporting
internal import Store
internal import Telemetry

/// What the rollup job counts and times.
struct RollupMetrics: Sendable {
    private let batches: Counter
    private let rows: Counter
    private let cells: Counter
    private let quarantined: [String: Counter]
    private let failures: Counter
    private let duration: Histogram
    private let position: Gauge

    init(_ registry: MetricsRegistry) {
        batches = registry.counter("steelyard_aggregator_rolled_up_batches_total", help: "Batches that were rolled up.")
        rows = registry.counter(
            "steelyard_aggregator_rolled_up_rows_total", help: "Rows of batches that were rolled up.")
        cells = registry.counter(
            "steelyard_aggregator_rolled_up_cells_total", help: "Cells of cubes that rollups inserted or updated.")
        // Every reason from the start, so that the first batch of one is an increase.
        quarantined = Dictionary(
            uniqueKeysWithValues: QuarantineReason.ofRollups.map { reason in
                let counter = registry.counter(
                    "steelyard_aggregator_rollup_quarantined_batches_total",
                    help: "Committed batches that the sums can't take, by reason.",
                    labels: [MetricLabel("reason", value: reason.rawValue)])
                return (reason.rawValue, counter)
            })
        failures = registry.counter(
            "steelyard_aggregator_rollup_failures_total", help: "Rollups that failed and were tried again.")
        duration = registry.histogram("steelyard_aggregator_rollup_duration_seconds", help: "One rollup.")
        position = registry.gauge(
            "steelyard_aggregator_ledger_position", help: "The rollup position that this instance saw last.")
    }

    func rolledUp(_ report: RollupReport, duration: Duration) {
        batches.increment(by: UInt64(report.batches))
        rows.increment(by: UInt64(report.rows))
        cells.increment(by: UInt64(report.cells))
        for note in report.quarantined { quarantined[note.reason]?.increment() }
        self.duration.observe(duration)
        position.set(Double(report.position))
    }

    func failed() { failures.increment() }
}
