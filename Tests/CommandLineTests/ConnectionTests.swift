import ArgumentParser
import Foundation
import Identity
import Testing

@testable import steelyard

@Suite struct ConnectionTests: ~Copyable {
    let directory = DataDirectory(NSTemporaryDirectory() + "steelyard-connection-\(UUID().uuidString)")

    init() throws { try directory.prepare() }

    deinit { try? FileManager.default.removeItem(atPath: directory.path) }

    func options(_ arguments: String...) throws -> ConnectionOptions {
        try ConnectionOptions.parse(["--data", directory.path] + arguments)
    }

    func writeToken(_ text: String = "sy_abc_secret\n") throws {
        try PrivateFile.write(text, to: directory.adminToken, for: .ownerOnly, overwriting: true)
    }

    @Test func `takes address and token from the data directory`() throws {
        try writeToken()
        let state = UpState(
            pid: 1, queryURL: "http://127.0.0.1:9999", ingestURL: "https://127.0.0.1:9998", collectors: [],
            children: [], isReady: true)
        try state.write(to: directory)
        #expect(
            try Connection.resolve(options())
                == Connection(baseURL: "http://127.0.0.1:9999", token: "sy_abc_secret", caFile: nil))
    }

    @Test func `falls back to the standard port`() throws {
        try writeToken()
        #expect(try Connection.resolve(options()).baseURL == Connection.defaultURL)
        #expect(try Connection.resolve(options("--url", "http://localhost:1/")).baseURL == "http://localhost:1")
    }

    @Test func `the admin token stays on this machine`() throws {
        try writeToken()
        #expect { try Connection.resolve(options("--url", "https://elsewhere.example")) } throws: {
            ($0 as? CommandError)?.status == .usage
        }
        let own = directory.path + "/mine"
        try PrivateFile.write("sy_mine_1", to: own, for: .ownerOnly, overwriting: false)
        let there = try Connection.resolve(options("--url", "https://elsewhere.example", "--token-file", own))
        #expect(there.token == "sy_mine_1")
    }

    @Test(arguments: [0o644, 0o640])
    func `a token that others can read is refused with the remedy`(mode: Int) throws {
        try writeToken()
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: directory.adminToken)
        #expect { try Connection.resolve(options()) } throws: {
            let message = ($0 as? CommandError)?.message ?? ""
            return message.contains("\(directory.adminToken) holds a token and can be opened by others")
                && message.contains("chmod 0600")
        }
    }

    @Test func `no token travels in clear to another machine`() throws {
        let own = directory.path + "/mine"
        try PrivateFile.write("sy_mine_1", to: own, for: .ownerOnly, overwriting: false)
        for url in ["http://elsewhere.example:4682", "http://127.0.0.1.evil.example", "http://10.0.0.1"] {
            #expect { try Connection.resolve(options("--url", url, "--token-file", own)) } throws: {
                ($0 as? CommandError)?.status == .usage
            }
        }
    }

    @Test(arguments: ["", "ftp://x", "127.0.0.1:4682", "http://", "http://h?x=1", "http://user@127.0.0.1"])
    func `refuses what is no base URL`(_ url: String) throws {
        try writeToken()
        #expect { try Connection.resolve(options("--url", url)) } throws: {
            ($0 as? CommandError)?.status == .usage
        }
    }

    @Test(arguments: ["", "secret", "sy_a b", "sy_\u{7F}"])
    func `refuses what is no token`(_ text: String) throws {
        try writeToken(text)
        #expect { try Connection.resolve(options()) } throws: { ($0 as? CommandError)?.status == .failure }
    }

    @Test func `a missing token says what to do`() throws {
        #expect { try Connection.resolve(options()) } throws: { error in
            (error as? CommandError)?.message.contains("steelyard up") == true
        }
    }

    @Test func `a foreign authority leads to the option that names it`() {
        let said = "handshakeFailed(sslError([Error: 268435581 error:1000007d:SSL routines:CERTIFICATE_VERIFY_FAILED]))"
        let foreign = HTTPClients.unreachable("https://central.example:4682/v1/usage?a=b", said: said)
        #expect(foreign.status == .unreachable)
        #expect(foreign.message.contains("certificate of https://central.example:4682 can't be verified"))
        #expect(foreign.message.hasSuffix("with --ca-file"))
        let away = HTTPClients.unreachable("https://central.example:4682/v1/usage", said: "connection refused")
        #expect(away.status == .unreachable && !away.message.contains("--ca-file"))
    }

    @Test func `escapes query parameters`() {
        let encoded = APIClient.encoded([("tenant", "a&b=c 阿+"), ("from", nil), ("period", "2025-H1")])
        #expect(encoded == "?tenant=a%26b%3Dc%20%E9%98%BF%2B&period=2025-H1")
        #expect(APIClient.encoded([("from", nil)]) == "")
    }
}
