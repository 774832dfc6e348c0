import Foundation
import Identity
import Testing

/// What others could change is refused by path, owner, mode and remedy.
@Suite final class TrustedDirectoryTests {
    private let scratch = NSTemporaryDirectory() + "steelyard-trust-\(UUID().uuidString.prefix(8))"
    private var path: String { scratch + "/data" }

    init() throws {
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit { try? FileManager.default.removeItem(atPath: scratch) }

    private func refusal(_ body: () throws(IdentityError) -> Void) -> IdentityError? {
        do throws(IdentityError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func refusal() -> IdentityError? {
        refusal { () throws(IdentityError) in
            try TrustedDirectory.make(path, mode: 0o700, isExclusive: true)
            try TrustedDirectory.checkEntries(of: path)
        }
    }

    private func setMode(_ mode: Int, of path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func give(_ path: String, to user: uid_t) { #expect(unsafe lchown(path, user, user) == 0) }

    @Test func `a directory is made with its mode, whatever the umask, and taken again`() throws {
        try TrustedDirectory.make(path + "/a/b", mode: 0o755)
        let mode = try FileManager.default.attributesOfItem(atPath: path + "/a/b")[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o755)
        try TrustedDirectory.make(path + "/a/b", mode: 0o700)
        try TrustedDirectory.check(path + "/a/b")
        try TrustedDirectory.check(path + "/not-there")
    }

    @Test(arguments: [0o777, 0o1777, 0o775, 0o770, 0o702])
    func `one that others can write to is refused`(mode: Int) throws {
        try TrustedDirectory.make(path, mode: 0o700)
        try setMode(mode, of: path)
        let found = try #require(refusal())
        #expect(found.code == .untrusted)
        #expect(found.message.hasPrefix("\(path) (owner "), "\(found)")
        #expect(found.message.contains("mode 0\(String(mode, radix: 8))) can be written to by others"), "\(found)")
        #expect(found.message.contains("chmod go-w"))
    }

    @Test func `one below a directory that others can write to is refused`() throws {
        try TrustedDirectory.make(path, mode: 0o700)
        try setMode(0o777, of: scratch)
        #expect(refusal()?.message.hasPrefix("\(scratch) (owner ") == true)
        // As /tmp is: what is ours there stays ours.
        try setMode(0o1777, of: scratch)
        #expect(refusal() == nil)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `one that somebody else has made is refused`() throws {
        try setMode(0o1777, of: scratch)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        give(path, to: 65_534)
        let found = try #require(refusal())
        #expect(found.message.contains("uid 65534") && found.message.contains("belongs to somebody else"), "\(found)")
        #expect(refusal { () throws(IdentityError) in try TrustedDirectory.make(path + "/x", mode: 0o700) } != nil)
    }

    @Test func `a link in its place is refused wherever it leads`() throws {
        let target = scratch + "/elsewhere"
        try TrustedDirectory.make(target, mode: 0o700)
        for destination in [target, scratch + "/nowhere"] {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: destination)
            #expect(refusal()?.message.contains("is a symbolic link, and is not followed") == true)
            #expect(!FileManager.default.fileExists(atPath: scratch + "/nowhere"))
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test func `a link on the way is followed only where nobody else could have made it`() throws {
        try TrustedDirectory.make(scratch + "/real", mode: 0o755)
        try FileManager.default.createSymbolicLink(atPath: scratch + "/way", withDestinationPath: "real")
        try TrustedDirectory.make(scratch + "/way/data", mode: 0o700)
        #expect(FileManager.default.fileExists(atPath: scratch + "/real/data"))
        try setMode(0o1777, of: scratch)
        let found = refusal { () throws(IdentityError) in
            try TrustedDirectory.make(scratch + "/way/data", mode: 0o700)
        }
        #expect(found?.message.contains("\(scratch)/way") == true)
        try setMode(0o755, of: scratch)
        try FileManager.default.createSymbolicLink(atPath: scratch + "/loop", withDestinationPath: "loop")
        #expect(
            refusal { () throws(IdentityError) in try TrustedDirectory.make(scratch + "/loop/x", mode: 0o700) } != nil)
    }

    @Test func `links, and what everybody can write to, are refused inside`() throws {
        try TrustedDirectory.make(path, mode: 0o700)
        try FileManager.default.createSymbolicLink(atPath: path + "/a.log", withDestinationPath: "/etc/passwd")
        #expect(refusal()?.message.hasPrefix("\(path)/a.log (owner ") == true)
        try FileManager.default.removeItem(atPath: path + "/a.log")
        try PrivateFile.write("x", to: path + "/a.log", for: .ownerOnly, overwriting: false)
        #expect(refusal() == nil)
        try setMode(0o666, of: path + "/a.log")
        #expect(refusal()?.message.contains("mode 0666) can be written to by everybody") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `files of somebody else are refused inside`() throws {
        try TrustedDirectory.make(path, mode: 0o700)
        try PrivateFile.write("x", to: path + "/ca.pem", for: .everybody, overwriting: false)
        give(path + "/ca.pem", to: 65_534)
        #expect(refusal()?.message.contains("ca.pem (owner ") == true)
        #expect(refusal { () throws(IdentityError) in try TrustedDirectory.checkFile(path + "/ca.pem") } != nil)
    }
}
