internal import CollectorCore
internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Settings
internal import SourceFormats
internal import Telemetry
internal import UsageModel

/// The collector's HTTP listener: intake, metrics and health.
package struct CollectorServer: Sendable {
    let settings: CollectorSettings
    let parts: CollectorDependencies
    let board: StatusStore
    let events: EventsHandler
    let version: String
    /// What it puts up with from a connection.
    package var limits = ConnectionLimits()

    package init(
        settings: CollectorSettings, parts: CollectorDependencies, board: StatusStore, writer: Writer,
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
            unnamed: EventsHandler.Source(name: "http", format: NativeFormat(), defaults: settings.defaults),
            named: Dictionary(named) { first, _ in first }, writer: writer, intakeSwitch: parts.intakeSwitch,
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
            router: makeRouter(), server: limits.server(settings.http),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: settings.http.listen.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    settings.http.maxConnections, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                await bound(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
            }, logger: logger)
    }

    /// The method that a path takes; `nil` where there is no such path.
    private static func method(of path: String) -> HTTPRequest.Method? {
        let parts = path.split(separator: "/")
        if parts.starts(with: ["v1", "events"]), parts.count <= 3 { return .post }
        return parts.count == 1 && ["metrics", "livez", "readyz"].contains(parts[0]) ? .get : nil
    }

    package func makeRouter() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: ProblemMiddleware(method: Self.method(of:)))
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
                intakeSwitch: parts.intakeSwitch, board: board, nowMilliseconds: parts.wallClock.nowMilliseconds(),
                provider: settings.provider, collector: settings.collector, version: version)
            return JSONResponse.make(readiness, status: readiness.ready ? .ok : .serviceUnavailable)
        }
        return router
    }
}
