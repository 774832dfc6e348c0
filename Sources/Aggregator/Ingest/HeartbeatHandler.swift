internal import HTTPSupport
internal import Hummingbird
internal import Logging
internal import Postgres
internal import Store
internal import Telemetry
internal import TextFormats
internal import UsageModel

/// `POST /v1/heartbeats`: a collector says that it is there, and hears whether the database still holds what it saw
/// acknowledged.
struct HeartbeatHandler: Sendable {
    /// The most words for why a collector isn't ready, and the longest of them in bytes.
    private static let maxReasons = 16
    private static let maxReasonBytes = 64
    /// The end of the year 9999, in seconds since 1970-01-01T00:00Z.
    private static let maxCertificateEnd: Int64 = 253_402_300_799

    private let store: Store
    private let limiter: ConcurrencyLimiter
    private let clock: any WallClock
    private let logger: Logger
    private let regressions = LineLimiter()

    init(_ dependencies: IngestDependencies) {
        store = dependencies.store
        limiter = dependencies.limiter
        clock = dependencies.clock
        logger = dependencies.logger
    }

    @Sendable func beat(_ request: Request, _ identity: CollectorIdentity) async throws -> APIResponse {
        _ = try request.parameters()
        let body: ControlMessages.Heartbeat = try await request.jsonBody(limitBytes: APILimits.maxHeartbeatBytes)
        try Self.check(body)
        let heartbeat = Heartbeat(
            key: CollectorKey(identity), content: body, now: Timestamp(milliseconds: clock.nowMilliseconds()))
        let answer = try await limiter.withPermit(of: identity) {
            try await store.transaction(retry: .idempotent) { try $0.note(heartbeat) }
        }
        switch answer {
        case .failure(let refusal): throw Problem.batch(BatchOutcome(refusal))
        case .success(let nextSequence):
            guard nextSequence >= body.nextSequence else {
                if let heldBack = regressions.admits("\(identity)") {
                    logger.error(
                        "the database knows less than a collector does; it is asked to supply again",
                        [
                            .provider: "\(identity.provider)", .collector: "\(identity.name)",
                            .epoch: "\(body.epoch)", .sequence: "\(body.nextSequence)", .next: "\(nextSequence)",
                            .heldBack: "\(heldBack)",
                        ])
                }
                throw Problem.batch(.gap(expectedSequence: nextSequence))
            }
            return .json(["next_sequence": .integer(Int64(clamping: nextSequence))])
        }
    }

    private static func check(_ body: ControlMessages.Heartbeat) throws(Problem) {
        guard (1..<UInt64(Int64.max)).contains(body.epoch), body.nextSequence < UInt64(Int64.max) else {
            throw .badRequest("epoch must be a whole number from 1, next_sequence from 0, both below 2^63.")
        }
        guard body.backlogBatches <= UInt64(Int64.max), body.backlogBytes <= UInt64(Int64.max) else {
            throw .badRequest("backlog_batches and backlog_bytes must be below 2^63.")
        }
        let maxVersionBytes = EpochRequest.maxSoftwareVersionBytes
        guard NameRule.isPrintableWord(body.softwareVersion, maxBytes: maxVersionBytes) else {
            throw .badRequest(
                "software_version must be 1 to \(maxVersionBytes) printable ASCII characters.")
        }
        guard body.reasons.count <= maxReasons,
            body.reasons.allSatisfy({ NameRule.isPrintableWord($0, maxBytes: maxReasonBytes) && !$0.contains(",") }),
            body.ready == body.reasons.isEmpty
        else {
            throw .badRequest(
                "reasons must be at most \(maxReasons) words of printable ASCII, and none for a collector that is ready."
            )
        }
        if let end = body.certificateEndSeconds {
            guard (0...maxCertificateEnd).contains(end) else {
                throw .badRequest("certificate_end_seconds must lie between the years 1970 and 9999.")
            }
        }
    }
}
