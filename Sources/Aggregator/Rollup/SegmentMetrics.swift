internal import Store
internal import Telemetry

/// What merging into segments counts and times.
struct SegmentMetrics: Sendable {
    private let batchHours: Counter
    private let segments: Counter
    private let rows: Counter
    private let bytes: Counter
    private let dayRows: Counter
    private let damaged: Counter
    private let compactions: Counter
    private let failures: Counter
    private let duration: Histogram

    init(_ registry: MetricsRegistry) {
        batchHours = registry.counter(
            "steelyard_aggregator_segment_batch_hours_total", help: "Hours of batches that were merged into segments.")
        segments = registry.counter("steelyard_aggregator_segments_total", help: "Segments that were written.")
        rows = registry.counter("steelyard_aggregator_segment_rows_total", help: "Rows of segments that were written.")
        bytes = registry.counter(
            "steelyard_aggregator_segment_bytes_total", help: "Bytes of segments that were written, as sealed.")
        dayRows = registry.counter(
            "steelyard_aggregator_tenant_day_rows_total", help: "Rows of days by tenant and model that were added.")
        damaged = registry.counter(
            "steelyard_aggregator_segment_damaged_batches_total",
            help: "Times that a counted batch was found whose payload is gone, or isn't what the ledger says of it.")
        compactions = registry.counter(
            "steelyard_aggregator_segment_compactions_total", help: "Hours whose segments were made one range.")
        failures = registry.counter(
            "steelyard_aggregator_segment_failures_total", help: "Merges that failed and were tried again.")
        duration = registry.histogram(
            "steelyard_aggregator_segment_duration_seconds", help: "One merge into segments.")
    }

    func merged(_ report: SegmentReport, duration: Duration) {
        damaged.increment(by: UInt64(report.damaged.count))
        guard report.didSomething else { return }
        batchHours.increment(by: UInt64(report.batchHours))
        segments.increment(by: UInt64(report.segments))
        rows.increment(by: UInt64(report.rows))
        bytes.increment(by: UInt64(report.bytes))
        dayRows.increment(by: UInt64(report.dayRows))
        if report.status == .compacted { compactions.increment() }
        self.duration.observe(duration)
    }

    func failed() { failures.increment() }
}
