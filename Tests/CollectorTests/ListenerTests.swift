import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import Collector

/// Who may speak to the collector's listeners, and what each serves.
@Suite struct ListenerTests {
    private func get(_ fields: String, _ path: String = "/livez") -> String {
        "GET \(path) HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n"
    }

    private func status(_ port: Int, _ fields: String) async throws -> String {
        let said = try await RawServer.talk(port, [get(fields)])
        return String(said.dropFirst("HTTP/1.1 ".count).prefix(3))
    }

    @Test func `Host is needed once, and names this machine`() async throws {
        try await RawServer.with { port in
            for host in ["127.0.0.1", "127.0.0.1:4680", "localhost", "LOCALHOST.:1", "[::1]:4680", "10.1.2.3"] {
                let answer = try await status(port, "Host: \(host)\r\n")
                #expect(answer == "200", "\(host)")
            }
            for host in ["evil.example", "evil.example:4680", "127.0.0.1.evil.example", "localhost.evil.example"] {
                let answer = try await status(port, "Host: \(host)\r\n")
                #expect(answer == "421", "\(host)")
            }
            for fields in [
                "", "Host: \r\n", "Host: localhost\r\nHost: localhost\r\n", "Host: evil.example\r\nhost: localhost\r\n",
                "Host: a b\r\n", "Host: user@localhost\r\n", "Host: localhost:x\r\n", "Host: [::1\r\n",
            ] {
                let answer = try await status(port, fields)
                #expect(answer == "400", "\(fields)")
            }
        }
    }

    @Test func `a request that a browser sends for a page of another site is refused`() async throws {
        try await RawServer.with { port in
            for (field, expected) in [
                ("Origin: https://evil.example", "403"), ("Origin: null", "403"), ("Sec-Fetch-Site: cross-site", "403"),
                ("Sec-Fetch-Site: same-site", "403"), ("Sec-Fetch-Site: none", "200"),
                ("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site", "403"),
            ] {
                let answer = try await status(port, "Host: localhost\r\n\(field)\r\n")
                #expect(answer == expected, "\(field)")
            }
        }
    }

    @Test func `metrics with a listener of their own aren't served where events are pushed`() async throws {
        try await ScratchDirectory.with("http") { directory in
            let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\nmetrics: {listen: '127.0.0.1:0'}")
            try await rig.server.makeApplication { _ in }.test(.live) { client in
                try await client.execute(uri: "/metrics", method: .get) { #expect($0.status == .notFound) }
                try await client.execute(uri: "/livez", method: .get) { #expect($0.status == .ok) }
            }
            let metrics = try #require(rig.server.makeMetricsApplication { _ in })
            try await metrics.test(.live) { client in
                for path in ["/metrics", "/livez", "/readyz"] {
                    try await client.execute(uri: path, method: .get) { #expect($0.status == .ok, "\(path)") }
                }
                try await client.execute(uri: "/v1/events", method: .post) { #expect($0.status == .notFound) }
            }
        }
    }

    @Test func `a listener that others reach takes its own names and those that are configured`() async throws {
        try await ScratchDirectory.with("http") { directory in
            for (index, (names, status)) in [("[]", "421"), ("[gateway.example]", "200")].enumerated() {
                let rig = try await Rig.open(
                    directory + "/\(index)",
                    "listen: 0.0.0.0:0\nhttp: {hosts: \(names), accept-plain-text: true, unnamed-source: false}")
                try await rig.server.makeApplication { _ in }.test(.live) { client in
                    let port = try #require(client.port)
                    #expect(try await self.status(port, "Host: gateway.example\r\n") == status)
                    #expect(try await self.status(port, "Host: other.example\r\n") == "421")
                    #expect(try await self.status(port, "Host: localhost\r\n") == "200")
                    #expect(try await self.status(port, "Host: 10.1.2.3\r\n") == "200")
                }
            }
        }
    }
}
