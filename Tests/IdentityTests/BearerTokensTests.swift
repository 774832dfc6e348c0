import Foundation
import Testing

@testable import Identity

@Suite struct BearerTokensTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    private func file(_ text: String, mode: Int = 0o600, in directory: String) throws -> String {
        let path = "\(directory)/\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test func `each token of several files will do, and nothing else`() throws {
        try withDirectory { directory in
            let tokens = try BearerTokens(
                files: [
                    file("first-0123456789abc\n", in: directory), file("  second-0123456789ab\r\n", in: directory),
                ])
            #expect(tokens.contains("first-0123456789abc"))
            #expect(tokens.contains("second-0123456789ab"))
            for other in ["", "first-0123456789ab", "first-0123456789abc ", "First-0123456789abc", "third"] {
                #expect(!tokens.contains(other), "\(other)")
            }
            #expect(!BearerTokens().contains(""))
        }
    }

    @Test(arguments: [
        ("", 0o600, "holds no token"), ("short\n", 0o600, "holds no token"),
        ("two tokens on one line\n", 0o600, "holds no token"), ("0123456789abcde中\n", 0o600, "holds no token"),
        (String(repeating: "a", count: 4_097), 0o600, "holds no token"),
        ("0123456789abcdef\n", 0o640, "can be opened by others"),
    ])
    func `a file that won't do is named`(text: String, mode: Int, message: String) throws {
        try withDirectory { directory in
            let path = try file(text, mode: mode, in: directory)
            let fault = #expect(throws: CertificateFault.self) { _ = try BearerTokens(files: [path]) }
            #expect(fault?.file == path)
            #expect(fault?.message.contains(message) == true)
            #expect(fault?.remedy.isEmpty == false)
        }
    }

    @Test(arguments: [16, 4_096])
    func `tokens at the limits of their length are taken`(length: Int) throws {
        try withDirectory { directory in
            let token = String(repeating: "x", count: length)
            let tokens = try BearerTokens(files: [file(token, in: directory)])
            #expect(tokens.contains(token))
        }
    }
}
