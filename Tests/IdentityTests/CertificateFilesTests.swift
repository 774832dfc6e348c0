import Foundation
import Identity
import SwiftASN1
import Testing
import UsageModel

@Suite final class CertificateFilesTests {
    private let directory: AuthorityDirectory
    private let authority: CertificateAuthority
    private let leaf: (certificate: String, key: String)
    private let now = Date()

    init() throws {
        directory = AuthorityDirectory(NSTemporaryDirectory() + "steelyard-files-\(UUID().uuidString)")
        authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: directory)
        try authority.issueCollector(CertificateAuthorityFilesTests.identity).write(to: directory, name: "hz-1")
        leaf = directory.leaf("hz-1")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory.path) }

    private func chain() throws -> CertificateChain {
        try CertificateChain(certificateFile: leaf.certificate, keyFile: leaf.key)
    }

    private func fault(_ body: () throws -> Void) -> CertificateFault? {
        do {
            try body()
            return nil
        } catch {
            return error as? CertificateFault
        }
    }

    @Test func `what was issued has no fault`() throws {
        let chain = try chain()
        #expect(chain.faults(authorities: directory.certificate, now: now).isEmpty)
        try chain.checkNames(provider: "aliyun", collector: "hz-1")
        try CertificateChain.checkAuthorities(directory.certificate, now: now)
        #expect(chain.end > now)
    }

    @Test(arguments: [0o604, 0o602, 0o601, 0o640, 0o440, 0o610, 0o660, 0o644, 0o777])
    func `a key that others than its owner can open is refused with the remedy`(mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: leaf.key)
        let found = try #require(fault { _ = try chain() })
        #expect(found.file == leaf.key)
        #expect(found.message.contains("mode 0\(String(mode, radix: 8))"))
        #expect(found.remedy.contains("chmod 0600"))
    }

    @Test(arguments: [0o600, 0o400])
    func `a key that its owner alone reads is taken`(mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: leaf.key)
        _ = try chain()
    }

    @Test func `files that are missing or no certificate are named`() throws {
        let nothing = directory.path + "/nothing.pem"
        let noise = directory.path + "/noise.pem"
        try PrivateFile.write("noise", to: noise, for: .ownerOnly, overwriting: true)
        for file in [nothing, noise] {
            #expect(fault { _ = try CertificateChain(certificateFile: file, keyFile: leaf.key) }?.file == file)
            #expect(fault { _ = try CertificateChain(certificateFile: leaf.certificate, keyFile: file) }?.file == file)
            #expect(fault { try CertificateChain.checkAuthorities(file, now: now) }?.file == file)
        }
    }

    @Test func `a key of another certificate is named`() throws {
        try authority.issueCollector(CertificateAuthorityFilesTests.identity).write(to: directory, name: "other")
        let other = directory.leaf("other").key
        let found = fault { _ = try CertificateChain(certificateFile: leaf.certificate, keyFile: other) }
        #expect(found?.file == other)
        #expect(found?.message.contains("is not the key of the certificate in \(leaf.certificate)") == true)
    }

    @Test func `a certificate that has ended or not begun is told with the moment`() throws {
        let chain = try chain()
        let late = chain.faults(authorities: nil, now: now.addingTimeInterval(400 * 86_400))
        #expect(late.map(\.file) == [leaf.certificate])
        #expect(late.first?.message.contains("ended at") == true)
        let early = chain.faults(authorities: nil, now: now.addingTimeInterval(-86_400))
        #expect(early.first?.message.contains("begins at") == true)
    }

    @Test func `a certificate of another authority is told`() throws {
        let foreign = try CertificateAuthority.create(trustDomain: "steelyard.local")
        let elsewhere = AuthorityDirectory(directory.path + "/foreign")
        try foreign.write(to: elsewhere)
        let faults = try chain().faults(authorities: elsewhere.certificate, now: now)
        #expect(faults.count == 1)
        #expect(faults.first?.message.contains("isn't signed by an authority in \(elsewhere.certificate)") == true)
    }

    @Test func `a chain whose parts don't belong together is told`() throws {
        let foreign = try CertificateAuthority.create(trustDomain: "steelyard.local")
        let own = try PrivateFile.read(leaf.certificate, what: "it")
        for (issuer, isGood) in [(authority, true), (foreign, false)] {
            let text = own + (try issuer.certificatePEM)
            try PrivateFile.write(text, to: leaf.certificate, for: .everybody, overwriting: true)
            #expect(try chain().faults(authorities: nil, now: now).isEmpty == isGood)
        }
    }

    @Test func `a chain that the authority's path length doesn't allow is told`() throws {
        let own = AuthorityDirectory(directory.path + "/below")
        try belowAuthority().write(to: own)
        let below = try CertificateAuthority.load(from: own)
        try below.issueCollector(CertificateAuthorityFilesTests.identity, validity: below.validity(atMost: 30))
            .write(to: own, name: "hz-1")
        let leaf = own.leaf("hz-1")
        let text =
            try PrivateFile.read(leaf.certificate, what: "it") + PrivateFile.read(own.certificate, what: "it")
        try PrivateFile.write(text, to: leaf.certificate, for: .everybody, overwriting: true)
        let chain = try CertificateChain(certificateFile: leaf.certificate, keyFile: leaf.key)
        let faults = chain.faults(authorities: directory.certificate, now: now)
        #expect(faults.count == 1)
        #expect(faults.first?.message.contains("that allows 0 (path length)") == true)
    }

    @Test func `a peer from below an authority of path length 0 is not allowed, whatever TLS says`() throws {
        let anchors = try TrustAnchors(file: directory.certificate)
        let below = try belowAuthority()
        for (issuer, isAllowed) in [(authority, true), (below, false)] {
            let issued = try issuer.issueCollector(
                CertificateAuthorityFilesTests.identity, validity: issuer.validity(atMost: 30))
            let documents = try PEMDocument.parseMultiple(pemString: issued.certificatePEM)
            let leaf = try #require(documents.first)
            #expect(anchors.allow(leafDER: leaf.derBytes) == isAllowed)
        }
        #expect(!anchors.allow(leafDER: []))
        // An authority of somebody else's that says nothing of authorities below it may have them.
        try below.write(to: AuthorityDirectory(directory.path + "/theirs"))
        let theirs = try TrustAnchors(file: AuthorityDirectory(directory.path + "/theirs").certificate)
        let stranger = try authority.issueCollector(
            CertificateAuthorityFilesTests.identity, validity: authority.validity(atMost: 30))
        let documents = try PEMDocument.parseMultiple(pemString: stranger.certificatePEM)
        let leaf = try #require(documents.first)
        #expect(theirs.allow(leafDER: leaf.derBytes))
    }

    /// An authority that ours has signed, against its own path length of 0.
    private func belowAuthority() throws -> CertificateAuthority {
        var request = LeafRequest(commonName: "below", purposes: [.clientAuth])
        request.isAuthority = true
        let issued = try authority.issue(request)
        return try CertificateAuthority(certificatePEM: issued.certificatePEM, keyPEM: issued.privateKeyPEM)
    }

    @Test func `a collector's certificate must name the collector`() throws {
        let found = try #require(fault { try chain().checkNames(provider: "aliyun", collector: "hz-2") })
        #expect(found.message.contains("names the collector aliyun/hz-1, and the configuration aliyun/hz-2"))
        try authority.issueServer(names: ["localhost"]).write(to: directory, name: "server")
        let files = directory.leaf("server")
        let server = try CertificateChain(certificateFile: files.certificate, keyFile: files.key)
        #expect(fault { try server.checkNames(provider: "aliyun", collector: "hz-1") }?.file == files.certificate)
        try server.checkIsForServers()
        #expect(fault { try chain().checkIsForServers() }?.message.contains("serverAuth") == true)
    }

    @Test func `an authority's file holds an authority`() throws {
        let found = fault { try CertificateChain.checkAuthorities(leaf.certificate, now: now) }
        #expect(found?.message.contains("holds no authority's certificate") == true)
        let late = fault {
            try CertificateChain.checkAuthorities(directory.certificate, now: now.addingTimeInterval(20 * 365 * 86_400))
        }
        #expect(late?.message.contains("ended at") == true)
    }
}
