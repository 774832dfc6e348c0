internal import HummingbirdCore
package import HummingbirdHTTP2
package import Logging
package import NIOCore

/// A TLS connection, HTTP/1.1 or HTTP/2 as the client prefers, behind a ``ConnectionGuard``, under the TLS rules that
/// are current when it begins.
package struct GuardedTLSChannel: ServerChildChannel {
    package typealias Value = HTTP2UpgradeChannel.Value

    private let tls: ReloadableTLS
    private let headerDeadline: TimeAmount
    private let maxAge: TimeAmount
    private let pending: PendingConnections?
    private let runsOnEventLoop: Bool
    private let onHandshakeFailure: (@Sendable (PeerName, String) -> Void)?

    /// - Parameters:
    ///   - tls: must have been started.
    ///   - pending: the listener's connections that haven't brought a request, if they are limited.
    ///   - runsOnEventLoop: whether requests are handled by the connection's event loop: see ``EventLoopExecutor``.
    ///   - onHandshakeFailure: is told the peer of a handshake that failed, and what went wrong, in a word.
    package init(
        tls: ReloadableTLS, headerDeadline: TimeAmount, maxAge: TimeAmount, pending: PendingConnections? = nil,
        runsOnEventLoop: Bool = false,
        onHandshakeFailure: (@Sendable (PeerName, String) -> Void)?
    ) {
        self.tls = tls
        self.headerDeadline = headerDeadline
        self.maxAge = maxAge
        self.pending = pending
        self.runsOnEventLoop = runsOnEventLoop
        self.onHandshakeFailure = onHandshakeFailure
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard let rules = tls.current else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        return channel.addingGuard(headerDeadline: headerDeadline, maxAge: maxAge, pending: pending).flatMap {
            let value = rules.channel.setup(channel: channel, logger: logger)
            do {
                try channel.addHandshakeWitness(
                    anchors: rules.anchors, needsCertificate: tls.files.needsClientCertificate,
                    failed: onHandshakeFailure)
            } catch {
                // Nobody would hold the peer's certificate to its authority: the connection ends here.
                channel.close(promise: nil)
            }
            return value
        }
    }

    package func handle(value: Value, logger: Logger) async {
        // Every set of TLS rules has the same responder, so any of them can handle the connection.
        let channel = tls.current?.channel
        await withTaskExecutorPreference(runsOnEventLoop ? EventLoopExecutor(value.channel.eventLoop) : nil) {
            await channel?.handle(value: value, logger: logger)
        }
    }
}
