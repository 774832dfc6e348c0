import HTTPSupport
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Aggregator

/// By which names the listeners may be called.
@Suite struct HostTests {
    /// Sends a request with these fields on a connection that is closed after it; returns the first line of the answer.
    private static func status(_ world: World, _ fields: String) async throws -> String {
        let port = try #require(world.query.split(separator: ":").last.flatMap { Int($0) })
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(
                ByteBuffer(string: "GET /livez HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n"))
            var said = ""
            for try await buffer in inbound { said += String(buffer: buffer) }
            return String(said.prefix { $0 != "\r\n" })
        }
    }

    @Test func `an absent, doubled, malformed or foreign Host is refused on plain HTTP`() async throws {
        try await World.with(overrides: ["query.hosts=lb.example"]) { world in
            for (fields, status) in [
                ("Host: 127.0.0.1\r\n", 200), ("Host: 127.0.0.1:4682\r\n", 200), ("Host: LOCALHOST:1\r\n", 200),
                ("Host: localhost.\r\n", 200), ("Host: lb.example:443\r\n", 200), ("", 400), ("Host: \r\n", 400),
                ("Host: localhost\r\nHost: localhost\r\n", 400), ("Host: localhost\r\nhost: evil.example\r\n", 400),
                ("Host: localhost/x\r\n", 400), ("Host: a@localhost\r\n", 400), ("Host: localhost:x\r\n", 400),
                ("Host: evil.example\r\n", 421), ("Host: localhost.evil.example\r\n", 421),
                ("Host: 127.0.0.2\r\n", 421),
                ("Host: [::1]\r\n", 421), ("Host: 2130706433\r\n", 421), ("Host: xlb.example\r\n", 421),
            ] {
                let said = try await Self.status(world, fields)
                #expect(said.hasPrefix("HTTP/1.1 \(status)"), "\(fields): \(said)")
            }
        }
    }

    @Test(arguments: [true, false])
    func `with TLS the certificate's names count, and the setting's`(isHTTP1Only: Bool) async throws {
        try await World.with(overrides: ["ingest.hosts=lb.example"]) { world in
            try await world.asCollector(isHTTP1Only: isHTTP1Only) { client in
                for (host, status) in [
                    ("localhost", 405), ("127.0.0.1", 405), ("lb.example:4681", 405), ("evil.example", 421),
                ] {
                    let reply = try await client.send("GET", "/v1/epochs", headers: [("Host", host)])
                    #expect(reply.status == status, "\(host): \(reply.text)")
                }
            }
        }
    }

    @Test(arguments: [
        ("a.example", "a.example", true), ("A.example.", "a.example", true), ("*.example", "a.example", true),
        ("*.example", "example", false), ("*.example", "a.b.example", false), ("*.example", ".example", false),
        ("0:0:0:0:0:0:0:1", "::1", true), ("10.0.0.1", "10.0.0.1", true), ("b.example", "a.example", false),
    ])
    func `a certificate's name stands for these hosts`(name: String, host: String, isCovered: Bool) {
        #expect(HostField.covers(name, host: host) == isCovered)
    }

    @Test func `peers are addresses and networks of IPv6`() throws {
        func name(_ text: String) throws -> String { PeerName(try SocketAddress(ipAddress: text, port: 1)).description }
        #expect(try name("192.0.2.7") == "192.0.2.7")
        #expect(try name("::ffff:192.0.2.7") == "192.0.2.7")
        #expect(try name("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64")
        #expect(try name("2001:db8:1:2::1") == name("2001:db8:1:2:ffff::9"))
        #expect(PeerName(nil) == .unknown)
    }
}
