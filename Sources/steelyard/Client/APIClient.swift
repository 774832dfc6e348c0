internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import UsageModel

/// An answer whose body has been read whole.
struct ReceivedResponse: Sendable {
    var status: Int
    var contentType: String
    var body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    func decoded<Value: Decodable>(_ type: Value.Type) throws(CommandError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw CommandError(
                .failure, "the server's answer can't be understood (\(error)); is it another version of Steelyard?")
        }
    }
}

/// Speaks HTTP to the query API, and turns every refusal into a ``CommandError``.
struct APIClient: Sendable {
    /// The largest answer that is read, in bytes.
    static let maxBodyBytes = 512 << 20
    /// How long an answer may take, beyond the server's own 30 s of `wait-for`.
    static let timeout = TimeAmount.seconds(120)
    /// How long a question that waits for its position goes on being asked, over all its tries.
    static let maxWait = Duration.seconds(600)
    /// The pause before it is asked again: what the server's `Retry-After` says.
    static let retryDelay = Duration.seconds(1)

    let connection: Connection
    private let http: HTTPClient

    /// Runs `body` with a client that is shut down afterwards.
    static func with<Value>(
        _ options: ConnectionOptions, _ body: (APIClient) async throws -> Value
    ) async throws -> Value {
        let connection = try Connection.resolve(options)
        return try await HTTPClients.with(caFile: connection.caFile) { http in
            try await body(APIClient(connection: connection, http: http))
        }
    }

    func get(_ path: String, _ query: [(String, String?)] = [], accept: String = "application/json") async throws
        -> ReceivedResponse
    {
        try await send(.GET, path, query: query, accept: accept)
    }

    /// The answer to a request.
    ///
    /// - Throws: ``CommandError`` for every refusal, too.
    func send(
        _ method: HTTPMethod, _ path: String, query: [(String, String?)] = [], accept: String = "application/json",
        contentType: String? = nil, body: [UInt8]? = nil
    ) async throws -> ReceivedResponse {
        let response = try await exchange(
            method, path, query: query, accept: accept, contentType: contentType, body: body)
        guard response.isSuccess else { throw Problem.error(for: response, asking: path) }
        return response
    }

    /// The same, which gives refusals back.
    func exchange(
        _ method: HTTPMethod, _ path: String, query: [(String, String?)] = [], accept: String = "application/json",
        contentType: String? = nil, body: [UInt8]? = nil
    ) async throws -> ReceivedResponse {
        var request = HTTPClientRequest(url: connection.baseURL + path + Self.encoded(query))
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(connection.token)")
        request.headers.add(name: "Accept", value: "\(accept), application/problem+json;q=0.5")
        request.headers.add(name: "User-Agent", value: "steelyard/\(SoftwareVersion.text)")
        if let contentType { request.headers.add(name: "Content-Type", value: contentType) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let deadline = ContinuousClock.now + Self.maxWait
        while true {
            let response = try await HTTPClients.execute(
                request, on: http, timeout: Self.timeout, maxBodyBytes: Self.maxBodyBytes)
            guard Problem.isStillCounting(response), ContinuousClock.now < deadline else { return response }
            try await Task.sleep(for: Self.retryDelay)
        }
    }

    /// `?a=b&c=d` of the parameters that have a value, with everything escaped that isn't unreserved.
    static func encoded(_ query: [(String, String?)]) -> String {
        var unreserved = CharacterSet()
        unreserved.insert(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        let pairs = query.compactMap { name, value -> String? in
            guard let value else { return nil }
            return "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "")"
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}

/// Makes clients and runs single requests on them.
enum HTTPClients {
    static let connectTimeout = TimeAmount.seconds(10)

    /// Runs `body` with a client that is shut down afterwards, however `body` ends.
    static func with<Value>(
        caFile: String? = nil, _ body: (HTTPClient) async throws -> Value
    ) async throws -> Value {
        let http = try make(caFile: caFile)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(http))
        } catch {
            result = .failure(error)
        }
        try? await http.shutdown()
        return try result.get()
    }

    private static func make(caFile: String?) throws(CommandError) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = connectTimeout
        // One try says what is wrong; its own retries would hide that until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        if let caFile {
            do {
                var tls = TLSConfiguration.makeClientConfiguration()
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
                configuration.tlsConfiguration = tls
            } catch {
                throw CommandError(.failure, "--ca-file \(caFile) can't be read as PEM certificates: \(error)")
            }
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    static func execute(
        _ request: HTTPClientRequest, on http: HTTPClient, timeout: TimeAmount, maxBodyBytes: Int
    ) async throws -> ReceivedResponse {
        do {
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: maxBodyBytes)
            return ReceivedResponse(
                status: Int(response.status.code), contentType: response.headers.first(name: "Content-Type") ?? "",
                body: Array(body.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw unreachable(request.url, said: "\(error)")
        }
    }

    /// - Parameter said: the error as the TLS or network layer describes it.
    static func unreachable(_ url: String, said: String) -> CommandError {
        // BoringSSL's own word for a chain that can't be verified, whatever the reason; the error's type doesn't tell.
        if said.contains("CERTIFICATE_VERIFY_FAILED") {
            return CommandError(
                .unreachable,
                "the certificate of \(origin(of: url)) can't be verified (\(said)): it has ended or not begun, or comes from "
                    + "no authority that is trusted here; check its dates, and name the PEM file of its authority with "
                    + "--ca-file")
        }
        return CommandError(
            .unreachable,
            "nothing that can be talked to answers at \(origin(of: url)) (\(said)); is it running, and is the address "
                + "right?")
    }

    private static func origin(of url: String) -> String {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.host else {
            return url
        }
        return "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")"
    }
}
