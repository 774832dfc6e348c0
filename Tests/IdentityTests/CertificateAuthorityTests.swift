import Crypto
import Foundation
import Identity
import SwiftASN1
import Testing
import UsageModel
@_spi(FixedExpiryValidationTime) import X509

@Suite struct CertificateAuthorityTests {
    static let identity = CollectorIdentity(trustDomain: "steelyard.local", provider: "aliyun", name: "hz-1")

    /// What X.509 path validation says about a leaf under this authority at a moment.
    static func isTrusted(
        _ issued: IssuedCertificate, by authority: CertificateAuthority, at moment: Date = Date()
    ) async throws -> Bool {
        let roots = CertificateStore([authority.certificate])
        let leaf = try Certificate(derEncoded: issued.certificateDER)
        var verifier = Verifier(rootCertificates: roots) { RFC5280Policy(fixedExpiryValidationTime: moment) }
        if case .validCertificate = await verifier.validate(leaf: leaf, intermediates: CertificateStore()) {
            return true
        }
        return false
    }

    @Test(arguments: KeyType.allCases)
    func `issues what path validation accepts`(_ keyType: KeyType) async throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local", keyType: keyType)
        let collector = try authority.issueCollector(Self.identity)
        let server = try authority.issueServer(names: ["localhost", "127.0.0.1", "::1"])
        #expect(try await Self.isTrusted(collector, by: authority))
        #expect(try await Self.isTrusted(server, by: authority))
    }

    @Test func `mints certificates that must be refused`() async throws {
        let now = Date()
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        let foreign = try CertificateAuthority.create(trustDomain: "steelyard.local")
        let expired = try authority.issueCollector(
            Self.identity, validity: CertificateValidity(notBefore: now, notAfter: now + 60))
        let early = try authority.issueCollector(
            Self.identity, validity: CertificateValidity(notBefore: now + 3_600, notAfter: now + 7_200))
        let elsewhere = try foreign.issueCollector(Self.identity)
        #expect(try await Self.isTrusted(expired, by: authority, at: now + 30))
        #expect(try await !Self.isTrusted(expired, by: authority, at: now + 90))
        #expect(try await !Self.isTrusted(early, by: authority, at: now))
        #expect(try await !Self.isTrusted(elsewhere, by: authority, at: now))
    }

    @Test func `says what it is in its extensions`() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local", isConstrained: true)
        let extensions = authority.certificate.extensions
        #expect(try extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
        #expect(try extensions.keyUsage?.keyCertSign == true)
        #expect(try extensions.nameConstraints?.permittedSubtrees == [.uniformResourceIdentifier("steelyard.local")])
    }

    @Test func `bounds the validity it issues`() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        for days in [0, -1, CertificateValidity.maxDays + 2] {
            let validity = CertificateValidity.days(days, from: Date(timeIntervalSinceNow: days == 0 ? -600 : 0))
            let isBackwards = validity.notBefore >= validity.notAfter || days > CertificateValidity.maxDays
            guard isBackwards else { continue }
            #expect { try authority.issueCollector(Self.identity, validity: validity) } throws: { error in
                (error as? IdentityError)?.code == .badValidity
            }
        }
        #expect { try authority.issueServer(names: []) } throws: { ($0 as? IdentityError)?.code == .badServerName }
    }

    @Test func `a leaf does not outlive its authority`() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local", validity: .days(10))
        #expect { try authority.issueCollector(Self.identity, validity: .days(11)) } throws: { error in
            (error as? IdentityError)?.code == .badValidity
        }
        let cut = try authority.issueCollector(Self.identity, validity: authority.validity(atMost: 11))
        let leaf = try Certificate(derEncoded: cut.certificateDER)
        #expect(leaf.notValidAfter == authority.certificate.notValidAfter)

        let now = Date()
        let past = CertificateValidity(notBefore: now - 7_200, notAfter: now - 3_600)
        let ended = try CertificateAuthority.create(trustDomain: "steelyard.local", validity: past)
        #expect { try ended.issueCollector(Self.identity, validity: past) } throws: { error in
            (error as? IdentityError)?.message.contains("the authority ended on") == true
        }
    }

    @Test(arguments: ["", "Host", "a_b.example", "-a.example", "300.1.1.1", "1.2.3", "*.x", "a..b", "host:443", "a b"])
    func `refuses bad server names`(_ name: String) throws {
        #expect { try LeafRequest.server(names: [name]) } throws: { ($0 as? IdentityError)?.code == .badServerName }
    }

    @Test func `tells DNS names from addresses`() throws {
        let request = try LeafRequest.server(names: ["localhost", "*.example.com", "127.0.0.1", "::1"])
        #expect(request.dnsNames == ["localhost", "*.example.com"])
        #expect(request.addresses == ["127.0.0.1", "::1"])
        #expect(request.commonName == "localhost")
    }

    @Test func `refuses bad trust domains and identities`() {
        #expect { try CertificateAuthority.create(trustDomain: "Steel Yard") } throws: {
            ($0 as? IdentityError)?.code == .badName
        }
        let nobody = CollectorIdentity(trustDomain: "steelyard.local", provider: "../x", name: "a")
        #expect { try LeafRequest.collector(nobody) } throws: { ($0 as? IdentityError)?.code == .badName }
    }
}
