internal import Synchronization

/// Every metric of a process, and their text for Prometheus.
///
/// Names follow `steelyard_<part>_<what>_<unit>` and end in `_total` for counters. Asking again for the same name and
/// labels returns the same object, so that parts needn't pass metrics around; hot paths keep the object.
package final class MetricsRegistry: Sendable {
    private enum Metric {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)

        var typeName: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct Family {
        var help: String
        var metrics: [(labels: [MetricLabel], metric: Metric)] = []
    }

    private struct State {
        var families: [String: Family] = [:]
        var collectors: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func counter(_ name: String, help: String, labels: [MetricLabel] = []) -> Counter {
        guard case .counter(let found) = find(name, help: help, labels: labels, orMake: { .counter(Counter()) }) else {
            clash(name)
        }
        return found
    }

    package func gauge(_ name: String, help: String, labels: [MetricLabel] = []) -> Gauge {
        guard case .gauge(let found) = find(name, help: help, labels: labels, orMake: { .gauge(Gauge()) }) else {
            clash(name)
        }
        return found
    }

    package func histogram(
        _ name: String, help: String, labels: [MetricLabel] = [], bounds: [Double] = Histogram.durationBounds
    ) -> Histogram {
        let made = find(name, help: help, labels: labels, orMake: { .histogram(Histogram(bounds: bounds)) })
        guard case .histogram(let found) = made else { clash(name) }
        return found
    }

    /// Runs `collect` before every rendering, so that gauges that are read from elsewhere are fresh.
    package func beforeRendering(_ collect: @escaping @Sendable () -> Void) {
        state.withLock { $0.collectors.append(collect) }
    }

    /// The media type of ``render()``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics in Prometheus' text exposition format 0.0.4, families by name.
    package func render() -> String {
        for collect in state.withLock({ $0.collectors }) { collect() }
        let families = state.withLock { $0.families }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            guard let first = family.metrics.first else { continue }
            text += "# HELP \(name) \(MetricLabel.escape(family.help, quotes: false))\n"
            text += "# TYPE \(name) \(first.metric.typeName)\n"
            for (labels, metric) in family.metrics { render(metric, name: name, labels: labels, into: &text) }
        }
        return text
    }

    private func render(_ metric: Metric, name: String, labels: [MetricLabel], into text: inout String) {
        switch metric {
        case .counter(let counter):
            text += "\(name)\(MetricLabel.render(labels)) \(counter.value)\n"
        case .gauge(let gauge):
            text += "\(name)\(MetricLabel.render(labels)) \(Self.number(gauge.value))\n"
        case .histogram(let histogram):
            let (cumulative, count, sum) = histogram.snapshot()
            for (bound, below) in zip(histogram.bounds, cumulative) {
                let bucket = labels + [MetricLabel("le", value: Self.number(bound))]
                text += "\(name)_bucket\(MetricLabel.render(bucket)) \(below)\n"
            }
            let infinite = labels + [MetricLabel("le", value: "+Inf")]
            text += "\(name)_bucket\(MetricLabel.render(infinite)) \(count)\n"
            text += "\(name)_sum\(MetricLabel.render(labels)) \(Self.number(sum))\n"
            text += "\(name)_count\(MetricLabel.render(labels)) \(count)\n"
        }
    }

    /// Whole numbers without a fraction, so that they read as what they are.
    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    private func find(
        _ name: String, help: String, labels: [MetricLabel], orMake make: () -> Metric
    ) -> Metric {
        state.withLock { state in
            var family = state.families[name] ?? Family(help: help)
            if let found = family.metrics.first(where: { $0.labels == labels }) { return found.metric }
            let made = make()
            family.metrics.append((labels, made))
            state.families[name] = family
            return made
        }
    }

    private func clash(_ name: String) -> Never {
        preconditionFailure("metric \(name) was registered as another type")
    }
}

/// A label of a metric. Values come from closed sets (reasons, source names), never from input.
package struct MetricLabel: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, value: String) {
        self.name = name
        self.value = value
    }

    static func render(_ labels: [MetricLabel]) -> String {
        if labels.isEmpty { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
