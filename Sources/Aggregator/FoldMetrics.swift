internal import Store
internal import Telemetry

/// What the folder counts and times.
struct FoldMetrics: Sendable {
    private let batches: Counter
    private let rows: Counter
    private let sums: Counter
    private let setAside: Counter
    private let failures: Counter
    private let duration: Histogram
    private let mark: Gauge

    init(_ registry: MetricsRegistry) {
        batches = registry.counter("steelyard_aggregator_folded_batches_total", help: "Batches that were folded.")
        rows = registry.counter("steelyard_aggregator_folded_rows_total", help: "Rows of batches that were folded.")
        sums = registry.counter(
            "steelyard_aggregator_folded_sums_total", help: "Rows of sums that folds inserted or updated.")
        setAside = registry.counter(
            "steelyard_aggregator_fold_set_aside_total", help: "Committed batches that could not be decoded.")
        failures = registry.counter(
            "steelyard_aggregator_fold_failures_total", help: "Folds that failed and were tried again.")
        duration = registry.histogram("steelyard_aggregator_fold_duration_seconds", help: "One fold.")
        mark = registry.gauge("steelyard_aggregator_mark", help: "The fold mark that this instance saw last.")
    }

    func folded(_ report: FoldReport, duration: Duration) {
        batches.increment(by: UInt64(report.batches))
        rows.increment(by: UInt64(report.rows))
        sums.increment(by: UInt64(report.sums))
        setAside.increment(by: UInt64(report.setAside))
        self.duration.observe(duration)
        mark.set(Double(report.mark))
    }

    func failed() { failures.increment() }
}
