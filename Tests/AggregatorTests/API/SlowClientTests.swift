import Aggregator
import NIOCore
import NIOPosix
import Scopes
import ServiceLifecycle
import Telemetry
import TestSupport
import Testing

@testable import Aggregator

/// Clients that keep a connection without getting to the point lose it.
@Suite struct SlowClientTests {
    /// A query listener with short limits; runs `body` with its port.
    private func withListener(_ change: (inout ListenerOptions) -> Void, _ body: @Sendable (Int) async throws -> Void)
        async throws
    {
        var options = ListenerOptions()
        change(&options)
        let settled = options
        try await World.with { world in
            let registry = MetricsRegistry()
            let ports = AsyncStream<Int>.makeStream()
            let service = buildQueryApplication(
                QueryDependencies(
                    store: world.store, scopes: try ScopeCatalogue.builtIn(), clock: world.clock,
                    health: { Health(state: .ready) }, registry: registry, logger: World.logger),
                listener: Listener(host: "127.0.0.1", port: 0, tls: nil, options: settled) { address in
                    ports.continuation.yield(Int(address.split(separator: ":").last ?? "") ?? 0)
                })
            let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: World.logger))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                var iterator = ports.stream.makeAsyncIterator()
                try await body(await iterator.next() ?? 0)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    /// Sends bytes and waits until the server closes the connection; returns what it said before.
    private func talk(_ port: Int, _ text: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var said = ""
            do {
                for try await buffer in inbound { said += String(buffer: buffer) }
            } catch {
                // A reset ends the connection as well as a close does.
            }
            return said
        }
    }

    @Test func `a head that never ends is cut off`() async throws {
        try await withListener {
            $0.headerDeadline = .milliseconds(300)
        } _: { port async throws in
            #expect(try await talk(port, "GET /livez HTTP/1.1\r\nHost: x\r\n") == "")
            #expect(try await talk(port, "") == "")
        }
    }

    @Test func `a body that trickles is cut off`() async throws {
        try await withListener {
            $0.bodyRateWindow = .milliseconds(200)
        } _: { port in
            let said = try await talk(
                port, "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow")
            // It was answered (401) before the body was read, or cut off before that: either way it ended.
            #expect(said.isEmpty || said.hasPrefix("HTTP/1.1 401"))
        }
    }

    @Test func `an idle connection is closed`() async throws {
        try await withListener {
            $0.idleTimeout = .milliseconds(300)
        } _: { port in
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `an old connection is closed`() async throws {
        try await withListener {
            $0.maxConnectionAge = .milliseconds(500)
        } _: { port in
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a head of too many fields is refused`() async throws {
        try await withListener { _ in
        } _: { port in
            let fields = (0...APILimits.maxHeaderFields).map { "X-\($0): y\r\n" }.joined()
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
            #expect(said.hasPrefix("HTTP/1.1 400"), "\(said)")
        }
    }
}
