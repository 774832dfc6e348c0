import Foundation
import Identity
import Testing
import UsageModel

@Suite struct CollectorIdentityCertificateTests {
    static let identity = CollectorIdentity(trustDomain: "steelyard.local", provider: "volcengine", name: "bj-1")

    let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
    }

    @Test func `reads its own certificates as DER and PEM`() throws {
        let issued = try authority.issueCollector(Self.identity)
        #expect(try CollectorIdentity(certificateDER: issued.certificateDER) == Self.identity)
        #expect(try CollectorIdentity(certificatePEM: issued.certificatePEM) == Self.identity)
        #expect(
            try CollectorIdentity(certificateDER: issued.certificateDER, trustDomain: "steelyard.local")
                == Self.identity)
    }

    @Test func `takes the leaf of a chain`() throws {
        let issued = try authority.issueCollector(Self.identity)
        let chain = try issued.certificatePEM + authority.certificatePEM
        #expect(try CollectorIdentity(certificatePEM: chain) == Self.identity)
    }

    @Test func `accepts other kinds of names beside the one URI`() throws {
        var request = try LeafRequest.collector(Self.identity)
        request.dnsNames = ["collector.example"]
        request.addresses = ["192.0.2.7", "2001:db8::7"]
        request.purposes = [.clientAuth, .serverAuth]
        request.keyType = .p384
        let issued = try authority.issue(request)
        #expect(try CollectorIdentity(certificateDER: issued.certificateDER) == Self.identity)
    }

    /// A name for the table, what is done to a good request, and the code that must come of it.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: IdentityError.Code
        var change: @Sendable (inout LeafRequest) -> Void

        init(_ name: String, _ code: IdentityError.Code, _ change: @escaping @Sendable (inout LeafRequest) -> Void) {
            testDescription = name
            self.code = code
            self.change = change
        }
    }

    static let refusals: [Refusal] = [
        Refusal("no names at all, only a common name", .noURI) { request in
            request.commonName = identity.description
            request.uris = []
        },
        Refusal("a DNS name only", .noURI) { request in
            request.uris = []
            request.dnsNames = ["volcengine.example"]
        },
        Refusal("two URIs", .severalURIs) { $0.uris.append("spiffe://steelyard.local/provider/aliyun/collector/a") },
        Refusal("the same URI twice", .severalURIs) { $0.uris.append($0.uris[0]) },
        Refusal("another SPIFFE ID", .wrongForm) { $0.uris = ["spiffe://steelyard.local/ns/default/sa/collector"] },
        Refusal("an https URI", .wrongForm) { $0.uris = ["https://volcengine.example/collector/bj-1"] },
        Refusal("a provider that is no identifier", .badName) {
            $0.uris = ["spiffe://steelyard.local/provider/Volc_Engine/collector/a"]
        },
        Refusal("an authority", .isAuthority) { $0.isAuthority = true },
        Refusal("no extended key usage", .noClientAuth) { $0.purposes = [] },
        Refusal("a server's purpose only", .noClientAuth) { $0.purposes = [.serverAuth] },
    ]

    @Test(arguments: refusals)
    func `refuses a certificate that names no single collector of this domain`(_ refusal: Refusal) throws {
        var request = try LeafRequest.collector(Self.identity)
        refusal.change(&request)
        let issued = try authority.issue(request)
        #expect { try CollectorIdentity(certificateDER: issued.certificateDER) } throws: { error in
            (error as? IdentityError)?.code == refusal.code
        }
    }

    @Test func `refuses the authority itself`() throws {
        #expect { try CollectorIdentity(certificatePEM: authority.certificatePEM) } throws: { error in
            (error as? IdentityError)?.code == .isAuthority
        }
    }

    @Test func `refuses another trust domain`() throws {
        let issued = try authority.issueCollector(Self.identity)
        #expect {
            try CollectorIdentity(certificateDER: issued.certificateDER, trustDomain: "elsewhere.example")
        } throws: { error in
            (error as? IdentityError)?.code == .wrongTrustDomain
        }
    }

    @Test func `refuses every truncation of a certificate`() throws {
        let bytes = try authority.issueCollector(Self.identity).certificateDER
        for count in 0..<bytes.count {
            #expect { try CollectorIdentity(certificateDER: Array(bytes.prefix(count))) } throws: { error in
                (error as? IdentityError)?.code == .notACertificate
            }
        }
    }

    @Test(arguments: ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func `refuses what is no PEM certificate`(_ text: String) {
        #expect { try CollectorIdentity(certificatePEM: text) } throws: { error in
            (error as? IdentityError)?.code == .notACertificate
        }
    }
}
