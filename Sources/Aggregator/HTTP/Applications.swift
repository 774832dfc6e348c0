package import HTTPSupport
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import Logging
internal import NIOCore
package import ServiceLifecycle
internal import Telemetry

/// A listener to be: where it binds, with which TLS, and who is told the address.
package struct Listener: Sendable {
    package var host: String
    /// 0 for any free port.
    package var port: Int
    /// `nil` for plain HTTP/1.1, which is for loopback only.
    package var tls: ReloadableTLS?
    package var options: ListenerOptions
    /// Names by which it may be called, beside its address and those of its certificate.
    package var hosts: [String]
    /// Is told `host:port` as it was bound.
    package var onBound: @Sendable (String) async -> Void

    package init(
        host: String, port: Int, tls: ReloadableTLS?, options: ListenerOptions = ListenerOptions(),
        hosts: [String] = [], onBound: @escaping @Sendable (String) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.options = options
        self.hosts = hosts
        self.onBound = onBound
    }
}

extension Listener {
    /// The same, whose failed handshakes are counted, and told to a trail.
    fileprivate func watched(by trail: AuditTrail, named name: String, _ registry: MetricsRegistry) -> Listener {
        var listener = self
        guard tls != nil else { return listener }
        @Sendable func failures(_ reason: String) -> Counter {
            registry.counter(
                "steelyard_aggregator_handshake_failures_total",
                help: "TLS handshakes that failed, by listener and reason.",
                labels: [MetricLabel("listener", value: name), MetricLabel("reason", value: reason)])
        }
        // From the start, so that the first of each is a rise that alerts see.
        for reason in HandshakeWitness.reasons { _ = failures(reason) }
        listener.options.onHandshakeFailure = { peer, reason in
            failures(reason).increment()
            trail.note(.init(kind: .handshakeFailed, peer: peer, code: reason, place: name))
        }
        return listener
    }
}

/// Makes the ingest server: for collectors, over mutual TLS.
package func buildIngestApplication(_ dependencies: IngestDependencies, listener: Listener) -> any Service {
    let metrics = RequestMetrics(registry: dependencies.registry, listener: "ingest")
    let router = IngestRouter(dependencies).router(metrics: metrics, hosts: ListenerHosts(listener))
    return application(
        router, listener: listener.watched(by: dependencies.trail, named: "ingest", dependencies.registry),
        logger: dependencies.logger)
}

/// Makes the query server: for people and programs with bearer tokens.
package func buildQueryApplication(_ dependencies: QueryDependencies, listener: Listener) -> any Service {
    let metrics = RequestMetrics(registry: dependencies.registry, listener: "query")
    let router = QueryRouter(dependencies).router(metrics: metrics, hosts: ListenerHosts(listener))
    return application(
        router, listener: listener.watched(by: dependencies.trail, named: "query", dependencies.registry),
        logger: dependencies.logger)
}

/// Makes the server of `metrics.listen`: metrics and health, for whoever reaches it.
package func buildMetricsApplication(_ dependencies: QueryDependencies, listener: Listener) -> any Service {
    let metrics = RequestMetrics(registry: dependencies.registry, listener: "metrics")
    let router = QueryRouter(monitoring: dependencies).router(metrics: metrics, hosts: ListenerHosts(listener))
    return application(router, listener: listener, logger: dependencies.logger)
}

/// The routes of both listeners, for the test that holds them to the OpenAPI document.
package func allRoutes(_ ingest: IngestDependencies, _ query: QueryDependencies) -> [String: [String]] {
    let tables = [IngestRouter(ingest).table, QueryRouter(query).table]
    return tables.reduce(into: [:]) { all, table in all.merge(table.methods) { $0 + $1 } }
}

private func application<Context: RequestContext>(
    _ router: Router<Context>, listener: Listener, logger: Logger
) -> any Service where Context.Source == ApplicationRequestContextSource {
    Application(
        router: router, server: .steelyard(tls: listener.tls, options: listener.options),
        configuration: ApplicationConfiguration(
            address: .hostname(listener.host, port: listener.port), backlog: 512, reuseAddress: true,
            availableConnectionsDelegate: .maximum(listener.options.maxConnections, logger: logger)),
        onServerRunning: { channel in
            let host = listener.host.contains(":") ? "[\(listener.host)]" : listener.host
            await listener.onBound("\(host):\(channel.localAddress?.port ?? listener.port)")
        },
        logger: logger)
}
