internal import HTTPSupport
internal import HTTPTypes
package import Telemetry

/// Counts and times requests by route pattern and status; neither comes from the client, so their number is bounded.
package struct RequestMetrics: Sendable {
    private let registry: MetricsRegistry
    private let listener: String

    /// Statuses that alerts are made of: there at 0 from the start for every route, so that the first is a rise.
    private static let watchedStatuses = [429, 500, 503]

    package init(registry: MetricsRegistry, listener: String) {
        self.registry = registry
        self.listener = listener
    }

    /// Makes the counters of these routes that are there from the start.
    func declare(_ routes: RouteTable) {
        for route in routes.methods.keys {
            for status in Self.watchedStatuses { _ = requests(to: route, status: status) }
        }
    }

    @Sendable func record(_ request: AnsweredRequest) {
        requests(to: request.route, status: request.status.code).increment()
        registry.histogram(
            "steelyard_aggregator_request_duration_seconds", help: "How long requests took, by listener and route.",
            labels: [MetricLabel("listener", value: listener), MetricLabel("route", value: request.route)]
        ).observe(request.duration)
    }

    private func requests(to route: String, status: Int) -> Counter {
        registry.counter(
            "steelyard_aggregator_requests_total", help: "HTTP requests by listener, route and status.",
            labels: [
                MetricLabel("listener", value: listener), MetricLabel("route", value: route),
                MetricLabel("status", value: String(status)),
            ])
    }
}
