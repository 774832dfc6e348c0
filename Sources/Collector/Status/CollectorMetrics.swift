internal import CollectorCore
internal import HTTPSupport
internal import Synchronization
package import Telemetry
internal import UsageModel

/// The collector's own metrics.
package final class CollectorMetrics: Sendable {
    package let registry: MetricsRegistry
    let sealedBatches: Counter
    let sealedRows: Counter
    let sealedEvents: Counter
    let estimatedRequests: Counter
    let takenBackRequests: Counter
    let sealedBytes: Counter
    let sealSeconds: Histogram
    let commitSeconds: Histogram
    let shippedBatches: Counter
    let shippedBytes: Counter
    let shipFailures: Counter
    let handshakeFailures: Counter
    let grpcConnections: Gauge
    let certificateEnd: Gauge
    let refusedBatches: Counter
    let quarantineDropped: Counter
    let quarantineBytes: Gauge
    let trackedFiles: Gauge
    let waitingFiles: Gauge
    let openFiles: Gauge
    let lostFileBytes: Counter
    let fileErrors: Counter
    let fileRestarts: Counter
    let movedFiles: Counter
    let rewrittenFiles: Counter
    let vanishedFiles: Counter
    let countedVersions: Counter
    let heldVersions: Counter
    let spoolBytes: Gauge
    let spoolDamaged: Counter
    let backlogBatches: Gauge
    let backlogBytes: Gauge
    let openRows: Gauge
    private let sources = Mutex<[String: SourceMetrics]>([:])

    package init(registry: MetricsRegistry = MetricsRegistry()) {
        self.registry = registry
        let part = "steelyard_collector"
        func counter(_ name: String, help: String) -> Counter { registry.counter("\(part)_\(name)", help: help) }
        func gauge(_ name: String, help: String) -> Gauge { registry.gauge("\(part)_\(name)", help: help) }
        sealedBatches = counter("sealed_batches_total", help: "Batches sealed and durable in the spool.")
        sealedRows = counter("sealed_rows_total", help: "Rows in sealed batches.")
        sealedEvents = counter("sealed_events_total", help: "Events summed in sealed batches.")
        estimatedRequests = counter(
            "sealed_estimated_requests_total", help: "Requests in sealed batches whose counts are estimated.")
        takenBackRequests = counter(
            "sealed_taken_back_requests_total",
            help: "Requests in sealed batches that were counted before and are subtracted.")
        sealedBytes = counter("sealed_bytes_total", help: "Bytes of sealed batches after compression.")
        sealSeconds = registry.histogram("\(part)_seal_seconds", help: "Time to encode, write and sync a batch.")
        commitSeconds = registry.histogram("\(part)_commit_seconds", help: "Time to make pushed events durable.")
        shippedBatches = counter("shipped_batches_total", help: "Batches that the aggregator counted.")
        shippedBytes = counter("shipped_bytes_total", help: "Bytes of batches that the aggregator counted.")
        shipFailures = counter("ship_failures_total", help: "Requests to the aggregator that have to be repeated.")
        handshakeFailures = counter(
            "handshake_failures_total", help: "TLS handshakes with the aggregator that failed.")
        grpcConnections = gauge("grpc_connections", help: "Open connections of senders over gRPC.")
        certificateEnd = gauge(
            "certificate_expiry_timestamp_seconds",
            help: "When the collector's certificate, or one of its chain, ends; 0 before it was read.")
        refusedBatches = counter(
            "refused_batches_total", help: "Batches that the aggregator will never take; kept on disk.")
        quarantineDropped = counter(
            "quarantine_dropped_records_total", help: "Quarantined records dropped to stay within quarantine.bytes.")
        quarantineBytes = gauge("quarantine_bytes", help: "Size of the quarantine directory.")
        trackedFiles = gauge("tracked_files", help: "Files that are followed.")
        waitingFiles = gauge("waiting_files", help: "Files that match and aren't followed; see source_problem.")
        openFiles = gauge("open_followed_files", help: "Followed files that are held open.")
        lostFileBytes = counter(
            "lost_file_bytes_total", help: "Bytes in files that were removed, or moved away, before they were read.")
        fileErrors = counter("file_errors_total", help: "Files that could not be opened or read any further.")
        fileRestarts = counter("file_restarts_total", help: "Files that were emptied and read from their start again.")
        movedFiles = counter("moved_files_total", help: "Files that were found in another place and read on there.")
        rewrittenFiles = counter(
            "rewritten_files_total", help: "Files that begin as one that was read does, then differ, and aren't read.")
        vanishedFiles = counter(
            "vanished_files_total", help: "Files that were gone when the collector started, and found nowhere.")
        countedVersions = counter(
            "counted_versions_total", help: "Versions of exports that were counted in the place of those before them.")
        heldVersions = counter(
            "held_versions_total", help: "Versions of exports that aren't counted, so that what counts doesn't go.")
        spoolBytes = gauge("spool_bytes", help: "Size of the spool directory.")
        spoolDamaged = counter(
            "spool_damaged_total", help: "Damaged stretches of the spool that were set aside at start.")
        backlogBatches = gauge("backlog_batches", help: "Sealed batches that are not shipped yet.")
        backlogBytes = gauge("backlog_bytes", help: "Bytes of sealed batches that are not shipped yet.")
        openRows = gauge("open_rows", help: "Rows in the open batch.")
        // From the start, so that the first of each is a rise that alerts see.
        for reason in RejectionReason.allCases { _ = rejections(reason) }
        for repair in UsageRepair.allCases { _ = repaired(by: repair) }
        for status in Self.answeredStatuses { _ = requests(status: status) }
        for code in Self.answeredCodes.keys { countCall(code: code, by: 0) }
        for reason in HandshakeWitness.reasons { _ = handshakes(failedBy: reason) }
    }

    /// What `/v1/events` answers with.
    static let answeredStatuses = [200, 400, 401, 403, 404, 408, 413, 415, 421, 429, 503]

    /// What Export calls over gRPC are answered with: gRPC's codes and their names.
    static let answeredCodes = [
        0: "OK", 3: "INVALID_ARGUMENT", 5: "NOT_FOUND", 7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED",
        12: "UNIMPLEMENTED", 13: "INTERNAL", 14: "UNAVAILABLE", 16: "UNAUTHENTICATED",
    ]

    /// The metrics of one source, made when first asked for.
    func source(_ name: String) -> SourceMetrics {
        sources.withLock { sources in
            if let found = sources[name] { return found }
            let made = SourceMetrics(name, registry)
            sources[name] = made
            return made
        }
    }

    /// Records of each source that were not for counting, by source and reason; none of which there are none.
    var ignoredRecords: [Readiness.Ignored] {
        let all = sources.withLock { $0 }
        return all.sorted { $0.key < $1.key }.flatMap { name, source in
            IgnoredReason.allCases.filter { source.ignoredCount($0) > 0 }.map { reason in
                Readiness.Ignored(source: name, reason: reason.rawValue, records: source.ignoredCount(reason))
            }
        }
    }

    /// Rejected records by reason; reasons are a closed set.
    func countRejections(_ rejections: [RejectionReason: UInt64]) {
        for (reason, count) in rejections { self.rejections(reason).increment(by: count) }
    }

    private func rejections(_ reason: RejectionReason) -> Counter {
        registry.counter(
            "steelyard_collector_rejected_records_total", help: "Records that were not counted, by reason.",
            labels: [MetricLabel("reason", value: reason.rawValue)])
    }

    /// Events whose counts needed a rule, by rule; rules are a closed set.
    func countRepairs(_ repairs: UsageRepairCounts) {
        for repair in UsageRepair.allCases where repairs[repair] > 0 {
            repaired(by: repair).increment(by: repairs[repair])
        }
    }

    private func repaired(by repair: UsageRepair) -> Counter {
        registry.counter(
            "steelyard_collector_repaired_total",
            help: "Events counted by a rule, since their counts don't add up plainly, by rule.",
            labels: [MetricLabel("rule", value: repair.name)])
    }

    /// Requests to the HTTP intake by status.
    func countRequest(status: Int) { requests(status: status).increment() }

    private func requests(status: Int) -> Counter {
        registry.counter(
            "steelyard_collector_http_requests_total", help: "Requests to /v1/events by status.",
            labels: [MetricLabel("status", value: String(status))])
    }

    /// Export calls over gRPC by gRPC's code.
    func countCall(code: Int, by count: UInt64 = 1) {
        registry.counter(
            "steelyard_collector_grpc_calls_total", help: "Export calls over gRPC by code.",
            labels: [MetricLabel("code", value: Self.answeredCodes[code] ?? String(code))]
        ).increment(by: count)
    }

    /// A sender's TLS handshake failed.
    func countHandshakeFailure(_ reason: String) { handshakes(failedBy: reason).increment() }

    private func handshakes(failedBy reason: String) -> Counter {
        registry.counter(
            "steelyard_collector_listener_handshake_failures_total",
            help: "TLS handshakes of senders that failed, by reason.", labels: [MetricLabel("reason", value: reason)])
    }

    /// 1 while the aggregator says that a budget of new names is nearly or wholly used up.
    func scarceNames(of dimension: String) -> Gauge {
        registry.gauge(
            "steelyard_collector_scarce_name_budget",
            help: "1 while a day's budget of new names is nearly or wholly used up, as the aggregator said last.",
            labels: [MetricLabel("dimension", value: dimension)])
    }

    /// 1 while the aggregator says that one is used up.
    func namesOverLimit(of dimension: String) -> Gauge {
        registry.gauge(
            "steelyard_collector_names_over_limit",
            help: "1 while usage of further new names is counted under (over-limit), as the aggregator said last.",
            labels: [MetricLabel("dimension", value: dimension)])
    }

    /// 1 while a source has this problem.
    func sourceProblem(_ reason: SourceProblem.Reason, of source: String) -> Gauge {
        registry.gauge(
            "steelyard_collector_source_problem", help: "1 while a source brings nothing for this reason.",
            labels: [MetricLabel("source", value: source), MetricLabel("reason", value: reason.rawValue)])
    }
}

extension CollectorMetrics {
    /// Bytes that stand in a source's files and weren't read yet.
    func bytesBehind(_ source: String) -> Gauge {
        registry.gauge(
            "steelyard_collector_file_bytes_behind",
            help: "Bytes in followed files that weren't read yet, before decompression, by source.",
            labels: [MetricLabel("source", value: source)])
    }

    /// The id up to which a source's table was read.
    func tableID(_ source: String) -> Gauge {
        registry.gauge(
            "steelyard_collector_table_id", help: "Id of the last row that was read of a table, by source.",
            labels: [MetricLabel("source", value: source)])
    }

    /// How far the highest id of a source's table is ahead.
    func tableIDsBehind(_ source: String) -> Gauge {
        registry.gauge(
            "steelyard_collector_table_ids_behind",
            help: "Ids in a table above that of the last row that was read, by source.",
            labels: [MetricLabel("source", value: source)])
    }
}

/// What one source gave.
struct SourceMetrics: Sendable {
    private let events: Counter
    private let rejected: Counter
    private let duplicates: Counter
    private let bytes: Counter
    private let ignored: [IgnoredReason: Counter]

    init(_ name: String, _ registry: MetricsRegistry) {
        let labels = [MetricLabel("source", value: name)]
        events = registry.counter(
            "steelyard_collector_events_total", help: "Events counted, by source.", labels: labels)
        rejected = registry.counter(
            "steelyard_collector_source_rejected_records_total", help: "Records that were not counted, by source.",
            labels: labels)
        duplicates = registry.counter(
            "steelyard_collector_duplicate_events_total",
            help: "Events that were accepted before, told by their id, by source.", labels: labels)
        bytes = registry.counter(
            "steelyard_collector_source_bytes_total", help: "Bytes read, after decompression, by source.",
            labels: labels)
        ignored = Dictionary(
            uniqueKeysWithValues: IgnoredReason.allCases.map { reason in
                (
                    reason,
                    registry.counter(
                        "steelyard_collector_ignored_records_total",
                        help: "Records that are not for counting and nothing is wrong with, by source and reason.",
                        labels: labels + [MetricLabel("reason", value: reason.rawValue)])
                )
            })
    }

    /// Records that were taken, those that came again included.
    var takenCount: UInt64 { events.value + duplicates.value }
    var rejectedCount: UInt64 { rejected.value }
    func ignoredCount(_ reason: IgnoredReason) -> UInt64 { ignored[reason]?.value ?? 0 }

    func count(
        events: UInt64, rejected: UInt64, ignored: IgnoredRecords, duplicates: UInt64 = 0, bytes: UInt64
    ) {
        for (reason, counter) in self.ignored where ignored[reason] > 0 { counter.increment(by: ignored[reason]) }
        self.events.increment(by: events)
        if duplicates > 0 { self.duplicates.increment(by: duplicates) }
        if rejected > 0 { self.rejected.increment(by: rejected) }
        self.bytes.increment(by: bytes)
    }
}
