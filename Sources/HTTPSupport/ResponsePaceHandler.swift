package import NIOCore
package import NIOHTTPTypes

/// Closes connections whose readers don't take their answer: a window in which the socket took not one part of what
/// waits for it is the last. With answers written in parts of a known size that is a least pace for readers.
///
/// One stands in each HTTP/1.1 connection and each HTTP/2 stream, after the HTTP decoder.
package final class ResponsePaceHandler: ChannelOutboundHandler, RemovableChannelHandler {
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let window: TimeAmount
    /// Parts that were written and that the socket hasn't taken.
    private var waiting = 0
    private var hasMoved = false
    private var task: Scheduled<Void>?

    package init(window: TimeAmount) {
        self.window = window
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        waiting += 1
        if task == nil { schedule(context) }
        written.futureResult.assumeIsolated().whenComplete { _ in self.taken() }
        context.write(data, promise: written)
    }

    package func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func taken() {
        waiting -= 1
        hasMoved = true
        if waiting == 0 { stop() }
    }

    private func schedule(_ context: ChannelHandlerContext) {
        hasMoved = false
        task = context.eventLoop.assumeIsolated().scheduleTask(in: window) {
            self.task = nil
            if self.hasMoved {
                self.schedule(context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    private func stop() {
        task?.cancel()
        task = nil
    }
}
