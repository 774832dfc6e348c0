import Foundation
import Identity
import Testing
import UsageModel

@Suite struct CertificateAuthorityFilesTests: ~Copyable {
    static let identity = CollectorIdentity(trustDomain: "steelyard.local", provider: "aliyun", name: "hz-1")

    let directory: AuthorityDirectory

    init() {
        directory = AuthorityDirectory(NSTemporaryDirectory() + "steelyard-identity-\(UUID().uuidString)")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory.path) }

    func mode(of path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        return try #require(value).intValue
    }

    @Test func `an authority comes back from its directory`() throws {
        let made = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try made.write(to: directory)
        let loaded = try CertificateAuthority.load(from: directory)
        #expect(loaded.certificate == made.certificate)
        let issued = try loaded.issueCollector(Self.identity)
        #expect(try CollectorIdentity(certificateDER: issued.certificateDER) == Self.identity)
    }

    @Test func `keys are for their owner only`() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: directory)
        try authority.issueCollector(Self.identity).write(to: directory, name: "hz-1")
        #expect(try mode(of: directory.key) == 0o600)
        #expect(try mode(of: directory.leaf("hz-1").key) == 0o600)
        #expect(try mode(of: directory.path) == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 4, "nothing half-written")
    }

    @Test func `nothing is overwritten unless said`() throws {
        let first = try CertificateAuthority.create(trustDomain: "steelyard.local")
        let second = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try first.write(to: directory)
        #expect { try second.write(to: directory) } throws: { ($0 as? IdentityError)?.code == .fileExists }
        #expect(try CertificateAuthority.load(from: directory).certificate == first.certificate)
        try second.write(to: directory, overwriting: true)
        #expect(try CertificateAuthority.load(from: directory).certificate == second.certificate)

        let leaf = try second.issueCollector(Self.identity)
        try leaf.write(to: directory, name: "hz-1")
        #expect { try leaf.write(to: directory, name: "hz-1") } throws: { ($0 as? IdentityError)?.code == .fileExists }
        try leaf.write(to: directory, name: "hz-1", overwriting: true)
    }

    /// Names of leaves whose files would be the authority's, or another leaf's key.
    @Test(arguments: ["ca", "ca-key"])
    func `the authority is never overwritten`(name: String) throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: directory)
        let before = try [directory.certificate, directory.key].map { try String(contentsOfFile: $0, encoding: .utf8) }
        let issued = try authority.issueServer(names: [name])
        for overwriting in [false, true] {
            #expect {
                try issued.write(to: directory, name: name, overwriting: overwriting)
            } throws: {
                ($0 as? IdentityError)?.code == .isTheAuthority
            }
        }
        let after = try [directory.certificate, directory.key].map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(before == after)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 2)
    }

    @Test func `a certificate doesn't take the place of a key, nor of another authority`() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: directory)
        try authority.issueServer(names: ["x"]).write(to: directory, name: "x")
        let key = try String(contentsOfFile: directory.leaf("x").key, encoding: .utf8)
        let other = try authority.issueServer(names: ["x-key"])
        #expect(throws: IdentityError.self) { try other.write(to: directory, name: "x-key", overwriting: true) }
        #expect(try String(contentsOfFile: directory.leaf("x").key, encoding: .utf8) == key)
        let second = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try PrivateFile.write(
            second.certificatePEM, to: directory.leaf("root").certificate, for: .everybody, overwriting: false)
        #expect {
            try other.write(to: directory, name: "root", overwriting: true)
        } throws: {
            ($0 as? IdentityError)?.code == .isTheAuthority
        }
        try other.write(to: directory, name: "x", overwriting: true)
    }

    @Test func `an authority's key that others can open is not used`() throws {
        try CertificateAuthority.create(trustDomain: "steelyard.local").write(to: directory)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: directory.key)
        #expect {
            try CertificateAuthority.load(from: directory)
        } throws: {
            ($0 as? IdentityError)?.code == .openToOthers
        }
    }

    @Test func `a missing authority says what to do`() {
        #expect { try CertificateAuthority.load(from: directory) } throws: { error in
            guard let error = error as? IdentityError else { return false }
            return error.code == .fileMissing && error.message.contains("steelyard ca init")
        }
    }

    @Test func `a foreign key is noticed`() throws {
        try CertificateAuthority.create(trustDomain: "steelyard.local").write(to: directory)
        let key = try String(contentsOfFile: directory.key, encoding: .utf8)
        try CertificateAuthority.create(trustDomain: "steelyard.local").write(to: directory, overwriting: true)
        try PrivateFile.write(key, to: directory.key, for: .ownerOnly, overwriting: true)
        #expect { try CertificateAuthority.load(from: directory) } throws: { error in
            (error as? IdentityError)?.code == .keyMismatch
        }
    }

    @Test func `a leaf is no authority and a wrong key is no key`() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: directory)
        let leaf = try authority.issueCollector(Self.identity)
        try PrivateFile.write(leaf.certificatePEM, to: directory.certificate, for: .everybody, overwriting: true)
        #expect { try CertificateAuthority.load(from: directory) } throws: { error in
            (error as? IdentityError)?.code == .notAnAuthority
        }
        try PrivateFile.write("garbage", to: directory.key, for: .ownerOnly, overwriting: true)
        #expect { try CertificateAuthority.load(from: directory) } throws: { error in
            (error as? IdentityError)?.code == .notAKey
        }
    }
}
