import AsyncHTTPClient
import Foundation
import HTTPSupport
import Identity
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Postgres
import ServiceLifecycle
import Settings
import Store
import Synchronization
import TestSupport
import UsageModel

@testable import Aggregator

/// A clock that tests set.
final class SetClock: WallClock {
    private let now: Mutex<Int64>

    /// 2025-07-02T00:00:00Z unless told otherwise.
    init(_ milliseconds: Int64 = 1_751_414_400_000) { now = Mutex(milliseconds) }

    func nowMilliseconds() -> Int64 { now.withLock { $0 } }
    func advance(seconds: Int64) { now.withLock { $0 += seconds * 1_000 } }
}

/// A running aggregator: real listeners, real TLS, a database of its own.
struct World: Sendable {
    let directory: String
    let authority: CertificateAuthority
    let database: TestDatabase
    let store: Store
    let clock: SetClock
    let ingest: String
    let query: String
    /// The listener of `metrics.listen`, where it is set.
    let metrics: String?

    static let trustDomain = "steelyard.local"

    static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// Runs `body` beside an aggregator.
    static func with(
        overrides: [String] = [], clock: SetClock = SetClock(), _ body: @Sendable (World) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with("service") { directory in
            try await TestDatabase.withDatabase(like: try template()) { database in
                let authority = try CertificateAuthority.create(trustDomain: trustDomain)
                try writeCertificates(authority, to: directory)
                try await run(directory, authority, database, overrides: overrides, clock: clock, body)
            }
        }
    }

    /// What an aggregator's own migration would give, which is not what these tests are about.
    private static func template() throws -> DatabaseTemplate {
        struct NoZone: Error {}
        guard let calendar = ZoneRules(identifier: "Asia/Shanghai") else { throw NoZone() }
        return .prepared(calendar: calendar)
    }

    /// Runs `body` beside one more aggregator on the same database and with the same authority.
    func withAnother(_ body: @Sendable (World) async throws -> Void) async throws {
        try await Self.run(directory, authority, database, overrides: [], clock: clock, body)
    }

    private static func run(
        _ directory: String, _ authority: CertificateAuthority, _ database: TestDatabase, overrides: [String],
        clock: SetClock, _ body: @Sendable (World) async throws -> Void
    ) async throws {
        let configuration = try configuration(directory, database, overrides: overrides)
        let daemon = try AggregatorDaemon(configuration, clock: clock, logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: daemon.services().map { .init(service: $0) }, logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let failure = Mutex<(any Error)?>(nil)
            tasks.addTask {
                do {
                    try await group.run()
                } catch {
                    failure.withLock { $0 = error }
                    throw error
                }
            }
            let listeners = configuration.metricsAddress == nil ? 2 : 3
            try await waitUntil("all listeners") {
                daemon.listening.addresses.count == listeners || failure.withLock { $0 != nil }
            }
            if let error = failure.withLock({ $0 }) { throw error }
            let addresses = daemon.listening.addresses
            let world = World(
                directory: directory, authority: authority, database: database, store: daemon.store, clock: clock,
                ingest: "https://\(addresses["ingest"] ?? "")", query: "http://\(addresses["query"] ?? "")",
                metrics: addresses["metrics"].map { "http://\($0)" })
            do {
                try await body(world)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        await daemon.close()
    }

    /// Leaves the application's restriction alone between callers and other providers' figures.
    static let acceptsWithoutReader = "database.accept-visibility-without-row-security=true"

    static func configuration(
        _ directory: String, _ database: TestDatabase, overrides: [String] = []
    ) throws -> AggregatorSettings {
        let yaml = """
            ingest:
              listen: 127.0.0.1:0
              certificate-file: server.pem
              key-file: server-key.pem
              client-ca-file: ca.pem
            query:
              listen: 127.0.0.1:0
            database:
              migrate: true
            listening-file: listening.json
            """
        let names = ["database.reader-url=", "\(acceptsWithoutReader)"]
        let isSaid = overrides.contains { override in names.contains { override.hasPrefix($0) } }
        let reader = isSaid ? [] : ["database.reader-url=\(database.readerConnectionString)"]
        let settings = try AggregatorKeys.schema.load(
            yaml: yaml, file: "\(directory)/aggregator.yaml",
            overrides: ["database.url=\(database.connectionString)"] + reader + overrides, environment: [:])
        return try AggregatorSettings(settings)
    }

    private static func writeCertificates(_ authority: CertificateAuthority, to directory: String) throws {
        let server = try authority.issueServer(names: ["127.0.0.1", "localhost"])
        for (name, text) in [
            ("ca.pem", try authority.certificatePEM), ("server.pem", server.certificatePEM),
            ("server-key.pem", server.privateKeyPEM),
        ] {
            try PrivateFile.write(text, to: "\(directory)/\(name)", for: .ownerOnly, overwriting: true)
        }
    }
}

/// An answer, read whole.
struct Reply: Sendable {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    var version: String

    var text: String { String(decoding: body, as: UTF8.self) }
    var contentType: String { headers["content-type"] ?? "" }

    /// The body as a JSON object.
    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    }

    /// `code` of problem details.
    var code: String { (try? json()["code"] as? String) ?? "" }
}

/// An HTTP client that is shut down when it is no longer needed.
struct TestClient: Sendable {
    let base: String
    let client: HTTPClient

    static func with<Value: Sendable>(
        _ base: String, tls: TLSConfiguration? = nil, isHTTP1Only: Bool = false,
        _ body: @Sendable (TestClient) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = isHTTP1Only ? .http1Only : .automatic
        configuration.timeout = .init(connect: .seconds(60))
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let value = try await body(TestClient(base: base, client: client))
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: base + path)
        request.method = .RAW(value: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await client.execute(request, timeout: .seconds(120))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        let pairs = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Reply(
            status: Int(response.status.code), headers: Dictionary(pairs) { first, _ in first },
            body: Array(bytes.readableBytesView), version: "\(response.version)")
    }

    func get(_ path: String, token: String? = nil, accept: String? = nil) async throws -> Reply {
        var headers: [(String, String)] = []
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if let accept { headers.append(("Accept", accept)) }
        return try await send("GET", path, headers: headers)
    }
}
