internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/collectors`.
struct FleetHandlers: Sendable {
    private let store: Store
    private let clock: any WallClock

    init(_ dependencies: QueryDependencies) {
        store = dependencies.store
        clock = dependencies.clock
    }

    @Sendable func collectors(
        _ request: Request, _ context: QueryContext, _ caller: TokenRecord
    ) async throws -> Answer {
        let parameters = try request.parameters(["provider"])
        let format = try request.format([.json, .csv])
        let provider = parameters["provider"]
        try caller.checkProviders(provider.map { [$0] })
        let all = try await store.collectors(visibility: caller.visibility)
        let shown = all.filter { provider == nil || $0.provider == provider }
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        switch format {
        case .json: return .json(["collectors": .array(shown.map { Self.json($0, now: now) })])
        case .csv: return .csv(Self.csv(shown, now: now))
        }
    }

    /// Whole seconds since a moment; 0 for one that another clock puts in the future.
    private static func age(_ time: Timestamp, now: Timestamp) -> Int64 {
        max(0, (now.microseconds - time.microseconds) / 1_000_000)
    }

    private static func json(_ status: CollectorStatus, now: Timestamp) -> JSONValue {
        [
            "provider": .string(status.provider), "name": .string(status.collector),
            "epoch": .integer(Int64(clamping: status.epoch)),
            "next_sequence": .integer(Int64(clamping: status.nextSequence)),
            "software_version": .string(status.softwareVersion), "last_seen": .string(RFC3339.text(status.lastSeen)),
            "seconds_since_seen": .integer(age(status.lastSeen, now: now)),
            "last_batch_at": .optional(status.lastBatchAt.map { RFC3339.text($0) }),
            "lag_seconds": status.lastBatchAt.map { .integer(age($0, now: now)) } ?? .null,
            "newest_minute": .optional(status.newestMinute.map { RFC3339.text(second: $0 * 60, in: .utc) }),
            "pending_batches": .integer(Int64(status.pendingBatches)),
            "duplicates": .integer(Int64(clamping: status.duplicates)),
            "quarantined": .integer(Int64(status.quarantined)),
        ]
    }

    private static func csv(_ statuses: [CollectorStatus], now: Timestamp) -> CSVWriter {
        var writer = CSVWriter(header: [
            "provider", "name", "epoch", "next_sequence", "software_version", "last_seen", "seconds_since_seen",
            "last_batch_at", "lag_seconds", "newest_minute", "pending_batches", "duplicates", "quarantined",
        ])
        for status in statuses {
            writer.append([
                .text(status.provider), .text(status.collector), .count(status.epoch), .count(status.nextSequence),
                .text(status.softwareVersion), .text(RFC3339.text(status.lastSeen)),
                .count(age(status.lastSeen, now: now)),
                status.lastBatchAt.map { .text(RFC3339.text($0)) } ?? .empty,
                status.lastBatchAt.map { .count(age($0, now: now)) } ?? .empty,
                status.newestMinute.map { .text(RFC3339.text(second: $0 * 60, in: .utc)) } ?? .empty,
                .count(status.pendingBatches), .count(status.duplicates), .count(status.quarantined),
            ])
        }
        return writer
    }
}
