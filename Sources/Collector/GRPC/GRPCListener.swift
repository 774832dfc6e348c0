internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import HTTPSupport
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import Settings

/// The collector's listener of OTLP/gRPC, for sources that HTTP leads to as well.
package struct GRPCListener: Service {
    typealias Transport = HTTP2ServerTransport.Custom<GRPCListenerFactory>

    /// The most Export calls of one connection at once.
    private static let maxConcurrentStreams = 32
    /// What a sender may send of a call, and of a connection, before it is read, in bytes.
    private static let windowBytes = 256 << 10
    /// How long a connection may be silent. Longer than SDKs wait between exports of metrics.
    private static let idleTimeout = Duration.seconds(300)
    /// Time for the calls that are under way when the collector stops, or a connection has reached its age.
    private static let graceTime = Duration.seconds(10)

    private let server: GRPCServer<Transport>

    init(_ intake: GRPCIntake, factory: GRPCListenerFactory) {
        var config = Transport.Config.defaults
        config.rpc.maxRequestPayloadSize = intake.events.settings.maxBodyBytes
        config.connection.maxIdleTime = Self.idleTimeout
        config.connection.maxGraceTime = Self.graceTime
        config.http2.maxConcurrentStreams = Self.maxConcurrentStreams
        config.http2.targetWindowSize = Self.windowBytes
        config.channelDebuggingCallbacks.onAcceptHTTP2Stream = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(GRPCStreamGuard(intake), position: .first)
            }
        }
        var router = RPCRouter<Transport>()
        OTLPExport(intake: intake).register(with: &router)
        server = GRPCServer(transport: Transport(listenerFactory: factory, config: config), router: router)
    }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            do {
                try await server.serve()
            } catch let error as RuntimeError where error.code == .serverIsStopped {
                // It was told to stop before it had begun.
            }
        } onGracefulShutdown: {
            server.beginGracefulShutdown()
        }
    }
}

extension CollectorServer {
    /// The listener of OTLP/gRPC, where there is to be one; `bound` is told the address once it listens.
    package func makeGRPCListener(bound: @escaping @Sendable (_ address: String) async -> Void) -> GRPCListener? {
        guard let grpc = settings.grpc else { return nil }
        return GRPCListener(
            GRPCIntake(events),
            factory: GRPCListenerFactory(
                address: grpc.listen, tls: tls, limits: limits, maxConnections: maxGRPCConnections,
                metrics: parts.metrics, bound: bound))
    }
}
