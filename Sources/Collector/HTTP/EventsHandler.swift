internal import CollectorCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import SourceFormats
internal import Synchronization
internal import Telemetry
internal import UsageModel

/// `POST /v1/events` and `POST /v1/events/{source}`: answered 200 only once what was accepted is durable.
struct EventsHandler: Sendable {
    /// A pushed source: how its bodies are read.
    struct Source: Sendable {
        var name: String
        var format: any SourceFormat
        var defaults: EventDefaults
    }

    /// What `Retry-After` says where nothing better is known, in seconds.
    static let retryAfterSeconds = 5
    /// How often a body is read again because another request made some of its events durable meanwhile.
    static let maxReadings = 4

    let settings: CollectorSettings.HTTP
    let window: Reloadable<CollectorSettings.Window>
    let unnamed: Source
    let named: [String: Source]
    let writer: Writer
    let intakeSwitch: IntakeSwitch
    let remembered: RememberedEvents
    let metrics: CollectorMetrics
    let wallClock: any WallClock
    let bucket: TokenBucket
    let budget: ByteBudget

    func handle(_ request: Request, source name: String?) async -> Response {
        let response: Response
        do throws(Problem) {
            let source = try find(name)
            try admit()
            let coding = try contentCoding(request)
            try checkType(request, source)
            let outcome = try await take(request, source, coding)
            response = JSONResponse.make(outcome)
        } catch {
            response = error.response
        }
        metrics.countRequest(status: response.status.code)
        return response
    }

    private func find(_ name: String?) throws(Problem) -> Source {
        guard let name else { return unnamed }
        guard let source = named[name] else {
            throw Problem(.notFound, "unknown-source", "there is no `http` source of this name; see `sources`")
        }
        return source
    }

    private func admit() throws(Problem) {
        if let reason = intakeSwitch.closedFor.first { throw Self.closed(reason) }
        guard bucket.take() else {
            throw Problem(
                .tooManyRequests, "too-many-requests", "more requests than http.requests-per-second allows",
                retryAfterSeconds: 1)
        }
    }

    static func closed(_ reason: IntakeSwitch.Reason) -> Problem {
        Problem(
            .serviceUnavailable, reason.rawValue, "no input is taken now: \(reason.remedy)",
            retryAfterSeconds: retryAfterSeconds)
    }

    private func contentCoding(_ request: Request) throws(Problem) -> Compression? {
        guard let text = request.headers[.contentEncoding] else { return nil }
        switch text.lowercased() {
        case "identity": return nil
        case "gzip", "x-gzip": return .gzip
        case "zstd": return .zstd
        default:
            throw Problem(
                .unsupportedMediaType, "unsupported-encoding", "send identity, gzip or zstd as Content-Encoding")
        }
    }

    private func checkType(_ request: Request, _ source: Source) throws(Problem) {
        let text = request.headers[.contentType] ?? ""
        let type = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        let allowed = source.format.mediaTypes
        guard allowed.contains(type) else {
            throw Problem(
                .unsupportedMediaType, "unsupported-type",
                "send \(allowed.joined(separator: ", ")) as Content-Type here")
        }
    }

    private func take(
        _ request: Request, _ source: Source, _ coding: Compression?
    ) async throws(Problem) -> EventsOutcome {
        let limit = settings.maxBodyBytes
        let declared = request.headers[.contentLength].flatMap(Int.init) ?? limit
        guard declared <= limit else { throw tooLarge() }
        let reserved = coding == nil ? declared : declared + limit
        guard budget.take(reserved) else {
            throw Problem(
                .tooManyRequests, "too-many-bytes", "too many request bytes are in work; send again later",
                retryAfterSeconds: 1)
        }
        defer { budget.giveBack(reserved) }
        let body = try await collect(request, coding)
        for _ in 0..<Self.maxReadings {
            let table = try await parse(body, source)
            guard !table.isEmpty || table.outcome.duplicates > 0 else {
                throw Problem(.badRequest, "no-events", "the body holds no events")
            }
            if let outcome = try await commit(table, source, bodyBytes: body.count) { return outcome }
        }
        throw Problem(
            .serviceUnavailable, "repeated-at-once", "other requests send the same events right now; send again later",
            retryAfterSeconds: 1)
    }

    /// Answers `nil` where the body has to be read again: some of its events have become durable by another request.
    private func commit(
        _ table: RequestBuckets, _ source: Source, bodyBytes: Int
    ) async throws(Problem) -> EventsOutcome? {
        do throws(CommitFailure) {
            if !table.isEmpty { try await writer.commit(table.accepted, quarantine: table.quarantine) }
        } catch {
            switch error {
            case .repeated: return nil
            case .closed(let reason): throw Self.closed(reason)
            case .tooLarge:
                throw Problem(
                    .contentTooLarge, "too-many-keys", "the body makes more distinct keys than one request may hold")
            }
        }
        metrics.quarantineDropped.increment(by: table.unkept)
        metrics.source(source.name).count(
            events: table.outcome.accepted, rejected: table.outcome.rejectedCount,
            duplicates: table.outcome.duplicates, bytes: UInt64(bodyBytes))
        guard table.outcome.accepted + table.outcome.duplicates > 0 else {
            throw Problem(
                .badRequest, "all-rejected", "none of the events can be counted; see `rejected`",
                outcome: table.outcome)
        }
        return table.outcome
    }

    private func tooLarge() -> Problem {
        Problem(
            .contentTooLarge, "body-too-large",
            "a body may have \(settings.maxBodyBytes) bytes, before and after decompression; send fewer events at once")
    }

    // MARK: Body

    private func collect(_ request: Request, _ coding: Compression?) async throws(Problem) -> [UInt8] {
        let limit = settings.maxBodyBytes
        let collected: ByteBuffer?
        do {
            collected = try await Deadline.run(within: settings.bodyTimeout) {
                try await request.body.collect(upTo: limit)
            }
        } catch is NIOTooManyBytesError {
            throw tooLarge()
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw tooLarge()
        } catch {
            throw Problem(.badRequest, "body-cut", "the body ended before it was complete")
        }
        guard let collected else {
            throw Problem(.requestTimeout, "body-too-slow", "the body did not arrive within http.body-timeout")
        }
        let bytes = Array(collected.readableBytesView)
        guard let coding else { return bytes }
        do throws(DecompressionError) {
            return try coding.decompress(bytes, limit: limit, maxWindowLog: Int32(Limits.maxZstdWindowLog))
        } catch {
            if error.code == .tooLarge { throw tooLarge() }
            throw Problem(.badRequest, "bad-encoding", "the body \(error.description)")
        }
    }

    private func parse(_ body: [UInt8], _ source: Source) async throws(Problem) -> RequestBuckets {
        let now = wallClock.nowMilliseconds()
        var table = RequestBuckets(
            context: ChunkContext(
                source: source.name, file: "", nowMilliseconds: now,
                window: TimeWindow(window.value, nowMilliseconds: now)), remembered: remembered)
        guard var parser = try? source.format.makeParser(defaults: source.defaults, framing: .document) else {
            throw Problem(.internalServerError, "bad-source", "the source's configuration can't work")
        }
        var start = 0
        var chunk = AccumulatorLimits.chunkBytes
        while start < body.count {
            let end = min(start + chunk, body.count)
            let consumed = unsafe parser.consume(
                body.span.bytes.extracting(start..<end), endOfInput: end == body.count, into: &table)
            start += consumed
            if end == body.count { break }
            chunk = consumed == 0 ? chunk * 2 : AccumulatorLimits.chunkBytes
            await Task.yield()
        }
        return table
    }
}

/// Runs work for at most so long.
enum Deadline {
    /// The work's result, or `nil` where the time was over first; the work is then cancelled.
    static func run<Result: Sendable>(
        within duration: Duration, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: duration)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

/// A setting that SIGHUP may change while it is in use.
package final class Reloadable<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    package init(_ value: Value) {
        current = Mutex(value)
    }

    package var value: Value { current.withLock { $0 } }

    package func set(_ value: Value) { current.withLock { $0 = value } }
}
