import NIOCore
import NIOPosix
import Scopes
import ServiceLifecycle
import Store
import Telemetry
import TestSupport
import Testing

@testable import Aggregator

/// Clients that keep a connection without getting to the point lose it. Each test makes one limit short and the others
/// so long that a limit which isn't kept ends the test by its time.
@Suite(.timeLimit(.minutes(5)))
struct SlowClientTests {
    private static let far = Duration.seconds(3_600)

    /// A query listener with one short limit; runs `body` with its port and a token of an administrator.
    private func withListener(
        _ change: (inout ListenerOptions) -> Void, _ body: @Sendable (_ port: Int, _ token: String) async throws -> Void
    ) async throws {
        var options = ListenerOptions()
        options.headerDeadline = Self.far
        options.bodyRateWindow = Self.far
        options.idleTimeout = Self.far
        options.maxConnectionAge = Self.far
        change(&options)
        let settled = options
        try await World.with { world in
            let ports = AsyncStream<Int>.makeStream()
            let service = buildQueryApplication(
                QueryDependencies(
                    store: world.store, scopes: try ScopeCatalogue.builtIn(), clock: world.clock,
                    health: { Health(state: .ready) }, registry: MetricsRegistry(), logger: World.logger),
                listener: Listener(host: "127.0.0.1", port: 0, tls: nil, options: settled) { address in
                    if let port = address.split(separator: ":").last.flatMap({ Int($0) }) {
                        ports.continuation.yield(port)
                    }
                })
            let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: World.logger))
            let token = try await world.token(.admin)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    // Where it can't listen nobody waits for its port.
                    defer { ports.continuation.finish() }
                    try await group.run()
                }
                var iterator = ports.stream.makeAsyncIterator()
                let port = try #require(await iterator.next(), "the listener has a port")
                try await body(port, token)
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
        } _: { port, _ async throws in
            #expect(try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n") == "")
            #expect(try await talk(port, "") == "")
        }
    }

    @Test func `a body that trickles is cut off`() async throws {
        try await withListener {
            $0.bodyRateWindow = .milliseconds(200)
        } _: { port, token async throws in
            // The route knows who calls and waits for the body.
            let said = try await talk(
                port,
                """
                POST /v1/tokens HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\
                Content-Type: application/json\r\nContent-Length: 1000\r\n\r\nslow
                """)
            #expect(said == "")
        }
    }

    @Test func `an idle connection is closed`() async throws {
        try await withListener {
            $0.idleTimeout = .milliseconds(300)
        } _: { port, _ async throws in
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `an old connection is closed`() async throws {
        try await withListener {
            $0.maxConnectionAge = .milliseconds(500)
        } _: { port, _ async throws in
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a head of too many fields is refused`() async throws {
        try await withListener { _ in
        } _: { port, _ async throws in
            let fields = (0...APILimits.maxHeaderFields).map { "X-\($0): y\r\n" }.joined()
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
            #expect(said.hasPrefix("HTTP/1.1 400"), "\(said)")
        }
    }
}
