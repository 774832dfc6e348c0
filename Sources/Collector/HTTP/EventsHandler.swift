internal import CollectorCore
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import SourceFormats
internal import Telemetry
internal import UsageModel

/// `POST /v1/events` and `POST /v1/events/{source}`: answered 200 only once what was accepted is durable.
struct EventsHandler: Sendable {
    /// A pushed source: how its bodies are read.
    struct Source: Sendable {
        var name: String
        /// `nil` where the settings can't work, which they were checked for.
        var plan: SourcePlan?
        /// The format's name.
        var formatName: String
        /// See ``SourceFormat/isRepeatedAfterServerErrorsAlone``.
        var isRepeatedAfterServerErrorsAlone: Bool
        /// How the ids of its events are understood.
        var ids: IDRules

        init(
            name: String, format: any SourceFormat, wrappings: [Wrapping] = [], defaults: EventDefaults,
            ids: IDRules = IDRules()
        ) {
            self.name = name
            self.ids = ids
            formatName = type(of: format).name
            isRepeatedAfterServerErrorsAlone = format.isRepeatedAfterServerErrorsAlone
            plan = try? SourcePlan(format, in: wrappings, defaults: defaults, framing: .document)
        }
    }

    /// How many times a small body is read because another request made some of its events durable meanwhile.
    static let maxReadings = 4

    let settings: CollectorSettings.HTTP
    /// The source of `POST /v1/events`.
    let defaultSource: Source
    let sourcesByName: [String: Source]
    let access: SourceAccess
    let writer: Writer
    let parts: CollectorDependencies
    let rateLimit: RequestRateLimit
    let budget: ByteBudget

    /// - Parameters:
    ///   - name: the source that the path names; `nil` where it names none.
    ///   - exchange: how the path is spoken with.
    func handle(
        _ request: Request, on channel: any Channel, source name: String?, as exchange: PushProtocol = .events
    ) async -> Response {
        let response: Response
        var repeatsAlone = false
        let type = mediaType(of: request)
        do throws(Problem) {
            let name = name ?? onlySource(for: exchange)
            try await checkAccess(request, on: channel, source: name)
            let source = try find(name, for: exchange)
            repeatsAlone = source.isRepeatedAfterServerErrorsAlone
            guard let plan = source.plan else { throw Problem.internalError }
            try admit()
            let coding = try contentCoding(request)
            guard plan.mediaTypes.contains(type) else { throw .unsupportedType(allowed: plan.mediaTypes) }
            let reading = BodyReading.Plan(
                plan, expectation: exchange.expectation(mediaType: type),
                envelope: source.formatName == CloudEventsFormat.name ? BinaryEnvelope(request.headers) : nil)
            let outcome = try await readAndCommit(request, as: coding, from: source, reading)
            response = try exchange.answer(outcome, mediaType: type)
        } catch {
            response = exchange.answer(repeatsAlone ? error.asServerError : error, mediaType: type)
        }
        parts.metrics.countRequest(status: response.status.code)
        return response
    }

    /// Who isn't let in learns nothing of which sources there are; others are told how to name one.
    private func checkAccess(_ request: Request, on channel: any Channel, source name: String?) async throws(Problem) {
        do throws(Problem) {
            try await access.check(request, on: channel, source: name)
        } catch {
            throw name == Self.ambiguousName && error == .unknownSource ? .sourceMustBeNamed : error
        }
    }

    /// Stands for a source where there is none or more than one to choose; no source is named so.
    private static let ambiguousName = ""

    /// The source that a path of a protocol is for which names none: the only one of the protocol's format.
    private func onlySource(for exchange: PushProtocol) -> String? {
        guard let format = exchange.formatName else { return nil }
        let names = sourcesByName.values.filter { $0.formatName == format }.map(\.name)
        return names.count == 1 ? names[0] : Self.ambiguousName
    }

    func find(_ name: String?, for exchange: PushProtocol) throws(Problem) -> Source {
        guard let name else { return defaultSource }
        guard let source = sourcesByName[name], exchange.formatName.map({ $0 == source.formatName }) ?? true else {
            throw .unknownSource
        }
        return source
    }

    /// Whether input is taken now.
    func admit() throws(Problem) {
        if let reason = parts.intakeSwitch.closedFor.first { throw .closed(reason) }
        guard rateLimit.allowsRequest() else { throw .tooManyEventRequests }
    }

    private func contentCoding(_ request: Request) throws(Problem) -> Compression? {
        guard let text = request.headers[.contentEncoding] else { return nil }
        switch text.lowercased() {
        case "identity": return nil
        case "gzip", "x-gzip": return .gzip
        case "zstd": return .zstd
        default: throw .unsupportedEncoding
        }
    }

    /// Without its parameters and in lower case.
    private func mediaType(of request: Request) -> String {
        (request.headers[.contentType] ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    }

    private func readAndCommit(
        _ request: Request, as coding: Compression?, from source: Source, _ plan: BodyReading.Plan
    ) async throws(Problem) -> EventsOutcome {
        let limit = settings.maxBodyBytes
        let declared = declaredBytes(request)
        guard declared <= limit else { throw .bodyTooLarge(limitBytes: limit) }
        let reservation = ByteReservation(budget)
        defer { reservation.release() }
        // What is held of a body that is longer than a piece is reserved as it grows.
        guard reservation.extend(to: min(max(declared, 1), BodyReading.pieceBytes)) else { throw .tooManyBytes }
        let read = try await read(request, as: coding, from: source, by: plan, holding: reservation)
        return try await commit(read, from: source, plan)
    }

    /// Counts a body that is held already.
    ///
    /// - Parameter reservation: what is held for it.
    func take(
        _ body: ByteBuffer, as coding: Compression?, from source: Source, _ plan: BodyReading.Plan,
        holding reservation: ByteReservation
    ) async throws(Problem) -> EventsOutcome {
        var reading = try BodyReading(
            plan, into: emptyBuckets(source), compression: coding, limit: settings.maxBodyBytes)
        var rest = body
        while rest.readableBytes > 0,
            let piece = rest.readSlice(length: min(rest.readableBytes, BodyReading.pieceBytes))
        {
            try reading.add(piece.readableBytesView)
            // The body is there twice: as it came, and as it was handed over.
            guard reservation.extend(to: 2 * body.readableBytes + reading.heldBytes) else { throw .tooManyBytes }
        }
        return try await commit(try reading.finish(), from: source, plan)
    }

    private func commit(
        _ read: BodyReading.Outcome, from source: Source, _ plan: BodyReading.Plan
    ) async throws(Problem) -> EventsOutcome {
        var buckets = read.buckets
        for _ in 0..<Self.maxReadings {
            if let outcome = try await commit(buckets, source, bodyBytes: read.byteCount) { return outcome }
            guard let whole = read.whole else { break }
            buckets = BodyReading.read(whole, plan, into: emptyBuckets(source))
        }
        throw .repeatedAtOnce
    }

    private func declaredBytes(_ request: Request) -> Int { request.headers[.contentLength].flatMap(Int.init) ?? 0 }

    private func emptyBuckets(_ source: Source) -> RequestBuckets {
        let now = parts.wallClock.nowMilliseconds()
        return RequestBuckets(
            context: ChunkContext(
                source: source.name, file: "", nowMilliseconds: now,
                window: parts.timeWindow.window(nowMilliseconds: now), keeping: parts.keeping,
                ids: source.ids),
            remembered: parts.remembered)
    }

    /// Answers `nil` where the body has to be read again: some of its events have become durable by another request.
    private func commit(
        _ buckets: RequestBuckets, _ source: Source, bodyBytes: Int
    ) async throws(Problem) -> EventsOutcome? {
        do throws(CommitFailure) {
            if !buckets.isEmpty { try await writer.commit(buckets.accepted, quarantine: buckets.quarantine) }
        } catch {
            switch error {
            case .repeated: return nil
            case .closed(let reason): throw .closed(reason)
            case .tooLarge: throw .tooManyKeys
            }
        }
        var outcome = buckets.outcome
        outcome.namesOverLimit = parts.nameBudgets.exceeded
        parts.metrics.quarantineDropped.increment(by: buckets.unkept)
        parts.metrics.countRepairs(buckets.repairs)
        parts.metrics.source(source.name).count(
            events: outcome.accepted, rejected: outcome.rejectedCount, ignored: outcome.ignored,
            duplicates: outcome.duplicates, bytes: UInt64(bodyBytes))
        return outcome
    }

    // MARK: Body

    private func read(
        _ request: Request, as coding: Compression?, from source: Source, by plan: BodyReading.Plan,
        holding reservation: ByteReservation
    ) async throws(Problem) -> BodyReading.Outcome {
        let limit = settings.maxBodyBytes
        do {
            var reading = try BodyReading(
                plan, into: emptyBuckets(source), compression: coding, declaredBytes: declaredBytes(request),
                limit: limit)
            for try await chunk in request.body {
                try reading.add(chunk.readableBytesView)
                guard reservation.extend(to: reading.heldBytes) else { throw Problem.tooManyBytes }
            }
            return try reading.finish()
        } catch let problem as Problem {
            throw problem
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw .bodyTooLarge(limitBytes: limit)
        } catch is BodyDeadlineError {
            throw .bodyTooSlow
        } catch is CancellationError {
            throw .closed(.draining)
        } catch {
            throw .bodyCut
        }
    }
}
