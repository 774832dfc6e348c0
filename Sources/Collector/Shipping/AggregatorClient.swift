internal import AsyncHTTPClient
package import CollectorCore
internal import Foundation
internal import Identity
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
package import Spool
internal import Telemetry
package import UsageModel

/// Speaks with the aggregator: TLS 1.3 with this collector's certificate, HTTP/1.1.
///
/// The certificate files are read again when they change and on ``reload()``, so that short-lived certificates can be
/// replaced in place.
package actor AggregatorClient: AggregatorTransport {
    /// The most bytes of an answer that are read.
    private static let maxAnswerBytes = 1 << 20
    /// Time for a connection and its handshake.
    private static let connectTimeout = TimeAmount.seconds(10)
    /// Time for a heartbeat: one that isn't answered says that the connection is dead.
    private static let heartbeatTimeout = Duration.seconds(10)

    private let settings: CollectorSettings.Aggregator
    private let version: String
    private let fileSystem: any FileSystem
    /// Is told what answers say about budgets of new names.
    private let nameBudgets: NameBudgetBoard?
    private let metrics: CollectorMetrics?
    private var client: HTTPClient?
    private var modifiedAtStart: [Int64] = []
    /// When the certificate in use ends, in seconds since 1970-01-01T00:00Z.
    private var certificateEnd: Int64?

    package init(
        settings: CollectorSettings.Aggregator, version: String, nameBudgets: NameBudgetBoard? = nil,
        metrics: CollectorMetrics? = nil, fileSystem: any FileSystem = POSIXFileSystem()
    ) {
        self.nameBudgets = nameBudgets
        self.metrics = metrics
        self.fileSystem = fileSystem
        self.settings = settings
        self.version = version
    }

    /// Reads the certificate files again before the next request.
    package func reload() async {
        await shutDown()
    }

    package func shutDown() async {
        guard let old = client.take() else { return }
        try? await old.shutdown()
    }

    package func requestEpoch(_ claim: EpochPosition, spoolID: SpoolID) async -> EpochAnswer {
        let request = EpochRequest(spoolID: spoolID, softwareVersion: version, remembered: claim)
        switch await post("/v1/epochs", json: request) {
        case .failed(let delay): return .later(delay)
        case .answered(let answer):
            if answer.status == 200, let grant = answer.decode(EpochGrant.self) {
                return .granted(grant.position, hasRegressed: grant.hasRegressed)
            }
            return .later(answer.delay)
        }
    }

    package func lookUp(_ digests: [BatchDigest], epoch: UInt64) async -> LookupAnswer {
        let request = ControlMessages.LookupRequest(epoch: epoch, digests: digests)
        switch await post("/v1/batches/lookup", json: request) {
        case .failed(let delay): return .later(delay)
        case .answered(let answer):
            if answer.status == 200, let result = answer.decode(ControlMessages.LookupResult.self) {
                return .counted(result.counted)
            }
            if let refusal = answer.problem?.refusal(status: answer.status) { return .refused(refusal) }
            return .later(answer.delay)
        }
    }

    package func send(
        _ sealed: [UInt8], digest: BatchDigest, epoch: UInt64, sequence: UInt64
    ) async -> BatchAnswer {
        var request = HTTPClientRequest(url: settings.url + "/v1/batches")
        request.method = .POST
        request.headers = [
            "Content-Type": "application/x-protobuf", "Content-Encoding": "zstd",
            "Content-Digest": "sha-256=:\(Data(digest.bytes).base64EncodedString()):",
            "Steelyard-Epoch": String(epoch), "Steelyard-Sequence": String(sequence),
        ]
        request.body = .bytes(ByteBuffer(bytes: sealed))
        switch await execute(request) {
        case .failed(let delay): return .later(delay)
        case .answered(let answer): return interpret(answer)
        }
    }

    package func beat(_ heartbeat: ControlMessages.Heartbeat) async -> HeartbeatAnswer {
        var heartbeat = heartbeat
        heartbeat.softwareVersion = version
        heartbeat.certificateEndSeconds = certificateEnd
        switch await post("/v1/heartbeats", json: heartbeat, timeout: min(settings.timeout, Self.heartbeatTimeout)) {
        case .failed(let delay): return .later(delay)
        case .answered(let answer):
            switch answer.status {
            case 200:
                nameBudgets?.heard(answer.decode(ControlMessages.HeartbeatResult.self)?.nameBudgets ?? [])
                return .current
            case 404, 405: return .unsupported
            default: break
            }
            let problem = answer.problem
            if case .gap(let expected)? = problem?.outcome(status: answer.status) {
                return .behind(expectedSequence: expected)
            }
            if let refusal = problem?.refusal(status: answer.status) { return .refused(refusal) }
            return .later(answer.delay)
        }
    }

    private func interpret(_ answer: Answer) -> BatchAnswer {
        if answer.status == 200 {
            let message = answer.decode(ControlMessages.BatchResult.self)
            nameBudgets?.heard(message?.nameBudgets ?? [])
            let result = message?.result
            for outcome in [BatchOutcome.counted, .duplicate] where outcome.name == result { return .decided(outcome) }
            return .later(ShippingDelay(.unreachable, "200 without a result"))
        }
        let problem = answer.problem
        if let outcome = problem?.outcome(status: answer.status) { return .decided(outcome) }
        guard answer.status == 422, problem?.code == "invalid-batch" else { return .later(answer.delay) }
        return .invalid(reason: problem?.reason ?? problem?.detail ?? "invalid-batch")
    }

    // MARK: HTTP

    private enum Outcome {
        case answered(Answer)
        case failed(ShippingDelay)
    }

    private struct Answer {
        var status: Int
        var retryAfterSeconds: Int?
        var body: Data

        func decode<Message: Decodable>(_ type: Message.Type) -> Message? {
            try? JSONDecoder().decode(type, from: body)
        }

        var problem: ControlMessages.ProblemDetails? { decode(ControlMessages.ProblemDetails.self) }

        /// What to do about an answer that decides nothing.
        var delay: ShippingDelay {
            let problem = self.problem
            let detail = "\(status) \(problem?.code ?? "") \(problem?.detail ?? "")"
            let cause: ShippingDelay.Cause =
                switch status {
                case 429, 503: .busy
                case 400..<500: .refused
                default: .unreachable
                }
            return ShippingDelay(
                cause, String(detail.prefix(300)), retryAfter: retryAfterSeconds.map { .seconds($0) })
        }
    }

    private func post(_ path: String, json: some Encodable, timeout: Duration? = nil) async -> Outcome {
        var request = HTTPClientRequest(url: settings.url + path)
        request.method = .POST
        request.headers = ["Content-Type": "application/json"]
        guard let body = try? JSONEncoder().encode(json) else {
            return .failed(ShippingDelay(.refused, "request can't be encoded"))
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return await execute(request, timeout: timeout)
    }

    private func execute(_ request: HTTPClientRequest, timeout: Duration? = nil) async -> Outcome {
        do {
            let client = try await currentClient()
            let timeout = TimeAmount.milliseconds((timeout ?? settings.timeout).wholeMilliseconds)
            let response = try await client.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.maxAnswerBytes)
            return .answered(
                Answer(
                    status: Int(response.status.code),
                    retryAfterSeconds: response.headers.first(name: "Retry-After").flatMap(Int.init).map { max(0, $0) },
                    body: Data(body.readableBytesView)))
        } catch {
            if error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError || error is PathLengthError
            {
                metrics?.handshakeFailures.increment()
            }
            return .failed(ShippingDelay(.unreachable, String("\(error)".prefix(300))))
        }
    }

    private func currentClient() async throws -> HTTPClient {
        // A file that isn't there is as good as one that was never changed: making the connection says so.
        let modified = [settings.caFile, settings.certificateFile, settings.keyFile].map {
            (try? fileSystem.status($0).modifiedNanoseconds) ?? 0
        }
        if modified != modifiedAtStart { await shutDown() }
        if let client { return client }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try makeTLS(), redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectTimeout))
        configuration.httpVersion = .http1Only
        // The shipper backs off by itself, and says why.
        configuration.connectionPool.retryConnectionEstablishment = false
        let anchors = try TrustAnchors(file: settings.caFile)
        // The one place where a connection can be looked at after its handshake and before its first request.
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
                guard let certificate, anchors.allow(leafDER: try certificate.toDERBytes()) else {
                    throw PathLengthError()
                }
            }.flatMapErrorThrowing { error in
                channel.close(promise: nil)
                throw error
            }
        }
        let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        client = made
        modifiedAtStart = modified
        return made
    }

    private func makeTLS() throws -> TLSConfiguration {
        let chain = try CertificateChain(certificateFile: settings.certificateFile, keyFile: settings.keyFile)
        certificateEnd = Int64(chain.end.timeIntervalSince1970)
        metrics?.certificateEnd.set(chain.end.timeIntervalSince1970)
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.trustRoots = .file(settings.caFile)
        tls.certificateChain = try NIOSSLCertificate.fromPEMFile(settings.certificateFile).map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(chain.keyPEM.utf8), format: .pem))
        return tls
    }
}
