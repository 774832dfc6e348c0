internal import CollectorCore
package import HTTPSupport
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Settings
internal import SourceFormats
internal import Telemetry
internal import TextFormats
internal import UsageModel

/// The collector's HTTP listener: intake, metrics and health.
package struct CollectorServer: Sendable {
    let settings: CollectorSettings
    let parts: CollectorDependencies
    let board: StatusStore
    let events: EventsHandler
    let version: String
    /// Who may push into which source.
    package let access: SourceAccess
    /// The listener's TLS; `nil` for a plain one.
    package var tls: ReloadableTLS?
    /// What it puts up with from a connection.
    package var limits = ConnectionLimits()
    /// The most open connections of senders.
    package var maxConnections: Int
    /// The most open connections of senders over gRPC.
    package var maxGRPCConnections: Int
    /// The most open connections of `metrics.listen`.
    static let maxMetricsConnections = 16

    package init(
        settings: CollectorSettings, parts: CollectorDependencies, board: StatusStore, writer: Writer, version: String
    ) {
        self.settings = settings
        self.parts = parts
        self.board = board
        self.version = version
        maxConnections = settings.http.maxConnections
        maxGRPCConnections = settings.grpc?.maxConnections ?? 0
        access = SourceAccess(settings)
        let byName = settings.pushSources.map {
            (
                $0.name,
                EventsHandler.Source(
                    name: $0.name, format: $0.format, wrappings: $0.wrappings, defaults: $0.defaults, ids: $0.ids)
            )
        }
        events = EventsHandler(
            settings: settings.http,
            defaultSource: EventsHandler.Source(
                name: CollectorSettings.defaultSourceName, format: CollectorSettings.defaultSourceFormat,
                defaults: settings.defaults),
            sourcesByName: Dictionary(byName) { first, _ in first }, access: access, writer: writer, parts: parts,
            rateLimit: RequestRateLimit(perSecond: settings.http.requestsPerSecond, clock: parts.steadyClock),
            budget: ByteBudget(limit: settings.http.maxConcurrentBytes))
    }

    /// The server as a service; `bound` is told the port once it listens.
    package func makeApplication(
        bound: @escaping @Sendable (_ address: String) async -> Void
    ) -> Application<RouterResponder<PushContext>> {
        application(makeRouter(), at: settings.http.listen, tls: tls, maxConnections: maxConnections, bound: bound)
    }

    /// The listener of `metrics.listen`, where there is to be one.
    package func makeMetricsApplication(
        bound: @escaping @Sendable (_ address: String) async -> Void
    ) -> Application<RouterResponder<PushContext>>? {
        guard let address = settings.http.metricsListen else { return nil }
        let router = makeRouter(statusRoutes, hosts: HostRule(settings.http.hosts))
        return application(
            router, at: address, tls: nil, maxConnections: Self.maxMetricsConnections, bound: bound)
    }

    /// The listener of this machine's own commands, on a free port of loopback.
    func makeControlApplication(
        _ control: ControlHandler, bound: @escaping @Sendable (_ address: String) async -> Void
    ) -> Application<RouterResponder<PushContext>> {
        let requeue = Route(method: .post, path: "/v1/requeue") { request, _ in await control.requeue(request) }
        let router = makeRouter([requeue] + healthRoutes(refusals: true), hosts: HostRule([]))
        return application(
            router, at: ListenAddress(host: "127.0.0.1", port: 0), tls: nil,
            maxConnections: Self.maxMetricsConnections, bound: bound)
    }

    private func application(
        _ router: Router<PushContext>, at address: ListenAddress, tls: ReloadableTLS?, maxConnections: Int,
        bound: @escaping @Sendable (_ address: String) async -> Void
    ) -> Application<RouterResponder<PushContext>> {
        var logger = parts.logger
        logger.logLevel = .warning
        let host = address.host
        return Application(
            router: router,
            server: limits.server(settings.http, tls: tls, handshakeFailed: parts.metrics.countHandshakeFailure),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: address.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(maxConnections, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                await bound(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
            }, logger: logger)
    }

    private struct Route {
        var method: HTTPRequest.Method
        var path: String
        var handler: @Sendable (Request, PushContext) async -> Response
    }

    /// In one list: the router, 404 and 405 are made from it.
    private var routes: [Route] {
        let status = settings.http.metricsListen == nil ? statusRoutes : healthRoutes(refusals: false)
        return eventRoutes + protocolRoutes + status
    }

    /// The paths of protocols that there are sources for, each with and without the source's name before it.
    private var protocolRoutes: [Route] {
        var routes: [Route] = []
        for signal in OTLPSignal.allCases {
            routes += protocolRoutes(.otlp(signal), path: "/v1/\(signal.rawValue)", prefix: "/otlp")
        }
        return routes + protocolRoutes(.openMeter, path: "/api/v1/events", prefix: "/openmeter")
    }

    private func protocolRoutes(_ exchange: PushProtocol, path: String, prefix: String) -> [Route] {
        let isServed = settings.pushSources.contains { type(of: $0.format).name == exchange.formatName }
        guard isServed else { return [] }
        return [
            Route(method: .post, path: path) { request, context in
                await events.handle(request, on: context.channel, source: nil, as: exchange)
            },
            Route(method: .post, path: "\(prefix)/{source}\(path)") { request, context in
                await events.handle(
                    request, on: context.channel, source: context.parameters.get("source") ?? "", as: exchange)
            },
        ]
    }

    private var eventRoutes: [Route] {
        let named = Route(method: .post, path: "/v1/events/{source}") { request, context in
            await events.handle(request, on: context.channel, source: context.parameters.get("source") ?? "")
        }
        guard settings.http.servesUnnamedSource else { return [named] }
        let unnamed = Route(method: .post, path: "/v1/events") { request, context in
            await events.handle(request, on: context.channel, source: nil)
        }
        return [unnamed, named]
    }

    /// What a listener of `metrics.listen` serves.
    private var statusRoutes: [Route] {
        let metrics = Route(method: .get, path: "/metrics") { _, _ in
            .text(parts.metrics.registry.render(), contentType: MetricsRegistry.contentType)
        }
        return [metrics] + healthRoutes(refusals: false)
    }

    /// - Parameter refusals: whether the last refused records are told, and how many were not for counting.
    private func healthRoutes(refusals: Bool) -> [Route] {
        [
            Route(method: .get, path: "/livez") { _, _ in .text("ok\n", contentType: "text/plain; charset=utf-8") },
            Route(method: .get, path: "/readyz") { _, _ in
                let readiness = Readiness(
                    intakeSwitch: parts.intakeSwitch, board: board, nameBudgets: parts.nameBudgets.current,
                    refusals: refusals ? parts.refusals.last : nil,
                    ignored: refusals ? parts.metrics.ignoredRecords : nil,
                    nowMilliseconds: parts.wallClock.nowMilliseconds(), provider: settings.provider,
                    collector: settings.collector, version: version)
                return .json(readiness.json, status: readiness.ready ? .ok : .serviceUnavailable)
            },
        ]
    }

    package func makeRouter() -> Router<PushContext> {
        makeRouter(routes, hosts: HostRule(settings.http.hosts, tls: tls))
    }

    private func makeRouter(_ routes: [Route], hosts: HostRule) -> Router<PushContext> {
        let router = Router(context: PushContext.self)
        let paths = routes.map(\.path).joined(separator: ", ")
        router.add(
            middleware: ProblemMiddleware(
                routes: RouteTable(routes.map { ($0.path, $0.method.rawValue) }),
                unknownPath: .notFound("This listener has no such path; it has \(paths).")))
        router.add(middleware: HostMiddleware(hosts))
        for route in routes {
            let handler = route.handler
            router.on(RouterPath(route.path), method: route.method) { request, context in
                await handler(request, context)
            }
        }
        return router
    }
}

extension Response {
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.encoded)))
    }

    fileprivate static func text(_ text: String, contentType: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
