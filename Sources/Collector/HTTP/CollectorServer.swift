internal import Foundation
internal import HTTPGuards
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import Intake
internal import Logging
internal import NIOCore
internal import Settings
internal import Telemetry
internal import Usage

/// The collector's HTTP listener: intake, metrics and health.
package struct CollectorServer: Sendable {
    /// How long a connection may be silent between requests.
    static let idleTimeoutSeconds: Int64 = 60
    /// The most bytes of a request's header fields together.
    static let maxHeaderBytes = 16 << 10
    static let maxHeaderFields = 64
    /// From the start of a connection to its first complete request head, in seconds.
    static let headerDeadlineSeconds: Int64 = 5
    /// How long a connection may live at all, in seconds.
    static let maxConnectionAgeSeconds: Int64 = 3_600
    /// How often a body's rate is looked at, in seconds.
    static let bodyRateWindowSeconds: Int64 = 5
    /// A body that brings fewer bytes than this in one window is cut off, in bytes: 4 KiB/s.
    static let minBodyBytesPerWindow = 20 << 10

    let settings: CollectorSettings
    let parts: CollectorParts
    let board: StatusBoard
    let events: EventsHandler
    let version: String

    package init(
        settings: CollectorSettings, parts: CollectorParts, board: StatusBoard, writer: Writer,
        window: Reloadable<CollectorSettings.Window>, version: String
    ) {
        self.settings = settings
        self.parts = parts
        self.board = board
        self.version = version
        let named = settings.pushSources.map {
            ($0.name, EventsHandler.Source(name: $0.name, format: $0.format, defaults: $0.defaults))
        }
        events = EventsHandler(
            settings: settings.http, window: window,
            unnamed: EventsHandler.Source(name: "http", format: .native, defaults: settings.defaults),
            named: Dictionary(named) { first, _ in first }, writer: writer, gate: parts.gate,
            remembered: parts.remembered, metrics: parts.metrics, wallClock: parts.wallClock,
            bucket: TokenBucket(perSecond: settings.http.requestsPerSecond, clock: parts.steadyClock),
            budget: ByteBudget(limit: settings.http.maxConcurrentBytes))
    }

    /// The server as a service; `bound` is told the port once it listens.
    package func makeApplication(
        bound: @escaping @Sendable (_ address: String) async -> Void
    ) -> Application<RouterResponder<BasicRequestContext>> {
        var logger = parts.logger
        logger.logLevel = .warning
        let host = settings.http.listen.host
        return Application(
            router: makeRouter(), server: guardedServer,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: settings.http.listen.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    settings.http.maxConnections, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                await bound(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
            }, logger: logger)
    }

    /// HTTP/1.1 that lets go of connections which don't get to the point.
    private var guardedServer: HTTPServerBuilder {
        // The handler answers 408 when http.body-timeout is over; this is for bodies that nobody reads.
        let windows = settings.http.bodyTimeout.components.seconds / Self.bodyRateWindowSeconds + 2
        let pace = BodyPace(
            maxWindows: Int(windows), minBytesPerWindow: Self.minBodyBytesPerWindow,
            maxBytes: 2 * settings.http.maxBodyBytes)
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                RequestPaceHandler(window: .seconds(Self.bodyRateWindowSeconds), pace: pace)
            ],
            idleTimeout: .seconds(Self.idleTimeoutSeconds),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Self.maxHeaderBytes, maxHeaderListSize: Self.maxHeaderBytes,
                maxHeaderFieldCount: Self.maxHeaderFields))
        return HTTPServerBuilder { responder in
            GuardedPlainChannel(
                base: HTTP1Channel(responder: responder, configuration: http),
                headerDeadline: .seconds(Self.headerDeadlineSeconds), maxAge: .seconds(Self.maxConnectionAgeSeconds))
        }
    }

    package func makeRouter() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: ProblemMiddleware())
        router.post("/v1/events") { request, _ in await events.handle(request, source: nil) }
        router.post("/v1/events/:source") { request, context in
            await events.handle(request, source: context.parameters.get("source") ?? "")
        }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: MetricsRegistry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: parts.metrics.registry.render())))
        }
        router.get("/livez") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "ok\n")))
        }
        router.get("/readyz") { _, _ in
            let readiness = Readiness(
                gate: parts.gate, board: board, nowMilliseconds: parts.wallClock.nowMilliseconds(),
                provider: settings.provider, collector: settings.collector, version: version)
            return JSONResponse.make(readiness, status: readiness.ready ? .ok : .serviceUnavailable)
        }
        return router
    }
}
