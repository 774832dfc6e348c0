internal import HTTPGuards
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import NIOCore

/// How a listener treats its connections. The defaults are ``ServiceLimits``; tests make them short.
package struct ListenerOptions: Sendable {
    package var maxConnections = ServiceLimits.defaultMaxConnections
    package var headerDeadline: Duration = .seconds(ServiceLimits.headerDeadlineSeconds)
    package var bodyRateWindow: Duration = .seconds(ServiceLimits.bodyRateWindowSeconds)
    package var bodyWindows = ServiceLimits.bodyDeadlineSeconds / ServiceLimits.bodyRateWindowSeconds
    package var minBodyBytesPerWindow = ServiceLimits.minBodyBytesPerWindow
    /// The most bytes that any body may have, whatever its route says, in bytes.
    package var maxBodyBytes = ServiceLimits.maxRegistryBodyBytes
    package var idleTimeout: Duration = .seconds(ServiceLimits.idleTimeoutSeconds)
    package var maxConnectionAge: Duration = .seconds(ServiceLimits.maxConnectionAgeSeconds)

    package init() {}

    var http1: HTTP1Channel.Configuration {
        let pace = BodyPace(maxWindows: bodyWindows, minBytesPerWindow: minBodyBytesPerWindow, maxBytes: maxBodyBytes)
        let window = TimeAmount(bodyRateWindow)
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestPaceHandler(window: window, pace: pace)],
            idleTimeout: TimeAmount(idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: ServiceLimits.maxHeaderBytes, maxHeaderListSize: ServiceLimits.maxHeaderBytes,
                maxHeaderFieldCount: ServiceLimits.maxHeaderFields))
    }

    var http2: HTTP2UpgradeChannel.Configuration {
        HTTP2UpgradeChannel.Configuration(
            idleTimeout: idleTimeout, gracefulCloseTimeout: idleTimeout, streamConfiguration: http1)
    }
}
