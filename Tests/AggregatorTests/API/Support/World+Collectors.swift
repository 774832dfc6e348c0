import Aggregator
import BatchFormat
import Foundation
import Identity
import NIOSSL
import Store
import UsageModel

extension World {
    func identity(_ provider: String = "volcengine", _ name: String = "edge-1") -> CollectorIdentity {
        CollectorIdentity(trustDomain: Self.trustDomain, provider: provider, name: name)
    }

    /// TLS for a client that trusts the world's server and shows a certificate, or none.
    func tls(_ issued: IssuedCertificate?) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(authority.certificatePEM.utf8)))
        if let issued {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(issued.certificatePEM.utf8))
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(issued.privateKeyPEM.utf8), format: .pem))
        }
        return configuration
    }

    /// Runs `body` as a collector over mutual TLS.
    func asCollector<Value: Sendable>(
        _ identity: CollectorIdentity? = nil, isHTTP1Only: Bool = false,
        _ body: @Sendable (TestClient) async throws -> Value
    ) async throws -> Value {
        let issued = try authority.issueCollector(identity ?? self.identity())
        return try await TestClient.with(ingest, tls: try tls(issued), isHTTP1Only: isHTTP1Only, body)
    }

    /// Runs `body` as somebody on the query listener.
    func asCaller<Value: Sendable>(_ body: @Sendable (TestClient) async throws -> Value) async throws -> Value {
        try await TestClient.with(query, body)
    }

    func token(_ role: TokenRole, provider: String? = nil, holder: String? = nil) async throws -> String {
        try await TokenService(store: store, clock: clock)
            .create(role: role, provider: provider, holder: holder, by: "test").text
    }
}

extension TestClient {
    static let spool = String(repeating: "ab", count: 16)

    /// Opens an epoch and returns its number.
    func openEpoch(last: Int = 0, lastNext: Int = 0) async throws -> Int {
        let reply = try await postJSON(
            "/v1/epochs",
            "{\"spool_id\":\"\(Self.spool)\",\"software_version\":\"1.0\",\"last_epoch\":\(last),\"last_next_sequence\":\(lastNext)}"
        )
        return try reply.json()["epoch"] as? Int ?? -reply.status
    }

    func postJSON(_ path: String, _ json: String, token: String? = nil) async throws -> Reply {
        var headers = [("Content-Type", "application/json")]
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        return try await send("POST", path, headers: headers, body: Array(json.utf8))
    }

    func sendBatch(
        _ bytes: [UInt8], epoch: Int, sequence: Int, digest: BatchDigest? = nil, changing: [(String, String)] = []
    ) async throws -> Reply {
        let sum = (digest ?? BatchDigest(of: bytes)).bytes
        var headers = [
            "Content-Type": "application/x-protobuf", "Content-Encoding": "zstd",
            "Content-Digest": "sha-256=:\(Data(sum).base64EncodedString()):", "Steelyard-Epoch": "\(epoch)",
            "Steelyard-Sequence": "\(sequence)",
        ]
        for (name, value) in changing { headers[name] = value }
        return try await send("POST", "/v1/batches", headers: headers.map { ($0.key, $0.value) }, body: bytes)
    }
}

/// Makes batches.
struct Batches {
    var provider = "volcengine"
    var collector = "edge-1"

    /// 2025-06-15T04:00Z, in minutes: noon of that day in Shanghai.
    static let june: Int64 = 29_166_000
    /// The same a month before.
    static let may: Int64 = june - 31 * 1_440

    /// One row for one tenant: `tokens` of input and a tenth of output.
    func seal(
        _ spoolSequence: UInt64, tenant: String = "acme", tokens: UInt64 = 1_000, minute: Int64 = Batches.june,
        model: String = "doubao-pro"
    ) throws -> [UInt8] {
        try seal(
            spoolSequence,
            UsageRows(
                tenants: [tenant], models: [model], regions: ["cn-beijing"],
                rows: [
                    UsageRow(
                        minute: minute, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online,
                        modality: .text, counts: TokenCounts(requests: 1, input: tokens, output: tokens / 10))
                ]))
    }

    func seal(_ spoolSequence: UInt64, _ rows: UsageRows) throws -> [UInt8] {
        let spool = SpoolID(hex: TestClient.spool) ?? SpoolID(bytes: Array(repeating: 0, count: 16))
        guard let spool else { throw BatchError(.badHeader, "no spool id") }
        let requests = rows.grossTotals.requests
        let header = BatchHeader(
            provider: provider, collector: collector, spoolID: spool, spoolSequence: spoolSequence,
            sealedAtMilliseconds: 1_751_000_000_000, softwareVersion: "1.0", eventCount: UInt64(requests))
        return try BatchEncoder().seal(header, rows).bytes
    }
}
