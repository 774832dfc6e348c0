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

        init(name: String, format: any SourceFormat, wrappings: [Wrapping] = [], defaults: EventDefaults) {
            self.name = name
            plan = try? SourcePlan(format, in: wrappings, defaults: defaults, framing: .document)
        }
    }

    /// How many times a body is read because another request made some of its events durable meanwhile.
    static let maxReadings = 4

    let settings: CollectorSettings.HTTP
    /// The source of `POST /v1/events`.
    let defaultSource: Source
    let sourcesByName: [String: Source]
    let writer: Writer
    let parts: CollectorDependencies
    let rateLimit: RequestRateLimit
    let budget: ByteBudget

    func handle(_ request: Request, source name: String?) async -> Response {
        let response: Response
        do throws(Problem) {
            let source = try find(name)
            guard let plan = source.plan else { throw Problem.internalError }
            try admit()
            let coding = try contentCoding(request)
            try checkType(request, plan)
            response = .json(try await readAndCommit(request, as: coding, from: source, plan).json)
        } catch {
            response = error.response
        }
        parts.metrics.countRequest(status: response.status.code)
        return response
    }

    private func find(_ name: String?) throws(Problem) -> Source {
        guard let name else { return defaultSource }
        guard let source = sourcesByName[name] else { throw .unknownSource }
        return source
    }

    private func admit() throws(Problem) {
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

    private func checkType(_ request: Request, _ plan: SourcePlan) throws(Problem) {
        let text = request.headers[.contentType] ?? ""
        let type = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        let allowed = plan.mediaTypes
        guard allowed.contains(type) else { throw .unsupportedType(allowed: allowed) }
    }

    private func readAndCommit(
        _ request: Request, as coding: Compression?, from source: Source, _ plan: SourcePlan
    ) async throws(Problem) -> EventsOutcome {
        let limit = settings.maxBodyBytes
        let declared = request.headers[.contentLength].flatMap(Int.init) ?? limit
        guard declared <= limit else { throw .bodyTooLarge(limitBytes: limit) }
        // Besides the body as it comes there is what it decompresses to, whose size nobody has said.
        let reserved = coding == nil ? declared : declared + limit
        guard budget.reserve(reserved) else { throw .tooManyBytes }
        defer { budget.release(reserved) }
        let body = try await collect(request, coding)
        for _ in 0..<Self.maxReadings {
            let buckets = await parse(body, from: source, plan)
            guard !buckets.isEmpty || buckets.outcome.duplicates > 0 || buckets.outcome.ignored.total > 0 else {
                throw .noEvents
            }
            if let outcome = try await commit(buckets, source, bodyBytes: body.count) { return outcome }
        }
        throw .repeatedAtOnce
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
        guard outcome.accepted + outcome.duplicates + outcome.ignored.total > 0 else { throw .allRejected(outcome) }
        return outcome
    }

    // MARK: Body

    private func collect(_ request: Request, _ coding: Compression?) async throws(Problem) -> [UInt8] {
        let bytes = try await arrivedBytes(of: request)
        guard let coding else { return bytes }
        let limit = settings.maxBodyBytes
        do throws(DecompressionError) {
            return try coding.decompress(bytes, limit: limit, maxWindowLog: Int32(Limits.maxZstdWindowLog))
        } catch {
            throw error.code == .tooLarge ? .bodyTooLarge(limitBytes: limit) : .badEncoding(error)
        }
    }

    private func arrivedBytes(of request: Request) async throws(Problem) -> [UInt8] {
        let limit = settings.maxBodyBytes
        do {
            let bytes = try await Deadline.run(within: settings.bodyTimeout) {
                // Chunk by chunk into what the parser reads, so that the body isn't there twice.
                var bytes: [UInt8] = []
                for try await chunk in request.body {
                    guard bytes.count + chunk.readableBytes <= limit else {
                        throw Problem.bodyTooLarge(limitBytes: limit)
                    }
                    bytes.append(contentsOf: chunk.readableBytesView)
                }
                return bytes
            }
            guard let bytes else { throw Problem.bodyTooSlow }
            return bytes
        } catch let problem as Problem {
            throw problem
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw .bodyTooLarge(limitBytes: limit)
        } catch is CancellationError {
            throw .closed(.draining)
        } catch {
            throw .bodyCut
        }
    }

    private func parse(_ body: [UInt8], from source: Source, _ plan: SourcePlan) async -> RequestBuckets {
        let now = parts.wallClock.nowMilliseconds()
        var buckets = RequestBuckets(
            context: ChunkContext(
                source: source.name, file: "", nowMilliseconds: now,
                window: parts.timeWindow.window(nowMilliseconds: now)), remembered: parts.remembered)
        var parser = plan.makeParser()
        var start = 0
        var chunk = AccumulatorLimits.chunkBytes
        while start < body.count {
            let end = min(start + chunk, body.count)
            let consumed = unsafe parser.consume(
                body.span.bytes.extracting(start..<end), endOfInput: end == body.count, into: &buckets)
            start += consumed
            if end == body.count { break }
            // A record that is longer than the chunk has to come in one piece.
            chunk = consumed == 0 ? chunk * 2 : AccumulatorLimits.chunkBytes
            await Task.yield()
        }
        return buckets
    }
}
