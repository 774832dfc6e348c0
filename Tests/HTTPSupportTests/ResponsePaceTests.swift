import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import HTTPSupport

@Suite struct ResponsePaceTests {
    /// A socket that takes parts when the test says so.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = HTTPResponsePart
        var waiting: [EventLoopPromise<Void>?] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            waiting.append(promise)
        }

        func take() {
            if !waiting.isEmpty { waiting.removeFirst()?.succeed() }
        }
    }

    private static func channel() throws -> (channel: EmbeddedChannel, socket: Socket) {
        let socket = Socket()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([socket, ResponsePaceHandler(window: .seconds(10))])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, socket)
    }

    private static let part = HTTPResponsePart.body(ByteBuffer(repeating: 0, count: 64 << 10))

    @Test func `a reader that takes nothing for a window is cut off`() throws {
        let (channel, socket) = try Self.channel()
        for _ in 0..<3 { channel.write(Self.part, promise: nil) }
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
        while !socket.waiting.isEmpty { socket.take() }
    }

    @Test func `a reader that takes a part in every window is let read on, and one that has read all may wait`() throws
    {
        let (channel, socket) = try Self.channel()
        for _ in 0..<3 { channel.write(Self.part, promise: nil) }
        for _ in 0..<3 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            socket.take()
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(600))
        #expect(channel.isActive)
        // A later answer has its own time.
        channel.write(Self.part, promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
        socket.take()
    }
}
