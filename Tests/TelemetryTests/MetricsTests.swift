import Telemetry
import Testing

@Suite struct MetricsTests {
    @Test func `families are rendered by name`() {
        let registry = MetricsRegistry()
        registry.counter("b_total", help: "second", labels: [MetricLabel("source", value: "x\"y")]).increment(by: 3)
        registry.counter("b_total", help: "second", labels: [MetricLabel("source", value: "z")]).increment()
        registry.gauge("a_bytes", help: "first\nline").set(1.5)
        #expect(
            registry.render() == """
                # HELP a_bytes first\\nline
                # TYPE a_bytes gauge
                a_bytes 1.5
                # HELP b_total second
                # TYPE b_total counter
                b_total{source="x\\"y"} 3
                b_total{source="z"} 1

                """)
    }

    @Test func `the same name and labels are the same counter`() {
        let registry = MetricsRegistry()
        registry.counter("c_total", help: "c").increment()
        #expect(registry.counter("c_total", help: "c").value == 1)
    }

    @Test func `histograms are cumulative`() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("h_seconds", help: "h", bounds: [1, 2])
        for value in [0.5, 1, 1.5, 99] { histogram.observe(value) }
        let text = registry.render()
        #expect(text.contains("h_seconds_bucket{le=\"1\"} 2\n"))
        #expect(text.contains("h_seconds_bucket{le=\"2\"} 3\n"))
        #expect(text.contains("h_seconds_bucket{le=\"+Inf\"} 4\n"))
        #expect(text.contains("h_seconds_sum 102\n"))
        #expect(text.contains("h_seconds_count 4\n"))
    }

    @Test func `collectors run before every rendering`() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("g", help: "g")
        registry.beforeRendering { gauge.set(gauge.value + 1) }
        _ = registry.render()
        #expect(registry.render().contains("g 2\n"))
    }
}
