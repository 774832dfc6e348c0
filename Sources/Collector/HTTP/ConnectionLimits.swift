internal import HTTPSupport
internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import NIOCore

/// What the intake's listener puts up with from a connection. The defaults hold in production; tests make them short.
package struct ConnectionLimits: Sendable {
    /// The most bytes of a request's header fields together.
    static let maxHeaderBytes = 16 << 10
    static let maxHeaderFields = 64

    /// From the start of a connection, and from the first byte of each later request, to the end of the request's head.
    package var headerDeadline = Duration.seconds(5)
    /// How often a body's rate is looked at.
    package var bodyRateWindow = Duration.seconds(5)
    /// A body that brings fewer bytes than this in one window is cut off, in bytes: 4 KiB/s.
    package var minBodyBytesPerWindow = 20 << 10
    /// How long a connection may be silent between requests.
    package var idleTimeout = Duration.seconds(60)
    /// How long a connection may live at all.
    package var maxAge = Duration.seconds(3_600)

    package init() {}

    /// HTTP/1.1, with TLS also HTTP/2, that lets go of connections which don't get to the point.
    ///
    /// - Parameters:
    ///   - tls: `nil` for a plain listener.
    ///   - handshakeFailed: is told of each handshake that failed, in a word.
    func server(
        _ settings: CollectorSettings.HTTP, tls: ReloadableTLS?, handshakeFailed: @escaping @Sendable (String) -> Void
    ) -> HTTPServerBuilder {
        // The handler is told when http.body-timeout is over, and answers 408; the pace is for bodies that nobody waits
        // for any more.
        let windows = Int(settings.bodyTimeout / bodyRateWindow) + 2
        let pace = BodyPace(
            maxWindows: windows, minBytesPerWindow: minBodyBytesPerWindow, maxBytes: 2 * settings.maxBodyBytes)
        let window = TimeAmount(bodyRateWindow)
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                RequestPaceHandler(window: window, pace: pace, bodyTimeout: TimeAmount(settings.bodyTimeout))
            ],
            idleTimeout: TimeAmount(idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Self.maxHeaderBytes, maxHeaderListSize: Self.maxHeaderBytes,
                maxHeaderFieldCount: Self.maxHeaderFields))
        let (deadline, age) = (TimeAmount(headerDeadline), TimeAmount(maxAge))
        return HTTPServerBuilder { responder in
            guard let tls else {
                return GuardedPlainChannel(
                    base: HTTP1Channel(responder: responder, configuration: http), headerDeadline: deadline,
                    maxAge: age, runsOnEventLoop: true)
            }
            let http2 = HTTP2UpgradeChannel.Configuration(
                idleTimeout: idleTimeout, gracefulCloseTimeout: idleTimeout, streamConfiguration: http)
            try tls.start { configuration in
                try HTTP2UpgradeChannel(tlsConfiguration: configuration, configuration: http2, responder: responder)
            }
            return GuardedTLSChannel(tls: tls, headerDeadline: deadline, maxAge: age, runsOnEventLoop: true) {
                _, reason in
                handshakeFailed(reason)
            }
        }
    }
}
