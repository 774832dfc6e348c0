import AsyncHTTPClient
import Foundation
import HTTPSupport
import Identity
import NIOSSL
import Reporting
import Store
import Testing
import UsageModel

@testable import Aggregator

/// Who gets through the ingest listener's handshake, and who only gets a 403.
@Suite struct ClientCertificateTests {
    @Test func `ends the handshake of strangers`() async throws {
        try await World.with { world in
            let foreign = try CertificateAuthority.create(trustDomain: World.trustDomain)
            let past = CertificateValidity(
                notBefore: Date(timeIntervalSinceNow: -7_200), notAfter: Date(timeIntervalSinceNow: -3_600))
            let future = CertificateValidity(
                notBefore: Date(timeIntervalSinceNow: 3_600), notAfter: Date(timeIntervalSinceNow: 7_200))
            let strangers: [(String, IssuedCertificate?)] = [
                ("no certificate", nil),
                ("foreign authority", try foreign.issueCollector(world.identity())),
                ("expired", try world.authority.issueCollector(world.identity(), validity: past)),
                ("not valid yet", try world.authority.issueCollector(world.identity(), validity: future)),
            ]
            for (name, issued) in strangers {
                let isRefused = try await TestClient.with(world.ingest, tls: try world.tls(issued)) { client in
                    do {
                        _ = try await client.openEpoch()
                        return false
                    } catch {
                        return true
                    }
                }
                #expect(isRefused, "\(name)")
            }
            #expect(try await world.store.snapshot { try $0.collectors(visibility: .everything) }.isEmpty)
        }
    }

    @Test func `answers 403 to certificates that name no single collector of this domain`() async throws {
        try await World.with { world in
            let uri = world.identity().description
            var other = world.identity()
            other.trustDomain = "elsewhere.example"
            let cases: [(String, LeafRequest)] = [
                ("two URIs", LeafRequest(commonName: "x", uris: [uri, uri + "b"], purposes: [.clientAuth])),
                ("no URI", LeafRequest(commonName: "edge-1", purposes: [.clientAuth])),
                ("another trust domain", try .collector(other)),
                (
                    "another form",
                    LeafRequest(commonName: "x", uris: ["spiffe://steelyard.local/admin"], purposes: [.clientAuth])
                ),
            ]
            for (name, request) in cases {
                let issued = try world.authority.issue(request)
                let reply = try await TestClient.with(world.ingest, tls: try world.tls(issued)) { client in
                    try await client.postJSON(
                        "/v1/epochs", "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1.0\"}")
                }
                #expect((reply.status, reply.code) == (403, "wrong-identity"), "\(name)")
            }
            #expect(try await world.store.snapshot { try $0.collectors(visibility: .everything) }.isEmpty)
        }
    }

    /// Certificates of our own authority, or of nobody's, that are no collector's: the handshake or the first request
    /// ends.
    @Test func `lets no unfit certificate through`() async throws {
        try await World.with { world in
            let good = try LeafRequest.collector(world.identity())
            func changed(_ change: (inout LeafRequest) -> Void) throws -> IssuedCertificate {
                var request = good
                change(&request)
                return try world.authority.issue(request)
            }
            let other = try CertificateAuthority.create(trustDomain: World.trustDomain)
            let uri = world.identity().description
            let cases: [(String, IssuedCertificate)] = [
                ("a server's purpose", try changed { $0.purposes = [.serverAuth] }),
                ("no purpose", try changed { $0.purposes = [] }),
                ("an authority's", try changed { $0.isAuthority = true }),
                ("a common name alone", try changed { $0.uris = [] }),
                ("a DNS name alone", try changed { ($0.uris, $0.dnsNames) = ([], ["edge-1.example"]) }),
                ("two URIs", try changed { $0.uris = [uri, uri] }),
                (
                    "two URIs, one of another provider",
                    try changed { $0.uris.append(uri.replacing("volcengine", with: "aliyun")) }
                ),
                ("a URI with a query", try changed { $0.uris = [uri + "?x"] }),
                ("a URI with a fragment", try changed { $0.uris = [uri + "#x"] }),
                ("a URI with a port", try changed { $0.uris = [uri.replacing(".local/", with: ".local:1/")] }),
                ("a URI with a user", try changed { $0.uris = [uri.replacing("://", with: "://me@")] }),
                ("a URI in capitals", try changed { $0.uris = [uri.uppercased()] }),
                ("a URI that goes up", try changed { $0.uris = [uri + "/../edge-2"] }),
                ("a URI in escapes", try changed { $0.uris = [uri.replacing("edge", with: "%65dge")] }),
                ("a URI that ends in a slash", try changed { $0.uris = [uri + "/"] }),
                ("a URI of another scheme", try changed { $0.uris = [uri.replacing("spiffe", with: "https")] }),
                ("a URI with a line end", try changed { $0.uris = [uri + "\n"] }),
                ("an empty URI", try changed { $0.uris = [""] }),
                ("ours, signed by nobody that we know", try other.issue(good)),
                (
                    "of a domain that begins like ours",
                    try changed { $0.uris = [uri.replacing(".local", with: ".local.example")] }
                ),
            ]
            for (name, issued) in cases {
                let status = try? await TestClient.with(world.ingest, tls: try world.tls(issued)) { client in
                    try await client.postJSON(
                        "/v1/epochs", "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1.0\"}"
                    ).status
                }
                #expect(status == nil || status == 403, "\(name): \(status ?? 0)")
            }
            #expect(try await world.store.snapshot { try $0.collectors(visibility: .everything) }.isEmpty)
        }
    }

    @Test func `takes no identity from headers`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                let reply = try await client.send(
                    "POST", "/v1/epochs",
                    headers: [
                        ("Content-Type", "application/json"),
                        ("X-Forwarded-Client-Cert", "URI=spiffe://steelyard.local/provider/aliyun/collector/edge-9"),
                        ("X-Forwarded-For", "10.0.0.1"),
                    ],
                    body: Array("{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1.0\"}".utf8))
                #expect(reply.status == 200)
            }
            let collectors = try await world.store.snapshot { try $0.collectors(visibility: .everything) }
            #expect(collectors.map(\.provider) == ["volcengine"])
        }
    }

    @Test func `speaks nothing older than TLS 1.3`() async throws {
        try await World.with { world in
            var tls = try world.tls(try world.authority.issueCollector(world.identity()))
            tls.maximumTLSVersion = .tlsv12
            let isRefused = try await TestClient.with(world.ingest, tls: tls) { client in
                do {
                    _ = try await client.openEpoch()
                    return false
                } catch {
                    return true
                }
            }
            #expect(isRefused)
        }
    }

    /// The authority's certificate allows no authority below it, and a collector's is none at all.
    @Test func `takes no chain with an authority below ours, or with a leaf in its place`() async throws {
        try await World.with { world in
            var request = try LeafRequest.collector(world.identity())
            var chains: [(String, IssuedCertificate)] = []
            for isAuthority in [true, false] {
                request.isAuthority = isAuthority
                let issuer = try world.authority.issue(request)
                let below = try CertificateAuthority(unchecked: issuer)
                var issued = try below.issueCollector(world.identity(), validity: below.validity(atMost: 30))
                issued.certificatePEM += issuer.certificatePEM
                chains.append((isAuthority ? "beyond the path length" : "signed by a leaf", issued))
            }
            for (name, issued) in chains {
                let isRefused = try await TestClient.with(world.ingest, tls: try world.tls(issued)) { client in
                    do {
                        _ = try await client.openEpoch()
                        return false
                    } catch {
                        return true
                    }
                }
                #expect(isRefused, "\(name)")
            }
            #expect(try await world.store.snapshot { try $0.collectors(visibility: .everything) }.isEmpty)
            let text = try await metrics(of: world)
            let failed = text.split(separator: "\n").contains { line in
                line.hasPrefix(
                    "steelyard_aggregator_handshake_failures_total{listener=\"ingest\",reason=\"certificate-verify-failed\"}"
                )
                    && !line.hasSuffix(" 0")
            }
            #expect(failed, "failed handshakes are counted")
        }
    }

    @Test func `failed handshakes and every outcome are in the metrics from the start`() async throws {
        try await World.with { world in
            let text = try await metrics(of: world)
            for reason in HandshakeWitness.reasons {
                #expect(
                    text.contains(
                        "steelyard_aggregator_handshake_failures_total{listener=\"ingest\",reason=\"\(reason)\"} 0\n"))
            }
            for outcome in BatchOutcome.names {
                #expect(text.contains("steelyard_aggregator_batches_total{outcome=\"\(outcome)\"} 0\n"), "\(outcome)")
            }
            #expect(text.contains("steelyard_aggregator_quarantine_dropped_batches_total 0\n"))
            let labels = "{listener=\"query\",route=\"/v1/tokens/{id}/rotation\",status=\"500\"}"
            #expect(text.contains("steelyard_aggregator_requests_total\(labels) 0\n"))
        }
    }

    private func metrics(of world: World) async throws -> String {
        let token = try await world.token(.operator)
        return try await world.asCaller { client in
            String(decoding: try await client.get("/metrics", token: token).body, as: UTF8.self)
        }
    }
}
