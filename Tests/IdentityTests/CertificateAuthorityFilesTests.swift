import Foundation
import Identity
import Testing
import Usage

@Suite struct CertificateAuthorityFilesTests: ~Copyable {
    static let identity = CollectorIdentity(trustDomain: "steelyard.local", provider: "aliyun", name: "hz-1")

    let folder: AuthorityFolder

    init() {
        folder = AuthorityFolder(NSTemporaryDirectory() + "steelyard-identity-\(UUID().uuidString)")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.path) }

    func mode(of path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        return try #require(value).intValue
    }

    @Test func anAuthorityComesBackFromItsFolder() throws {
        let made = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try made.write(to: folder)
        let loaded = try CertificateAuthority.load(from: folder)
        #expect(loaded.certificate == made.certificate)
        let issued = try loaded.issueCollector(Self.identity)
        #expect(try CollectorIdentity(certificateDER: issued.certificateDER) == Self.identity)
    }

    @Test func keysAreForTheirOwnerOnly() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: folder)
        try authority.issueCollector(Self.identity).write(to: folder, name: "hz-1")
        #expect(try mode(of: folder.key) == 0o600)
        #expect(try mode(of: folder.leaf("hz-1").key) == 0o600)
        #expect(try mode(of: folder.path) == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4, "nothing half-written")
    }

    @Test func nothingIsOverwrittenUnlessSaid() throws {
        let first = try CertificateAuthority.create(trustDomain: "steelyard.local")
        let second = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try first.write(to: folder)
        #expect { try second.write(to: folder) } throws: { ($0 as? IdentityError)?.code == .fileExists }
        #expect(try CertificateAuthority.load(from: folder).certificate == first.certificate)
        try second.write(to: folder, overwriting: true)
        #expect(try CertificateAuthority.load(from: folder).certificate == second.certificate)

        let leaf = try second.issueCollector(Self.identity)
        try leaf.write(to: folder, name: "hz-1")
        #expect { try leaf.write(to: folder, name: "hz-1") } throws: { ($0 as? IdentityError)?.code == .fileExists }
        try leaf.write(to: folder, name: "hz-1", overwriting: true)
    }

    @Test func aMissingAuthoritySaysWhatToDo() {
        #expect { try CertificateAuthority.load(from: folder) } throws: { error in
            guard let error = error as? IdentityError else { return false }
            return error.code == .fileMissing && error.message.contains("steelyard ca init")
        }
    }

    @Test func aForeignKeyIsNoticed() throws {
        try CertificateAuthority.create(trustDomain: "steelyard.local").write(to: folder)
        let key = try String(contentsOfFile: folder.key, encoding: .utf8)
        try CertificateAuthority.create(trustDomain: "steelyard.local").write(to: folder, overwriting: true)
        try PrivateFile.write(key, to: folder.key, for: .ownerOnly, overwriting: true)
        #expect { try CertificateAuthority.load(from: folder) } throws: { error in
            (error as? IdentityError)?.code == .keyMismatch
        }
    }

    @Test func aLeafIsNoAuthorityAndAWrongKeyIsNoKey() throws {
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: folder)
        let leaf = try authority.issueCollector(Self.identity)
        try PrivateFile.write(leaf.certificatePEM, to: folder.certificate, for: .everybody, overwriting: true)
        #expect { try CertificateAuthority.load(from: folder) } throws: { error in
            (error as? IdentityError)?.code == .notAnAuthority
        }
        try PrivateFile.write("garbage", to: folder.key, for: .ownerOnly, overwriting: true)
        #expect { try CertificateAuthority.load(from: folder) } throws: { error in
            (error as? IdentityError)?.code == .notAKey
        }
    }
}
