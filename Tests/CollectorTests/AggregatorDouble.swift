import BatchFormat
import Collector
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTLS
import Identity
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import Testing
import UsageModel

/// The shipping side of an aggregator: checks epoch and sequence as the protocol says, keeps what it counted in memory,
/// and can be told to misbehave. The real one is in EndToEndTests.
final class AggregatorDouble: Sendable {
    /// What to do with the next request for a batch.
    enum Misbehaviour: Sendable {
        case answer(status: Int, code: String, retryAfter: Int?)
        /// Count the batch, but answer as if something broke.
        case countThenFail
    }

    struct State: Sendable {
        var epoch: UInt64 = 0
        var nextSequence: UInt64 = 0
        var counted: [BatchDigest] = []
        var events: UInt64 = 0
        var input: Int128 = 0
        var regressed = false
        var misbehaviours: [Misbehaviour] = []
        var requests = 0
        var epochsGranted = 0
        var lastKeys: [String] = []
        /// The last heartbeat, and how many there were.
        var heartbeat: ControlMessages.Heartbeat?
        var heartbeats = 0
        /// What answers to batches and heartbeats say of budgets of new names.
        var nameBudgets: [[String: any Sendable]] = []
    }

    let state = Mutex(State())

    var snapshot: State { state.withLock { $0 } }

    func misbehave(_ misbehaviours: Misbehaviour...) {
        state.withLock { $0.misbehaviours += misbehaviours }
    }

    // MARK: Routes

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/v1/epochs") { request, _ in try await self.grant(request) }
        router.post("/v1/batches/lookup") { request, _ in try await self.lookUp(request) }
        router.post("/v1/heartbeats") { request, _ in try await self.beat(request) }
        router.post("/v1/batches") { request, _ in try await self.take(request) }
        return router
    }

    private func json(_ object: [String: Any], status: HTTPResponse.Status = .ok) throws -> Response {
        let data = try JSONSerialization.data(withJSONObject: object)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    private func problem(_ status: HTTPResponse.Status, _ code: String, expected: UInt64? = nil) throws -> Response {
        var object: [String: Any] = ["status": status.code, "code": code, "detail": "by the test"]
        if let expected { object["expected_sequence"] = expected }
        return try json(object, status: status)
    }

    private func body(_ request: Request) async throws -> [UInt8] {
        Array(try await request.body.collect(upTo: 64 << 20).readableBytesView)
    }

    private func object(_ request: Request) async throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(try await body(request))) as? [String: Any])
    }

    private func grant(_ request: Request) async throws -> Response {
        let last = try #require(try await object(request)["last_epoch"] as? NSNumber).uint64Value
        let (epoch, regressed) = state.withLock { state in
            state.epoch = max(state.epoch, last) + 1
            state.nextSequence = 0
            state.epochsGranted += 1
            defer { state.regressed = false }
            return (state.epoch, state.regressed)
        }
        return try json(["epoch": epoch, "next_sequence": 0, "previous": NSNull(), "regressed": regressed])
    }

    private func lookUp(_ request: Request) async throws -> Response {
        let asked = try await object(request)
        let digests = try #require(asked["digests"] as? [String])
        let epoch = try #require(asked["epoch"] as? NSNumber).uint64Value
        let (live, known) = state.withLock { ($0.epoch, Set($0.counted.map(\.hex))) }
        guard epoch == live else { return try problem(.conflict, "fenced") }
        return try json(["counted": digests.map(known.contains)])
    }

    private func withNameBudgets(_ answer: [String: Any]) -> [String: Any] {
        let budgets = state.withLock(\.nameBudgets)
        return budgets.isEmpty ? answer : answer.merging(["name_budgets": budgets]) { $1 }
    }

    private func beat(_ request: Request) async throws -> Response {
        let heartbeat = try JSONDecoder().decode(ControlMessages.Heartbeat.self, from: Data(try await body(request)))
        let (live, next) = state.withLock { state in
            state.heartbeat = heartbeat
            state.heartbeats += 1
            return (state.epoch, state.nextSequence)
        }
        guard heartbeat.epoch == live else {
            return try problem(.conflict, heartbeat.epoch < live ? "fenced" : "unknown-epoch")
        }
        guard next >= heartbeat.nextSequence else { return try problem(.conflict, "gap", expected: next) }
        return try json(withNameBudgets(["next_sequence": next]))
    }

    private func take(_ request: Request) async throws -> Response {
        let bytes = try await body(request)
        let digest = BatchDigest(of: bytes)
        // swift-format-ignore: NeverForceUnwrap
        let stated = request.headers[HTTPField.Name("Content-Digest")!]
        #expect(stated == "sha-256=:\(Data(digest.bytes).base64EncodedString()):")
        // swift-format-ignore: NeverForceUnwrap
        let epoch = try #require(UInt64(request.headers[HTTPField.Name("Steelyard-Epoch")!] ?? ""))
        // swift-format-ignore: NeverForceUnwrap
        let sequence = try #require(UInt64(request.headers[HTTPField.Name("Steelyard-Sequence")!] ?? ""))
        let (header, rows) = try BatchDecoder().decode(bytes)
        let next = state.withLock { state -> Misbehaviour? in
            state.requests += 1
            state.lastKeys.append("\(epoch)/\(sequence)/\(digest.hex.prefix(8))")
            return state.misbehaviours.isEmpty ? nil : state.misbehaviours.removeFirst()
        }
        if case .answer(let status, let code, let retryAfter)? = next {
            var response = try problem(HTTPResponse.Status(code: status), code)
            if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
            return response
        }
        let verdict = count(digest, header, rows, epoch, sequence)
        if case .countThenFail? = next { return Response(status: .badGateway) }
        switch verdict {
        case .counted(let result, let next):
            return try json(withNameBudgets(["result": result, "next_sequence": next, "chain": "00"]))
        case .refused(let code, let expected): return try problem(.conflict, code, expected: expected)
        }
    }

    private enum Verdict: Sendable {
        case counted(String, UInt64)
        case refused(String, UInt64?)
    }

    private func count(
        _ digest: BatchDigest, _ header: BatchHeader, _ rows: UsageRows, _ epoch: UInt64, _ sequence: UInt64
    ) -> Verdict {
        state.withLock { state in
            guard epoch == state.epoch else { return .refused(epoch < state.epoch ? "fenced" : "unknown-epoch", nil) }
            if sequence < state.nextSequence {
                let counted = state.counted.contains(digest)
                return counted ? .counted("duplicate", state.nextSequence) : .refused("fork", nil)
            }
            guard sequence == state.nextSequence else { return .refused("gap", state.nextSequence) }
            state.nextSequence += 1
            state.counted.append(digest)
            state.events += header.eventCount
            state.input += rows.totals.input
            return .counted("counted", state.nextSequence)
        }
    }

    // MARK: Listening

    /// Runs `body` while listening with TLS 1.3 and required client certificates.
    ///
    /// - Parameter authority: signs the server's certificate and vouches for clients.
    func listening(
        _ directory: AuthorityDirectory, _ body: @escaping @Sendable (_ url: String) async throws -> Void
    ) async throws {
        let server = directory.leaf("server")
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(server.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: server.key, format: .pem)))
        tls.minimumTLSVersion = .tlsv13
        tls.trustRoots = .file(directory.certificate)
        tls.certificateVerification = .noHostnameVerification
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router(), server: try .tls(.http1(), tlsConfiguration: tls),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [application], logger: application.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                try await body("https://localhost:\(port)")
                break
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
