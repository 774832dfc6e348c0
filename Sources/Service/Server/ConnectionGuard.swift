internal import NIOCore

/// Closes connections that don't get to the point: it stands first in a connection's pipeline, before TLS.
///
/// A connection has ``ServiceLimits/headerDeadlineSeconds`` from its start to its first complete request head, the TLS
/// handshake included: bytes that trickle in don't extend it. After ``ServiceLimits/maxConnectionAgeSeconds`` it is
/// asked to finish what it is doing and close, so that a certificate is looked at again.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let headerDeadline: TimeAmount
    private let maxAge: TimeAmount
    private var headerTask: Scheduled<Void>?
    private var ageTask: Scheduled<Void>?

    init(headerDeadline: TimeAmount, maxAge: TimeAmount) {
        self.headerDeadline = headerDeadline
        self.maxAge = maxAge
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        headerTask = loop.scheduleTask(in: headerDeadline) { context.close(promise: nil) }
        ageTask = loop.scheduleTask(in: maxAge) {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    /// The first request head has arrived.
    func headArrived() {
        headerTask?.cancel()
        headerTask = nil
    }

    private func cancel() {
        headerTask?.cancel()
        ageTask?.cancel()
        headerTask = nil
        ageTask = nil
    }
}
