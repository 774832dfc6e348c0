import Foundation
import Testing

@testable import Identity

@Suite final class SecretFileTests {
    private let path = NSTemporaryDirectory() + "steelyard-secret-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func fault(_ body: () throws(CertificateFault) -> Void) -> CertificateFault? {
        do throws(CertificateFault) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a secret of its owner's alone is read`() throws {
        try PrivateFile.write("sy_a\n", to: path, for: .ownerOnly, overwriting: false)
        #expect(try SecretFile.read(path, kind: "token") == "sy_a\n")
        // As mounted secrets are.
        try FileManager.default.createSymbolicLink(atPath: path + ".link", withDestinationPath: path)
        defer { try? FileManager.default.removeItem(atPath: path + ".link") }
        #expect(try SecretFile.read(path + ".link", kind: "token") == "sy_a\n")
    }

    @Test(arguments: [0o604, 0o640, 0o620, 0o644])
    func `a secret that others can open is refused with path, kind, mode and remedy`(mode: Int) throws {
        try PrivateFile.write("sy_a\n", to: path, for: .ownerOnly, overwriting: false)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        for found in [
            fault { () throws(CertificateFault) in _ = try SecretFile.read(path, kind: "token") },
            fault { () throws(CertificateFault) in try SecretFile.check(path, kind: "token") },
        ] {
            let text = found?.description ?? ""
            #expect(text.contains(path) && text.contains("token"), "\(text)")
            #expect(text.contains("mode 0\(String(mode, radix: 8))") && text.contains("chmod 0600"), "\(text)")
        }
    }

    @Test func `a group may read what belongs to root only where somebody else reads it`() {
        #expect(SecretFile.isPrivate(mode: 0o640, owner: 0, user: 1_000))
        #expect(!SecretFile.isPrivate(mode: 0o640, owner: 0, user: 0))
        #expect(!SecretFile.isPrivate(mode: 0o640, owner: 1_000, user: 1_000))
        #expect(!SecretFile.isPrivate(mode: 0o660, owner: 0, user: 1_000))
        #expect(!SecretFile.isPrivate(mode: 0o644, owner: 0, user: 1_000))
        #expect(SecretFile.isPrivate(mode: 0o600, owner: 1_000, user: 1_000))
    }

    @Test func `what is no file, no text or too long is refused`() throws {
        #expect(fault { () throws(CertificateFault) in _ = try SecretFile.read("/", kind: "token") } != nil)
        #expect(
            fault { () throws(CertificateFault) in _ = try SecretFile.read(path, kind: "token") }?.message
                == "isn't there")
        let long = [UInt8](repeating: 0x61, count: SecretFile.maxBytes + 1)
        for bytes in [[0xFF], long] {
            try PrivateFile.write(bytes, to: path, for: .ownerOnly, overwriting: true)
            #expect(fault { () throws(CertificateFault) in _ = try SecretFile.read(path, kind: "token") } != nil)
        }
    }

    @Test func `memory stays out of core dumps`() {
        CoreDumps.forbid()
        #expect(CoreDumps.areForbidden)
    }
}
