internal import BatchFormat
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Postgres
internal import Store
internal import Telemetry
internal import TextFormats
internal import UsageModel

/// Epochs, look-ups and batches: decodes and validates requests, asks the services, encodes what they say.
struct IngestHandlers: Sendable {
    private let store: Store
    private let intake: BatchIngest
    private let limiter: ConcurrencyLimiter
    private let clock: any WallClock
    private let logger: Logger
    private let refusals = LineLimiter()

    init(_ dependencies: IngestDependencies) {
        store = dependencies.store
        intake = dependencies.intake
        limiter = dependencies.limiter
        clock = dependencies.clock
        logger = dependencies.logger
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.nowMilliseconds()) }

    // MARK: Epochs

    @Sendable func openEpoch(_ request: Request, _ identity: CollectorIdentity) async throws -> APIResponse {
        _ = try request.parameters()
        let now = now
        // Requests of one collector wait for one row: those beyond its permits would wait with everybody's connections.
        let grant = try await limiter.withPermit(of: identity) {
            let asked: EpochRequest = try await request.jsonBody(limitBytes: APILimits.maxControlBodyBytes)
            return try await store.transaction(retry: .idempotent) {
                try $0.openEpoch(asked, of: CollectorKey(identity), now: now)
            }
        }
        log(grant, of: identity)
        return try .json(encoding: grant)
    }

    private func log(_ grant: EpochGrant, of identity: CollectorIdentity) {
        let values: Logger.Values = [
            .provider: "\(identity.provider)", .collector: "\(identity.name)", .epoch: "\(grant.epoch)",
        ]
        if grant.hasRegressed {
            logger.error("the database knows less than a collector does; it is asked to supply again", values)
        } else {
            logger.info("epoch opened", values)
        }
    }

    // MARK: Look-up

    @Sendable func lookUp(_ request: Request, _ identity: CollectorIdentity) async throws -> APIResponse {
        _ = try request.parameters()
        let known = try await limiter.withPermit(of: identity) {
            let (digests, epoch) = try await WorkerThreads.ingest.run { try await Self.lookup(request) }
            let now = now
            return try await store.transaction(retry: .idempotent) {
                try $0.lookupDigests(digests, of: CollectorKey(identity), epoch: epoch, now: now)
            }
        }
        switch known {
        case .success(let counted): return try .json(encoding: ControlMessages.LookupResult(counted: counted))
        case .failure(let refusal): throw Problem.batch(BatchOutcome(refusal))
        }
    }

    /// What is looked up, and in which epoch.
    private static func lookup(_ request: Request) async throws -> (digests: [[UInt8]], epoch: UInt64) {
        let body: ControlMessages.LookupRequest = try await request.jsonBody(limitBytes: APILimits.maxControlBodyBytes)
        guard body.epoch >= 1, body.epoch <= UInt64(Int64.max) else {
            throw Problem.badRequest("epoch must be a whole number from 1.")
        }
        guard body.digests.count <= APILimits.maxLookupDigests else {
            throw Problem.badRequest("digests may list at most \(APILimits.maxLookupDigests).")
        }
        let digests = try body.digests.enumerated().map { index, text in
            guard let digest = BatchDigest(hex: text) else {
                throw Problem.badRequest("digests.\(index) must be 64 hexadecimal digits.")
            }
            return digest.bytes
        }
        return (digests, body.epoch)
    }

    // MARK: Batches

    @Sendable func sendBatch(_ request: Request, _ identity: CollectorIdentity) async throws -> APIResponse {
        _ = try request.parameters()
        let envelope = try BatchEnvelope(headers: request.headers)
        // The permit comes before the body is read: the bytes of batches under way are what the limit bounds.
        let committed = try await limiter.withPermit(of: identity) {
            let payload = try await request.boundedBody(limitBytes: Limits.maxSealedBatchBytes)
            let submission = BatchSubmission(
                identity: identity, epoch: UInt64(envelope.epoch), sequence: UInt64(envelope.sequence),
                digest: envelope.digest, payload: payload)
            do {
                return try await intake.submit(submission)
            } catch let refusal as BatchRefusal {
                log(refusal, from: identity, under: envelope)
                throw Problem.batch(refusal)
            }
        }
        guard let receipt = committed.receipt else {
            log(committed.outcome, from: identity, under: envelope)
            throw Problem.batch(committed.outcome)
        }
        return .json([
            "result": .string(committed.outcome.name),
            "next_sequence": .integer(Int64(clamping: receipt.nextSequence)),
            "chain": .string(Hexadecimal.text(receipt.chain)),
        ])
    }

    private func log(_ outcome: BatchOutcome, from identity: CollectorIdentity, under envelope: BatchEnvelope) {
        switch outcome {
        case .fork:
            logger.error(
                "a sequence number came again with other bytes; they were quarantined",
                place(of: envelope, from: identity))
        case .spoolSequenceReused:
            logger.error(
                "a spool sequence came again with other bytes: its collector's state went back in time or runs twice",
                place(of: envelope, from: identity))
        case .fenced: logger.warning("a fenced collector tried to send", place(of: envelope, from: identity))
        case .counted, .duplicate, .gap, .unknownEpoch: break
        }
    }

    private func log(_ refusal: BatchRefusal, from identity: CollectorIdentity, under envelope: BatchEnvelope) {
        guard let heldBack = refusals.admits("\(refusal.word) \(identity)") else { return }
        var values = place(of: envelope, from: identity)
        values[.reason] = "\(refusal)"
        values[.heldBack] = "\(heldBack)"
        logger.warning("batch refused", values)
    }

    private func place(of envelope: BatchEnvelope, from identity: CollectorIdentity) -> Logger.Values {
        [
            .provider: "\(identity.provider)", .collector: "\(identity.name)", .epoch: "\(envelope.epoch)",
            .sequence: "\(envelope.sequence)", .digest: "\(envelope.digest)",
        ]
    }
}
