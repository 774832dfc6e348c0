/// The three kinds of telemetry. The same call arrives as each of them, so that a source counts one.
package enum OTLPSignal: String, Sendable, Hashable, CaseIterable {
    case traces
    case metrics
    case logs

    /// The message's and the record's names in JSON, from the outside to the record.
    var jsonNames: (resources: StaticString, scopes: StaticString, records: StaticString) {
        switch self {
        case .traces: ("resourceSpans", "scopeSpans", "spans")
        case .metrics: ("resourceMetrics", "scopeMetrics", "metrics")
        case .logs: ("resourceLogs", "scopeLogs", "logRecords")
        }
    }

    /// What partial success calls records that were not taken.
    package var rejectedName: String {
        switch self {
        case .traces: "rejectedSpans"
        case .metrics: "rejectedDataPoints"
        case .logs: "rejectedLogRecords"
        }
    }
}
