import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

@testable import Collector

/// A collector's listener, talked to byte by byte.
enum RawServer {
    /// Longer than any test takes.
    private static let far = Duration.seconds(3_600)

    /// Runs `body` with the port of a collector. Limits that `change` doesn't make short are so long that one which
    /// isn't kept ends the test by its time.
    static func with(
        bodyTimeout: String = "10m", _ change: (inout ConnectionLimits) -> Void = { _ in },
        _ body: @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        var limits = ConnectionLimits()
        limits.headerDeadline = far
        limits.bodyRateWindow = far
        limits.idleTimeout = far
        limits.maxAge = far
        change(&limits)
        let settled = limits
        try await ScratchDirectory.with("slow") { directory in
            let rig = try await Rig.open(
                directory, "listen: 127.0.0.1:0\nhttp: {body-timeout: \(bodyTimeout), max-body: 4MiB}")
            var server = rig.server
            server.limits = settled
            try await serve(server, body)
        }
    }

    /// Runs `body` with the port of a server's listener.
    static func serve(_ server: CollectorServer, _ body: @Sendable (_ port: Int) async throws -> Void) async throws {
        let ports = AsyncStream<Int>.makeStream()
        let application = server.makeApplication { address in
            if let port = address.split(separator: ":").last.flatMap({ Int($0) }) { ports.continuation.yield(port) }
        }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: application)], logger: server.parts.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // Where it can't listen nobody waits for its port.
                defer { ports.continuation.finish() }
                try await group.run()
            }
            var iterator = ports.stream.makeAsyncIterator()
            try await body(try #require(await iterator.next(), "the listener has a port"))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// A connection that says nothing.
    static func open(_ port: Int) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
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
    static func talk(_ port: Int, _ texts: [String]) async throws -> String {
        try await connect(port).executeThenClose { inbound, outbound in
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
}
