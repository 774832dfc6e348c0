internal import Store
internal import Telemetry
internal import UsageModel

/// What the intake of batches counts and times.
struct IngestMetrics: Sendable {
    private let registry: MetricsRegistry
    private let events: Counter
    private let rows: Counter
    private let bytes: Counter
    private let decodeDuration: Histogram
    private let commitDuration: Histogram

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        events = registry.counter("steelyard_aggregator_events_total", help: "Events in batches that were counted.")
        rows = registry.counter("steelyard_aggregator_rows_total", help: "Rows in batches that were counted.")
        bytes = registry.counter(
            "steelyard_aggregator_sealed_bytes_total", help: "Sealed bytes of batches that were counted.")
        decodeDuration = registry.histogram(
            "steelyard_aggregator_decode_duration_seconds", help: "Verifying and decoding one batch.")
        commitDuration = registry.histogram(
            "steelyard_aggregator_commit_duration_seconds", help: "Committing one batch, retries included.")
        // From the start, so that the first of each is a rise that alerts see.
        for name in Self.outcomeNames { _ = outcomes(name) }
        for reason in RejectionReason.allCases { _ = rejections(reason) }
    }

    /// Everything that may become of a batch.
    private static let outcomeNames =
        BatchOutcome.names + [
            "digest-mismatch", "invalid", "wrong-provider", "wrong-collector", "outside-time-window", "too-many-rows",
        ]

    func timingDecode<Result>(_ body: () throws(BatchRefusal) -> Result) throws(BatchRefusal) -> Result {
        let start = ContinuousClock.now
        defer { decodeDuration.observe(ContinuousClock.now - start) }
        return try body()
    }

    func refused(_ refusal: BatchRefusal) {
        outcome(refusal.word)
    }

    func committed(_ result: BatchOutcome, batch: BatchCommit, duration: Duration) {
        commitDuration.observe(duration)
        outcome(result.name)
        guard result == .counted else { return }
        events.increment(by: batch.eventCount)
        rows.increment(by: UInt64(batch.rowCount))
        bytes.increment(by: UInt64(batch.payload.count))
        for (reason, count) in batch.rejections { rejections(reason).increment(by: count) }
    }

    private func rejections(_ reason: RejectionReason) -> Counter {
        registry.counter(
            "steelyard_aggregator_source_rejections_total", help: "Events that collectors refused, by reason.",
            labels: [MetricLabel("reason", value: reason.rawValue)])
    }

    private func outcome(_ name: String) { outcomes(name).increment() }

    private func outcomes(_ name: String) -> Counter {
        registry.counter(
            "steelyard_aggregator_batches_total", help: "Batches by what became of them.",
            labels: [MetricLabel("outcome", value: name)])
    }
}
