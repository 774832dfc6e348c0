internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// An answer with its body read.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }

    package func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }

    /// The problem details' `code`, or empty where the answer holds none.
    package var problemCode: String {
        struct Problem: Decodable { var code: String? }
        return (try? decoded(Problem.self))?.code ?? ""
    }
}

/// The few things the tests ask of HTTP.
package struct HTTPCaller: Sendable {
    private static let maxBodyBytes = 64 << 20
    private let owned: OwnedClient?
    private var client: HTTPClient { owned?.client ?? HTTPClient.shared }

    /// Shuts its client down when a test that failed didn't.
    private final class OwnedClient: Sendable {
        let client: HTTPClient

        init(_ client: HTTPClient) { self.client = client }

        deinit { client.shutdown { _ in } }
    }

    /// For plain HTTP on this machine.
    package init() {
        owned = nil
    }

    /// For plain HTTP to a server that may be dead: one attempt to connect, no second.
    package static let impatient: HTTPCaller = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(1)
        return HTTPCaller(configuration)
    }()

    private init(_ configuration: HTTPClient.Configuration) {
        owned = OwnedClient(HTTPClient(configuration: configuration))
    }

    /// For TLS 1.3 with a client certificate, or without one. Call ``shutdown()`` when done.
    package init(authorityFile: String, certificate: (certificate: String, key: String)?) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.trustRoots = .file(authorityFile)
        if let certificate {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate.certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        owned = OwnedClient(HTTPClient(configuration: configuration))
    }

    package func shutdown() async throws {
        try await owned?.client.shutdown()
    }

    package func get(_ url: String, token: String? = nil, accept: String = "application/json") async throws
        -> HTTPAnswer
    {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Accept", value: accept)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return try await run(request)
    }

    package func post(_ url: String, headers: [(String, String)], body: [UInt8]) async throws -> HTTPAnswer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(body)
        return try await run(request)
    }

    private func run(_ request: HTTPClientRequest) async throws -> HTTPAnswer {
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: Self.maxBodyBytes)
        var headers: [String: String] = [:]
        for header in response.headers { headers[header.name.lowercased()] = header.value }
        return HTTPAnswer(status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView))
    }
}
