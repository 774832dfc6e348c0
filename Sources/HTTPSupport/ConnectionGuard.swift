package import NIOCore

/// Closes connections that don't get to the point: it stands first in a connection's pipeline, before TLS.
///
/// A connection has a deadline from its start to its first complete request head, the TLS handshake included: bytes
/// that trickle in don't extend it. On HTTP/1.1 the same holds for each later head, from its first byte. At its
/// greatest age it is asked to finish what it is doing and close, so that a certificate is looked at again.
package final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    private let headerDeadline: TimeAmount
    private let maxAge: TimeAmount
    private var headerTimer: Scheduled<Void>?
    /// When the head that is awaited must be complete; `nil` where none is. The timer may run from an earlier one.
    private var headerDeadlineAt: NIODeadline?
    private var ageTask: Scheduled<Void>?
    /// A request has ended and no byte of the next has come.
    private var isBetweenRequests = false
    private let pending: PendingConnections?
    /// This connection's among ``pending``, until its first request.
    private var pendingNumber: UInt64?

    /// - Parameter pending: the listener's connections that haven't brought a request, if they are limited.
    package init(headerDeadline: TimeAmount, maxAge: TimeAmount, pending: PendingConnections? = nil) {
        self.headerDeadline = headerDeadline
        self.maxAge = maxAge
        self.pending = pending
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        pendingNumber = pending?.opened(context.channel)
        awaitHead(context)
        ageTask = context.eventLoop.assumeIsolated().scheduleTask(in: maxAge) {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isBetweenRequests { awaitHead(context) }
        context.fireChannelRead(data)
    }

    package func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    package func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    /// A request's head is complete.
    func headArrived() {
        isBetweenRequests = false
        headerDeadlineAt = nil
        if let number = pendingNumber {
            pending?.brought(number)
            pendingNumber = nil
        }
    }

    /// A request is complete, on a connection that carries one at a time.
    func requestEnded() {
        isBetweenRequests = true
    }

    private func awaitHead(_ context: ChannelHandlerContext) {
        isBetweenRequests = false
        let deadline = context.eventLoop.now + headerDeadline
        headerDeadlineAt = deadline
        if headerTimer == nil { scheduleHeaderTimer(context, at: deadline) }
    }

    private func scheduleHeaderTimer(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
        headerTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.headerTimer = nil
            guard let awaited = self.headerDeadlineAt else { return }
            if context.eventLoop.now >= awaited {
                context.close(promise: nil)
            } else {
                self.scheduleHeaderTimer(context, at: awaited)
            }
        }
    }

    private func cancel() {
        headerTimer?.cancel()
        ageTask?.cancel()
        headerTimer = nil
        ageTask = nil
        if let number = pendingNumber {
            pending?.ended(number)
            pendingNumber = nil
        }
    }
}
