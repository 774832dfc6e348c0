internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/collectors`.
struct FleetHandlers: Sendable {
    private let dependencies: QueryDependencies
    private let clock: any WallClock

    init(_ dependencies: QueryDependencies) {
        self.dependencies = dependencies
        clock = dependencies.clock
    }

    @Sendable func collectors(
        _ request: Request, context: QueryContext, caller: TokenRecord
    ) async throws -> APIResponse {
        let parameters = try request.parameters(["provider"])
        let format = try request.format([.json, .csv])
        let provider = parameters["provider"]
        try caller.checkProviders(provider.map { [$0] })
        let all = try await dependencies.questions(of: caller).snapshot {
            try $0.collectors(visibility: caller.visibility)
        }
        if let provider, let problem = Problem.unknownProvider(provider, among: all.map(\.provider)) { throw problem }
        let shown = all.filter { provider == nil || $0.provider == provider }
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        return APIResponse(CollectorsResponse(shown, now: now), as: format)
    }
}

extension CollectorsResponse {
    fileprivate init(_ statuses: [CollectorStatus], now: Timestamp) {
        self.init()
        collectors = statuses.map { CollectorRow($0, now: now) }
    }
}

extension CollectorRow {
    fileprivate init(_ status: CollectorStatus, now: Timestamp) {
        self.init()
        provider = status.provider
        name = status.collector
        epoch = Int(clamping: status.epoch)
        nextSequence = Int(clamping: status.nextSequence)
        softwareVersion = status.softwareVersion
        lastSeen = Moment(status.lastSeen)
        secondsSinceSeen = Self.age(status.lastSeen, now: now)
        lastBatchAt = status.lastBatchAt.map { Moment($0) }
        lagSeconds = status.lastBatchAt.map { Self.age($0, now: now) }
        newestMinute = status.newestMinute.map { Moment(second: $0 * 60, in: .utc) }
        pendingBatches = Int(status.pendingBatches)
        duplicates = Int(clamping: status.duplicates)
        quarantined = Int(status.quarantined)
        guard let report = status.report else { return }
        heartbeatAt = Moment(report.at)
        ready = report.reasons.isEmpty
        reasons = report.reasons
        backlogBatches = Int(clamping: report.backlogBatches)
        backlogBytes = Int(clamping: report.backlogBytes)
        certificateEndsAt = report.certificateEnd.map { Moment($0) }
    }

    /// Whole seconds since a moment; 0 for one that another clock puts in the future.
    private static func age(_ time: Timestamp, now: Timestamp) -> Int {
        Int(max(0, (now.microseconds - time.microseconds) / 1_000_000))
    }
}
