import Foundation
import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

@testable import Collector

/// Senders that keep a connection without getting to the point lose it, and those that do aren't kept waiting.
@Suite struct SlowSenderTests {
    private func withServer(
        _ change: (inout ConnectionLimits) -> Void, _ yaml: String = "",
        _ body: @Sendable (Int) async throws -> Void
    ) async throws {
        var limits = ConnectionLimits()
        change(&limits)
        let settled = limits
        try await ScratchFolder.with("slow") { folder in
            let rig = try await Rig.open(folder, "listen: 127.0.0.1:0\n" + yaml)
            var server = CollectorServer(
                settings: rig.settings, parts: rig.parts, board: rig.board, writer: rig.writer,
                window: Reloadable(rig.settings.window), version: "test")
            server.limits = settled
            let ports = AsyncStream<Int>.makeStream()
            let application = server.makeApplication { address in
                ports.continuation.yield(Int(address.split(separator: ":").last ?? "") ?? 0)
            }
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: application)], logger: rig.parts.logger))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                var iterator = ports.stream.makeAsyncIterator()
                try await body(await iterator.next() ?? 0)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    private static func connect(_ port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
    }

    /// Sends bytes and waits until the server closes the connection; returns what it said before.
    private func talk(_ port: Int, _ texts: [String]) async throws -> String {
        try await Self.connect(port).executeThenClose { inbound, outbound in
            var said = ""
            do {
                var iterator = inbound.makeAsyncIterator()
                for (index, text) in texts.enumerated() {
                    try await outbound.write(ByteBuffer(string: text))
                    // The next text is for after the answer.
                    if index < texts.count - 1, let buffer = try await iterator.next() {
                        said += String(buffer: buffer)
                    }
                }
                while let buffer = try await iterator.next() { said += String(buffer: buffer) }
            } catch {
                // A reset ends the connection as well as a close does.
            }
            return said
        }
    }

    private static let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func a_head_that_never_ends_is_cut_off() async throws {
        try await withServer {
            $0.headerDeadline = .milliseconds(300)
        } _: { port async throws in
            #expect(try await talk(port, ["GET /livez HTTP/1.1\r\nHost: x\r\n"]) == "")
            #expect(try await talk(port, [""]) == "")
        }
    }

    @Test func so_is_a_later_head_of_a_connection_that_began_well() async throws {
        try await withServer {
            $0.headerDeadline = .milliseconds(300)
        } _: { port async throws in
            let said = try await talk(port, [Self.get, "GET /livez HTTP/1.1\r\nHos"])
            #expect(said.hasPrefix("HTTP/1.1 200"))
            #expect(said.components(separatedBy: "HTTP/1.1").count == 2)
        }
    }

    @Test func a_body_that_trickles_is_cut_off() async throws {
        try await withServer {
            $0.bodyRateWindow = .milliseconds(200)
        } _: { port async throws in
            let said = try await talk(
                port,
                [
                    "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
                ])
            #expect(!said.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func an_idle_and_an_old_connection_are_closed_after_their_answer() async throws {
        for change in [{ $0.idleTimeout = .milliseconds(300) }, { $0.maxAge = .milliseconds(500) }]
            as [@Sendable (inout ConnectionLimits) -> Void]
        {
            try await withServer(change) { port async throws in
                #expect(try await talk(port, [Self.get]).hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test("Header fields at their limits are taken, and one more refused", arguments: [-1, 0, 1])
    func headerLimits(_ beyond: Int) async throws {
        try await withServer {
            $0.idleTimeout = .milliseconds(300)
        } _: { port async throws in
            // Host is one of the fields.
            let fields = (0..<ConnectionLimits.maxHeaderFields - 1 + beyond).map { "X-\($0): y\r\n" }.joined()
            let many = try await talk(port, ["GET /livez HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"])
            #expect(many.hasPrefix(beyond > 0 ? "HTTP/1.1 400" : "HTTP/1.1 200"), "\(many)")
            // Names and values count: Host, x, X, and the filling.
            let filling = String(repeating: "y", count: ConnectionLimits.maxHeaderBytes - "HostxX".count + beyond)
            let large = try await talk(port, ["GET /livez HTTP/1.1\r\nHost: x\r\nX: \(filling)\r\n\r\n"])
            #expect(large.hasPrefix(beyond > 0 ? "HTTP/1.1 4" : "HTTP/1.1 200"), "\(large)")
        }
    }

    @Test func slow_connections_keep_nobody_else_waiting() async throws {
        try await withServer { _ in
        } _: { port async throws in
            let slow = try await withThrowingTaskGroup(of: NIOAsyncChannel<ByteBuffer, ByteBuffer>.self) { group in
                for _ in 0..<100 { group.addTask { try await Self.connect(port) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let said = try await talk(port, ["GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"])
            #expect(said.hasPrefix("HTTP/1.1 200"))
            for channel in slow { try await channel.channel.close() }
        }
    }
}
