internal import HTTPSupport
internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import Logging
internal import NIOCore

/// A TLS connection, HTTP/1.1 or HTTP/2 as the client prefers, behind a ``ConnectionGuard``, under the TLS rules that
/// are current when it begins.
struct GuardedTLSChannel: ServerChildChannel {
    typealias Value = HTTP2UpgradeChannel.Value

    let tls: ReloadableTLS
    let options: ListenerOptions
    let pending: PendingConnections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard let rules = tls.current else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let (deadline, age) = (TimeAmount(options.headerDeadline), TimeAmount(options.maxConnectionAge))
        return channel.addingGuard(headerDeadline: deadline, maxAge: age, pending: pending).flatMap {
            let value = rules.channel.setup(channel: channel, logger: logger)
            do {
                try channel.addHandshakeWitness(anchors: rules.anchors, failed: options.onHandshakeFailure)
            } catch {
                // Nobody would hold the peer's certificate to its authority: the connection ends here.
                channel.close(promise: nil)
            }
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        // Every set of TLS rules has the same responder, so any of them can handle the connection.
        await tls.current?.channel.handle(value: value, logger: logger)
    }
}

extension HTTPServerBuilder {
    /// The server of a listener: TLS where `tls` is given, plain HTTP/1.1 otherwise.
    static func steelyard(tls: ReloadableTLS?, options: ListenerOptions) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let pending = PendingConnections(.init(maxConnections: options.maxConnections))
            guard let tls else {
                let base = HTTP1Channel(responder: responder, configuration: options.http1)
                return GuardedPlainChannel(
                    base: base, headerDeadline: TimeAmount(options.headerDeadline),
                    maxAge: TimeAmount(options.maxConnectionAge), pending: pending)
            }
            try tls.start { configuration in
                try HTTP2UpgradeChannel(
                    tlsConfiguration: configuration, configuration: options.http2, responder: responder)
            }
            return GuardedTLSChannel(tls: tls, options: options, pending: pending)
        }
    }
}
