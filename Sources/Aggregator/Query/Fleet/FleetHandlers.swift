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
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        let makeWriter = dependencies.answerWriter()
        let answer = try await dependencies.questions(of: caller).snapshot { session in
            var encoder = try RowEncoder(CollectorsResponse(), as: format, to: makeWriter())
            var providers: Set<String> = []
            try session.forEachCollector(visibility: caller.visibility) { status in
                providers.insert(status.provider)
                guard provider == nil || status.provider == provider else { return }
                try encoder.append(CollectorRow(status, now: now))
            }
            if let provider, let problem = Problem.unknownProvider(provider, among: Array(providers)) { throw problem }
            return try encoder.finish()
        }
        return APIResponse(answer, as: format)
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
