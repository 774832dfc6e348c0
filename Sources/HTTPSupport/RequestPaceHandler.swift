internal import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Cuts off request bodies that come too slowly or take too long, and drops what is larger than any route allows.
///
/// One stands in each HTTP/1.1 connection and each HTTP/2 stream, after the HTTP decoder. Handlers refuse a declared
/// length before reading; this is for bodies that lie about it, or trickle in after the answer.
package final class RequestPaceHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart

    private let window: TimeAmount
    private let fresh: BodyPace
    private var pace: BodyPace
    private var task: Scheduled<Void>?

    package init(window: TimeAmount, pace: BodyPace) {
        self.window = window
        self.fresh = pace
        self.pace = pace
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            tellGuard(context)
            start(context)
        case .body(let buffer):
            let wasWithinLimit = pace.bytes <= pace.maxBytes
            switch pace.received(buffer.readableBytes) {
            case .keepGoing: break
            // The first of it goes on to the handler, which finds out by it.
            case .surplus where wasWithinLimit: break
            case .surplus: return
            default:
                stop()
                context.close(promise: nil)
                return
            }
        case .end:
            stop()
            ownGuard(context)?.requestEnded()
        }
        context.fireChannelRead(data)
    }

    package func handlerRemoved(context: ChannelHandlerContext) { stop() }

    package func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    /// Says to the connection's guard, on this same event loop, that a request head arrived.
    ///
    /// The guard is in this pipeline for HTTP/1.1 and in the parent's for an HTTP/2 stream. (The parent of an HTTP/1.1
    /// connection is the listening socket, on a loop of its own: it is never asked.)
    private func tellGuard(_ context: ChannelHandlerContext) {
        if let found = ownGuard(context) {
            found.headArrived()
        } else {
            context.channel.tellGuardOfConnection()
        }
    }

    /// The guard of this very pipeline, which there is for HTTP/1.1.
    private func ownGuard(_ context: ChannelHandlerContext) -> ConnectionGuard? {
        try? context.pipeline.syncOperations.handler(type: ConnectionGuard.self)
    }

    private func start(_ context: ChannelHandlerContext) {
        stop()
        pace = fresh
        scheduleWindow(context)
    }

    private func scheduleWindow(_ context: ChannelHandlerContext) {
        task = context.eventLoop.assumeIsolated().scheduleTask(in: window) {
            if self.pace.windowPassed() == .keepGoing {
                self.scheduleWindow(context)
            } else {
                self.task = nil
                context.close(promise: nil)
            }
        }
    }

    private func stop() {
        task?.cancel()
        task = nil
    }
}

extension Channel {
    /// Says to the guard of an HTTP/2 stream's connection that the head of a request has arrived. On its event loop
    /// only.
    package func tellGuardOfConnection() {
        guard let parent, parent.eventLoop === eventLoop else { return }
        let found = try? parent.pipeline.syncOperations.handler(type: ConnectionGuard.self)
        found?.headArrived()
    }
}
