import Foundation
import NIOCore
import Testing

@testable import Collector

/// Senders that keep a connection without getting to the point lose it, and those that do aren't kept waiting.
@Suite(.timeLimit(.minutes(5)))
struct SlowSenderTests {
    private static let get = "GET /livez HTTP/1.1\r\nHost: [::1]\r\n\r\n"

    @Test func `a head that never ends is cut off`() async throws {
        try await RawServer.with {
            $0.headerDeadline = .milliseconds(300)
        } _: { port async throws in
            #expect(try await RawServer.talk(port, ["GET /livez HTTP/1.1\r\nHost: [::1]\r\n"]) == "")
            #expect(try await RawServer.talk(port, [""]) == "")
        }
    }

    @Test func `a later head of a connection that began well is cut off too`() async throws {
        try await RawServer.with {
            $0.headerDeadline = .milliseconds(300)
        } _: { port async throws in
            let said = try await RawServer.talk(port, [Self.get, "GET /livez HTTP/1.1\r\nHos"])
            #expect(said.hasPrefix("HTTP/1.1 200"))
            #expect(said.components(separatedBy: "HTTP/1.1").count == 2)
        }
    }

    @Test func `a body that trickles is cut off`() async throws {
        try await RawServer.with {
            $0.bodyRateWindow = .milliseconds(200)
        } _: { port async throws in
            let said = try await RawServer.talk(
                port,
                [
                    "POST /v1/events HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
                ])
            #expect(said == "")
        }
    }

    @Test func `a body that isn't there in time is answered, and so is what came before it`() async throws {
        try await RawServer.with(bodyTimeout: "1s") { _ in
        } _: { port async throws in
            let head = "POST /v1/events HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\n"
            let said = try await RawServer.talk(port, [Self.get, head + "Content-Length: 1000\r\n\r\n{"])
            #expect(said.hasPrefix("HTTP/1.1 200"), "\(said)")
            #expect(said.contains("HTTP/1.1 408"), "\(said)")
            #expect(said.contains("http.body-timeout"), "\(said)")
        }
    }

    /// A connection closed on unread bytes would be reset, and the answer lost with it.
    @Test(arguments: ["Content-Length: 25165824", "Transfer-Encoding: chunked"])
    func `whoever sends far too much is told so and keeps the connection`(framing: String) async throws {
        try await RawServer.with {
            // Longer than a busy machine takes to go on with the body.
            $0.idleTimeout = .seconds(3)
        } _: { port async throws in
            let body = String(repeating: " ", count: 24 << 20)
            let framed = framing.hasPrefix("Content") ? body : "1800000\r\n\(body)\r\n0\r\n\r\n"
            let said = try await RawServer.talk(
                port,
                [
                    "POST /v1/events HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\n\(framing)\r\n\r\n"
                        + framed, Self.get,
                ])
            #expect(said.hasPrefix("HTTP/1.1 413"), "\(said)")
            #expect(said.contains("HTTP/1.1 200"), "\(said)")
        }
    }

    @Test func `an idle and an old connection are closed after their answer`() async throws {
        for change in [{ $0.idleTimeout = .milliseconds(300) }, { $0.maxAge = .milliseconds(500) }]
            as [@Sendable (inout ConnectionLimits) -> Void]
        {
            try await RawServer.with(change) { port async throws in
                #expect(try await RawServer.talk(port, [Self.get]).hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test(arguments: [-1, 0, 1])
    func `header fields at their limits are taken, and one more refused`(_ beyond: Int) async throws {
        try await RawServer.with {
            $0.idleTimeout = .milliseconds(300)
        } _: { port async throws in
            // Host is one of the fields.
            let fields = (0..<ConnectionLimits.maxHeaderFields - 1 + beyond).map { "X-\($0): y\r\n" }.joined()
            let many = try await RawServer.talk(port, ["GET /livez HTTP/1.1\r\nHost: [::1]\r\n\(fields)\r\n"])
            #expect(many.hasPrefix(beyond > 0 ? "HTTP/1.1 400" : "HTTP/1.1 200"), "\(many)")
            // The target, names and values count.
            let filling = String(
                repeating: "y", count: ConnectionLimits.maxHeaderBytes - "/livezHost[::1]X".count + beyond)
            let large = try await RawServer.talk(port, ["GET /livez HTTP/1.1\r\nHost: [::1]\r\nX: \(filling)\r\n\r\n"])
            #expect(large.hasPrefix(beyond > 0 ? "HTTP/1.1 4" : "HTTP/1.1 200"), "\(large)")
        }
    }

    @Test func `slow connections keep nobody else waiting`() async throws {
        try await RawServer.with { _ in
        } _: { port async throws in
            var slow: [any Channel] = []
            for _ in 0..<100 { slow.append(try await RawServer.open(port)) }
            let said = try await RawServer.talk(
                port, ["GET /livez HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n"])
            #expect(said.hasPrefix("HTTP/1.1 200"))
            for channel in slow { try? await channel.close() }
        }
    }
}
