internal import HTTPSupport
internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import Logging
internal import NIOCore

extension HTTPServerBuilder {
    /// The server of a listener: TLS where `tls` is given, plain HTTP/1.1 otherwise.
    static func steelyard(tls: ReloadableTLS?, options: ListenerOptions) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let pending = PendingConnections(.init(maxConnections: options.maxConnections))
            let (deadline, age) = (TimeAmount(options.headerDeadline), TimeAmount(options.maxConnectionAge))
            guard let tls else {
                let base = HTTP1Channel(responder: responder, configuration: options.http1)
                return GuardedPlainChannel(base: base, headerDeadline: deadline, maxAge: age, pending: pending)
            }
            try tls.start { configuration in
                try HTTP2UpgradeChannel(
                    tlsConfiguration: configuration, configuration: options.http2, responder: responder)
            }
            return GuardedTLSChannel(
                tls: tls, headerDeadline: deadline, maxAge: age, pending: pending,
                onHandshakeFailure: options.onHandshakeFailure)
        }
    }
}
