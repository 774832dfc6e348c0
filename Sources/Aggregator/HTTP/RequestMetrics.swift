package import Telemetry

/// Counts and times requests by route pattern and status; neither comes from the client, so their number is bounded.
package struct RequestMetrics: Sendable {
    private let registry: MetricsRegistry
    private let listener: String

    package init(registry: MetricsRegistry, listener: String) {
        self.registry = registry
        self.listener = listener
    }

    func record(route: String, status: Int, duration: Duration) {
        registry.counter(
            "steelyard_aggregator_requests_total", help: "HTTP requests by listener, route and status.",
            labels: [
                MetricLabel("listener", value: listener), MetricLabel("route", value: route),
                MetricLabel("status", value: String(status)),
            ]
        ).increment()
        registry.histogram(
            "steelyard_aggregator_request_duration_seconds", help: "How long requests took, by listener and route.",
            labels: [MetricLabel("listener", value: listener), MetricLabel("route", value: route)]
        ).observe(duration)
    }
}
