internal import GRPCNIOTransportHTTP2Posix
internal import HTTPSupport
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Settings
internal import Synchronization
internal import Telemetry

/// Makes gRPC's listener, whose connections are held to the same as those of HTTP: the TLS rules in force when each
/// begins, the time to its first call, and its age.
struct GRPCListenerFactory: HTTP2ServerTransport.ListenerFactory {
    typealias Connection = HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel
    private typealias Security = HTTP2ServerTransport.ConnectionConfigurator.TLS

    let address: ListenAddress
    let tls: ReloadableTLS?
    let limits: ConnectionLimits
    let metrics: CollectorMetrics
    let bound: @Sendable (_ address: String) async -> Void
    let eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    private let connections: OpenConnections

    init(
        address: ListenAddress, tls: ReloadableTLS?, limits: ConnectionLimits, maxConnections: Int,
        metrics: CollectorMetrics, bound: @escaping @Sendable (_ address: String) async -> Void
    ) {
        self.address = address
        self.tls = tls
        self.limits = limits
        self.metrics = metrics
        self.bound = bound
        connections = OpenConnections(limit: maxConnections, metrics)
    }

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> NIOAsyncChannel<Connection, Never> {
        let listener = try await ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { listenerConfigurator.configure(channel: $0) }
            .bind(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel) }.flatMap { security in
                    connectionConfigurator.configure(channel: channel, tls: security)
                }
            }
        let port = listener.channel.localAddress?.port ?? address.port
        await bound(address.host.contains(":") ? "[\(address.host)]:\(port)" : "\(address.host):\(port)")
        return listener
    }

    /// Puts what stands before HTTP/2 into a connection. On its event loop only.
    private func prepare(_ channel: any Channel) throws -> Security {
        guard connections.take(channel) else {
            channel.close(promise: nil)
            throw ChannelError.ioOnClosedChannel
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            ConnectionGuard(
                headerDeadline: TimeAmount(limits.headerDeadline), maxAge: TimeAmount(limits.maxAge)))
        guard let tls else { return .none }
        let rules = tls.currentForHTTP2
        try pipeline.addHandler(NIOSSLServerHandler(context: rules.context))
        let metrics = metrics
        do {
            try channel.addHandshakeWitness(
                anchors: rules.anchors, needsCertificate: tls.files.needsClientCertificate
            ) { _, reason in
                metrics.countHandshakeFailure(reason)
            }
        } catch {
            // Nobody would hold the peer's certificate to its authority: the connection ends here.
            channel.close(promise: nil)
            throw error
        }
        return .configured(requireALPN: true)
    }
}

/// Counts a listener's connections.
private final class OpenConnections: Sendable {
    private let limit: Int
    private let count = Mutex(0)
    private let metrics: CollectorMetrics

    init(limit: Int, _ metrics: CollectorMetrics) {
        self.limit = limit
        self.metrics = metrics
    }

    /// Counts the connection until it closes; `false` where there are as many as there may be.
    func take(_ channel: any Channel) -> Bool {
        let isTaken = count.withLock { count in
            guard count < limit else { return false }
            count += 1
            metrics.grpcConnections.set(count)
            return true
        }
        guard isTaken else { return false }
        channel.closeFuture.whenComplete { _ in
            self.count.withLock { count in
                count -= 1
                self.metrics.grpcConnections.set(count)
            }
        }
        return true
    }
}
