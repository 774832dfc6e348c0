import Foundation
import Testing
import UsageModel

@testable import Identity

@Suite struct ClientNamesTests {
    private func names(_ request: LeafRequest) throws -> [String] {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        let issued = try authority.issue(request)
        return ClientNames.all(inDER: try DER.bytes(ofPEM: issued.certificatePEM))
    }

    @Test func `DNS names and URIs count, the common name doesn't`() throws {
        let request = LeafRequest(
            commonName: "gateway", uris: ["spiffe://mesh/gateway"], dnsNames: ["gateway.example"],
            purposes: [.clientAuth])
        #expect(try Set(names(request)) == ["spiffe://mesh/gateway", "gateway.example"])
        #expect(try names(LeafRequest(commonName: "gateway", purposes: [.clientAuth])) == [])
    }

    @Test func `a certificate that no client may show names nobody`() throws {
        #expect(
            try names(LeafRequest(commonName: "x", dnsNames: ["gateway.example"], purposes: [.serverAuth])) == [])
        #expect(ClientNames.all(inDER: []) == [])
        #expect(ClientNames.all(inDER: Array("no certificate".utf8)) == [])
    }

    private enum DER {
        static func bytes(ofPEM text: String) throws -> [UInt8] {
            let lines = text.split(separator: "\n")
            let end = try #require(lines.firstIndex { $0.hasPrefix("-----END") })
            return Array(try #require(Data(base64Encoded: lines[1..<end].joined())))
        }
    }
}
