internal import HTTPSupport
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import NIOCore

/// How a listener treats its connections. The defaults are ``APILimits``; tests make them short.
package struct ListenerOptions: Sendable {
    package var maxConnections = APILimits.defaultMaxConnections
    package var headerDeadline: Duration = .seconds(APILimits.headerDeadlineSeconds)
    package var bodyRateWindow: Duration = .seconds(APILimits.bodyRateWindowSeconds)
    package var bodyWindows = APILimits.bodyDeadlineSeconds / APILimits.bodyRateWindowSeconds
    package var minBodyBytesPerWindow = APILimits.minBodyBytesPerWindow
    /// The most bytes that any body may have, whatever its route says, in bytes.
    package var maxBodyBytes = APILimits.maxFactsBodyBytes
    package var responseWindow: Duration = .seconds(APILimits.responseWindowSeconds)
    package var idleTimeout: Duration = .seconds(APILimits.idleTimeoutSeconds)
    package var maxConnectionAge: Duration = .seconds(APILimits.maxConnectionAgeSeconds)

    /// Is told the peer of a TLS handshake that failed, and what went wrong, in a word.
    var onHandshakeFailure: (@Sendable (PeerName, String) -> Void)?

    package init() {}

    var http1: HTTP1Channel.Configuration {
        let pace = BodyPace(maxWindows: bodyWindows, minBytesPerWindow: minBodyBytesPerWindow, maxBytes: maxBodyBytes)
        let window = TimeAmount(bodyRateWindow)
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                RequestPaceHandler(window: window, pace: pace),
                ResponsePaceHandler(window: TimeAmount(responseWindow)),
            ],
            idleTimeout: TimeAmount(idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: APILimits.maxHeaderBytes, maxHeaderListSize: APILimits.maxHeaderBytes,
                maxHeaderFieldCount: APILimits.maxHeaderFields))
    }

    var http2: HTTP2UpgradeChannel.Configuration {
        HTTP2UpgradeChannel.Configuration(
            idleTimeout: idleTimeout, gracefulCloseTimeout: idleTimeout, streamConfiguration: http1)
    }
}
