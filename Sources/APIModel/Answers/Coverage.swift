package import TextFormats

/// `GET /v1/coverage`: what was reported of a period.
package struct CoverageResponse: APITable {
    package var period = TimeSpan()
    package var until = Moment()
    package var silenceMinutes = 0
    package var source = ""
    package var position: Int?
    package var providers: [ProviderCoverageRow] = []

    package init() {}

    package static let fields: [Field<CoverageResponse>] = [
        Field("period", \.period),
        Field(
            "until", \.until,
            means: "The end of what has passed of the period; later minutes aren't silent yet."),
        Field(
            "silence_minutes", \.silenceMinutes, means: "How long nothing comes before it is silence.",
            csv: .left),
        Field(
            "source", \.source,
            means:
                "The finest sums that are kept of the whole period, which the providers' spans come from.",
            values: ["minute", "hour", "day"], csv: .left),
        .position(\.position),
        Field("providers", \.providers),
    ]

    /// A provider, or one of its collectors.
    private struct Line: Sendable {
        var provider: ProviderCoverageRow
        var collector: CollectorCoverageRow?

        /// The provider's, which collectors have none of.
        var usage: ProviderCoverageRow? { collector == nil ? provider : nil }
        var silence: Silence { collector?.silence ?? provider.silence }
    }

    private static let layout: CSVLayout<CoverageResponse, Line> = [
        .row([Column("row") { .text($0.collector == nil ? "provider" : "collector") }]),
        .answer([TimeSpan.columns[\.name].at(\.period).called("period"), columns[\.until]]),
        .row([
            ProviderCoverageRow.columns[\.provider].at(\.provider),
            CollectorCoverageRow.columns[\.name].at(\.collector).called("collector"),
        ]),
        .row(
            ProviderCoverageRow.columns.from(\.minutesWithUsage).upTo(\.silence.reportedPercent).map {
                $0.at(\.usage)
            }),
        .row(Silence.columns.map { $0.at(\.silence) }),
        .row(
            CollectorCoverageRow.columns.from(\.lastSeen).upTo(\.silence.reportedPercent).map {
                $0.at(\.collector)
            }),
        .row([
            Column("rejected_records") { $0.collector?.rejectedRecords?.cell ?? .empty },
            Column("quarantined_batches") { ($0.collector?.quarantinedBatches).cell },
        ]),
        .answer([columns[\.position].called("position")]),
    ]

    /// One line for each provider, and below it one for each of its collectors. Spans are only counted.
    package var csv: CSVWriter {
        let lines = providers.flatMap { provider in
            [Line(provider: provider)]
                + provider.collectors.map { Line(provider: provider, collector: $0) }
        }
        return Self.layout.csv(of: self, rows: lines)
    }
}

package struct ProviderCoverageRow: APIObject {
    package var provider = ""
    package var minutesWithUsage: Int?
    package var hoursWithUsage: Int?
    package var daysWithUsage = 0
    package var silence = Silence()
    package var collectors: [CollectorCoverageRow] = []

    package init() {}

    package static let fields: [Field<ProviderCoverageRow>] = [
        Field("provider", \.provider, en: "Provider", zh: "云厂商"),
        Field(
            "minutes_with_usage", \.minutesWithUsage, en: "Minutes", zh: "有用量分钟",
            means: "Null where sums by minute aren't kept any more."),
        Field(
            "hours_with_usage", \.hoursWithUsage, en: "Hours", zh: "小时",
            means: "Null where sums by hour aren't kept any more."),
        Field("days_with_usage", \.daysWithUsage, en: "Days", zh: "天"),
        .group(\.silence),
        Field("collectors", \.collectors),
    ]
}

package struct CollectorCoverageRow: APIObject {
    package var name = ""
    package var lastSeen = Moment()
    package var batches = 0
    package var firstBatchAt: Moment?
    package var lastBatchAt: Moment?
    package var pendingBatches = 0
    package var events = Count()
    package var rejections: [RejectedRecords] = []
    package var quarantined: [QuarantinedBatches] = []
    package var silence = Silence()

    package init() {}

    package static let fields: [Field<CollectorCoverageRow>] = [
        Field("name", \.name),
        Field("last_seen", \.lastSeen, en: "Last seen", zh: "最近上报"),
        Field(
            "batches", \.batches, en: "Batches", zh: "批次",
            means:
                "Batches that hold usage of the period, and those without usage that were received in it."),
        Field("first_batch_at", \.firstBatchAt, en: "First batch", zh: "首批"),
        Field("last_batch_at", \.lastBatchAt, en: "Last batch", zh: "末批"),
        Field("pending_batches", \.pendingBatches, means: "Batches that aren't rolled up yet."),
        Field("events", \.events, en: "Events", zh: "事件"),
        Field("rejections", \.rejections, means: "Records that the collector refused, by reason."),
        Field(
            "quarantined", \.quarantined,
            means: "Batches that were received in the period and quarantined, by reason."),
        .group(\.silence),
    ]

    /// Of all reasons; `nil` where the server sent no numbers.
    var rejectedRecords: Count? {
        var sum: UInt128 = 0
        for rejection in rejections {
            guard let records = UInt128(rejection.records.text) else { return nil }
            sum += records
        }
        return Count(sum)
    }

    /// Of all reasons.
    package var quarantinedBatches: Int { quarantined.reduce(0) { $0 + $1.batches } }
}

/// When nothing was reported.
package struct Silence: APIObject {
    package var reportedPercent: Percent?
    package var silentMinutes = 0
    package var silentSpans = 0
    package var silent: [SilentSpan] = []

    package init() {}

    /// The most spans that are listed.
    package static let maxListed = 200

    package static let fields: [Field<Silence>] = [
        Field(
            "reported_percent", \.reportedPercent, en: "Reported", zh: "已上报",
            means: "What passed of the period, but for its silent spans."),
        Field("silent_minutes", \.silentMinutes, means: "In all silent spans together."),
        Field(
            "silent_spans", \.silentSpans, en: "Silent spans", zh: "静默段",
            means: "How many there are; at most \(maxListed) are listed."),
        Field("silent", \.silent, means: "The first of them."),
    ]
}

package struct SilentSpan: APIObject {
    package var from = Moment()
    package var to = Moment()
    package var minutes = 0

    package init() {}

    package static let fields: [Field<SilentSpan>] = [
        Field("from", \.from), Field("to", \.to), Field("minutes", \.minutes),
    ]
}

package struct RejectedRecords: APIObject {
    package var reason = ""
    package var records = Count()

    package init() {}

    package static let fields: [Field<RejectedRecords>] = [
        Field("reason", \.reason), Field("records", \.records),
    ]
}

package struct QuarantinedBatches: APIObject {
    package var reason = ""
    package var batches = 0

    package init() {}

    package static let fields: [Field<QuarantinedBatches>] = [
        Field("reason", \.reason, values: ["fork", "undecodable", "spool-sequence-reused"]),
        Field("batches", \.batches),
    ]
}
