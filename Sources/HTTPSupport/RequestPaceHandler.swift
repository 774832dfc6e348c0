internal import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Cuts off request bodies that come too slowly or take too long, and drops what is larger than any route allows.
///
/// One stands in each HTTP/1.1 connection and each HTTP/2 stream, after the HTTP decoder. Handlers refuse a declared
/// length before reading; this is for bodies that lie about it, or trickle in after the answer. Where there is a
/// deadline a handler that still reads the body then is thrown ``BodyDeadlineError``, so that it can answer.
///
/// There is one timer a connection: a request that ends in time leaves it as it is, for the next one.
package final class RequestPaceHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart

    private let window: TimeAmount
    private let bodyTimeout: TimeAmount?
    private let fresh: BodyPace
    private var pace: BodyPace
    private var timer: Scheduled<Void>?
    private var isReading = false
    /// When the window ends in which the body is.
    private var windowEnd = NIODeadline.distantFuture
    /// When the body must have come; `distantFuture` once that was told.
    private var deadline = NIODeadline.distantFuture
    private var knownGuard: ConnectionGuard?

    /// - Parameters:
    ///   - window: how often the pace is looked at.
    ///   - bodyTimeout: the time for a whole body; `nil` for what the pace allows.
    package init(window: TimeAmount, pace: BodyPace, bodyTimeout: TimeAmount? = nil) {
        self.window = window
        self.bodyTimeout = bodyTimeout
        self.fresh = pace
        self.pace = pace
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            tellGuard(context)
            isReading = true
            pace = fresh
            let now = context.eventLoop.now
            windowEnd = now + window
            deadline = bodyTimeout.map { now + $0 } ?? .distantFuture
            if timer == nil { schedule(context) }
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
            isReading = false
            ownGuard(context)?.requestEnded()
        }
        context.fireChannelRead(data)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        stop()
        knownGuard = nil
    }

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
        if knownGuard == nil {
            knownGuard = try? context.pipeline.syncOperations.handler(type: ConnectionGuard.self)
        }
        return knownGuard
    }

    /// A timer that runs already ends no later than the one that would be needed: both times only ever move on.
    private func schedule(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: min(windowEnd, deadline)) {
            self.timer = nil
            guard self.isReading else { return }
            let now = context.eventLoop.now
            if now >= self.windowEnd {
                guard self.pace.windowPassed() == .keepGoing else { return context.close(promise: nil) }
                self.windowEnd = now + self.window
            }
            let isLate = now >= self.deadline
            if isLate { self.deadline = .distantFuture }
            self.schedule(context)
            if isLate { context.fireErrorCaught(BodyDeadlineError()) }
        }
    }

    private func stop() {
        isReading = false
        timer?.cancel()
        timer = nil
    }
}

/// The body of a request didn't come in the time that it has.
package struct BodyDeadlineError: Error {
    package init() {}
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
