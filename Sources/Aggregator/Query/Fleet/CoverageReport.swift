internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// What was reported of a period, ready to be written.
struct CoverageReport {
    var period: Period
    /// The minutes of the period that have passed.
    var window: Range<Int64>
    var silenceMinutes: Int64
    var answer: CoverageAnswer
    /// The reporting calendar's.
    var zone: ZoneRules

    private func silent(_ reported: [Range<Int64>]) -> ReportingGaps {
        ReportingGaps(in: window, reported: reported, threshold: silenceMinutes)
    }

    private func moment(_ minute: Int64) -> String { RFC3339.text(second: minute * 60, in: zone) }

    private func percent(_ silent: ReportingGaps) -> String? {
        silent.reported.percent(decimals: FigureFormat.coverageDecimals)
    }

    // MARK: JSON

    var json: JSONValue {
        [
            "period": period.json(in: zone), "until": .string(moment(window.upperBound)),
            "silence_minutes": .integer(silenceMinutes), "source": .string(answer.source.rawValue),
            "position": .integer(Int64(clamping: answer.position)), "providers": .array(answer.providers.map(json(_:))),
        ]
    }

    private func json(_ provider: ProviderCoverage) -> JSONValue {
        let collectors = answer.collectors.filter { $0.provider == provider.provider }
        return .object(
            [
                JSONMember("provider", .string(provider.provider)),
                JSONMember("minutes_with_usage", .optional(provider.minutes)),
                JSONMember("hours_with_usage", .optional(provider.hours)),
                JSONMember("days_with_usage", .integer(Int64(provider.days))),
            ] + members(silent(provider.reported))
                + [JSONMember("collectors", .array(collectors.map(json(_:))))])
    }

    private func json(_ collector: CollectorCoverage) -> JSONValue {
        .object(
            [
                JSONMember("name", .string(collector.collector)),
                JSONMember("last_seen", .string(RFC3339.text(collector.lastSeen))),
                JSONMember("batches", .integer(Int64(collector.batches))),
                JSONMember("first_batch_at", .optional(collector.firstBatchAt.map { RFC3339.text($0) })),
                JSONMember("last_batch_at", .optional(collector.lastBatchAt.map { RFC3339.text($0) })),
                JSONMember("pending_batches", .integer(Int64(collector.pendingBatches))),
                JSONMember("events", .count(collector.events)),
                JSONMember(
                    "rejections",
                    .array(
                        collector.rejections.sorted { $0.key < $1.key }.map {
                            ["reason": .string($0.key), "records": .count($0.value)]
                        })),
                JSONMember(
                    "quarantined",
                    .array(
                        collector.quarantined.sorted { $0.key < $1.key }.map {
                            ["reason": .string($0.key), "batches": .integer(Int64($0.value))]
                        })),
            ] + members(silent(collector.reported)))
    }

    private func members(_ silent: ReportingGaps) -> [JSONMember] {
        let listed = silent.spans.prefix(APILimits.maxSilentSpansListed).map { span -> JSONValue in
            [
                "from": .string(moment(span.lowerBound)), "to": .string(moment(span.upperBound)),
                "minutes": .integer(Int64(span.count)),
            ]
        }
        return [
            JSONMember("reported_percent", .optional(percent(silent))),
            JSONMember("silent_minutes", .integer(silent.silentMinutes)),
            JSONMember("silent_spans", .integer(Int64(silent.spans.count))),
            JSONMember("silent", .array(Array(listed))),
        ]
    }

    // MARK: CSV

    /// One line for each provider, and below it one for each of its collectors. Spans are only counted.
    var csv: CSVWriter {
        var writer = CSVWriter(header: [
            "row", "period", "until", "provider", "collector", "minutes_with_usage", "hours_with_usage",
            "days_with_usage", "reported_percent", "silent_minutes", "silent_spans", "last_seen", "batches",
            "first_batch_at", "last_batch_at", "pending_batches", "events", "rejected_records", "quarantined_batches",
        ])
        for provider in answer.providers {
            let spans = silent(provider.reported)
            writer.append(
                head("provider", provider.provider, "") + [
                    CSVCell(provider.minutes.map { String($0) }), CSVCell(provider.hours.map { String($0) }),
                    .count(provider.days),
                ] + cells(spans) + [CSVCell](repeating: .empty, count: 8))
            for collector in answer.collectors where collector.provider == provider.provider {
                writer.append(
                    head("collector", provider.provider, collector.collector) + [.empty, .empty, .empty]
                        + cells(silent(collector.reported)) + cells(collector))
            }
        }
        return writer
    }

    private func head(_ row: String, _ provider: String, _ collector: String) -> [CSVCell] {
        [
            .text(row), .text(period.description), .text(moment(window.upperBound)), .text(provider),
            .text(collector),
        ]
    }

    private func cells(_ silent: ReportingGaps) -> [CSVCell] {
        [CSVCell(percent(silent)), .count(silent.silentMinutes), .count(silent.spans.count)]
    }

    private func cells(_ collector: CollectorCoverage) -> [CSVCell] {
        [
            .text(RFC3339.text(collector.lastSeen)), .count(collector.batches),
            collector.firstBatchAt.map { .text(RFC3339.text($0)) } ?? .empty,
            collector.lastBatchAt.map { .text(RFC3339.text($0)) } ?? .empty, .count(collector.pendingBatches),
            .count(collector.events), .count(collector.rejections.values.reduce(0, +)),
            .count(collector.quarantined.values.reduce(0, +)),
        ]
    }
}
