internal import HTTPSupport
internal import HTTPTypes
package import Telemetry

/// Counts and times requests by route pattern and status; neither comes from the client, so their number is bounded.
package struct RequestMetrics: Sendable {
    private let registry: MetricsRegistry
    private let listener: String

    package init(registry: MetricsRegistry, listener: String) {
        self.registry = registry
        self.listener = listener
    }

    @Sendable func record(_ request: AnsweredRequest) {
        registry.counter(
            "steelyard_aggregator_requests_total", help: "HTTP requests by listener, route and status.",
            labels: [
                MetricLabel("listener", value: listener), MetricLabel("route", value: request.route),
                MetricLabel("status", value: String(request.status.code)),
            ]
        ).increment()
        registry.histogram(
            "steelyard_aggregator_request_duration_seconds", help: "How long requests took, by listener and route.",
            labels: [MetricLabel("listener", value: listener), MetricLabel("route", value: request.route)]
        ).observe(request.duration)
    }
}
