/// `GET /v1/collectors`: the fleet.
package struct CollectorsResponse: RowTable {
    package typealias Row = CollectorRow

    package var collectors: [CollectorRow] = []

    package init() {}

    package static let fields: [Field<CollectorsResponse>] = [Field("collectors", \.collectors)]

    package static let layout: CSVLayout<CollectorsResponse, CollectorRow> = [
        .row(CollectorRow.columns)
    ]

    package var rowsOfTable: [CollectorRow] { collectors }
}

package struct CollectorRow: APIObject {
    package var provider = ""
    package var name = ""
    package var epoch = 0
    package var nextSequence = 0
    package var softwareVersion = ""
    package var lastSeen = Moment()
    package var secondsSinceSeen = 0
    package var lastBatchAt: Moment?
    package var lagSeconds: Int?
    package var newestMinute: Moment?
    package var pendingBatches = 0
    package var duplicates = 0
    package var quarantined = 0
    package var heartbeatAt: Moment?
    package var ready: Bool?
    package var reasons: [String] = []
    package var backlogBatches: Int?
    package var backlogBytes: Int?
    package var certificateEndsAt: Moment?

    package init() {}

    package static let fields: [Field<CollectorRow>] = [
        Field("provider", \.provider, en: "Provider", zh: "云厂商"),
        Field("name", \.name, en: "Collector", zh: "采集器"),
        Field("epoch", \.epoch, en: "Epoch", zh: "纪元"),
        Field("next_sequence", \.nextSequence, en: "Next sequence", zh: "下一序号"),
        Field("software_version", \.softwareVersion, en: "Version", zh: "版本"),
        Field("last_seen", \.lastSeen, en: "Last seen", zh: "最近上报"),
        Field("seconds_since_seen", \.secondsSinceSeen, en: "Seconds ago", zh: "距今秒数"),
        Field("last_batch_at", \.lastBatchAt),
        Field(
            "lag_seconds", \.lagSeconds, en: "Lag s", zh: "延迟秒数",
            means: "Since its last batch was counted."),
        Field("newest_minute", \.newestMinute, means: "The newest event minute that it delivered."),
        Field("pending_batches", \.pendingBatches, means: "Batches that aren't rolled up yet."),
        Field("duplicates", \.duplicates, means: "Batches that came again after they were counted."),
        Field("quarantined", \.quarantined, means: "Batches that were quarantined, not counted."),
        Field("heartbeat_at", \.heartbeatAt, means: "When it last said how it does; every 30 seconds."),
        Field("ready", \.ready, en: "Ready", zh: "就绪", means: "Whether it takes input, by its last heartbeat."),
        Field("reasons", \.reasons, means: "Why it takes no input."),
        Field(
            "backlog_batches", \.backlogBatches, en: "Backlog", zh: "待发批次",
            means: "Batches that are sealed there and not shipped."),
        Field("backlog_bytes", \.backlogBytes, means: "Their bytes."),
        Field("certificate_ends_at", \.certificateEndsAt, en: "Certificate ends", zh: "证书到期"),
    ]
}
