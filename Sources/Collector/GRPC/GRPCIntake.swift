internal import CollectorCore
internal import HTTPSupport
internal import NIOCore
internal import NIOHPACK
internal import SourceFormats

/// What is decided of an Export call from its head, before anything of its message is taken.
struct GRPCIntake: Sendable {
    /// Names the source that a call is for, where it isn't plain from its token or certificate.
    static let sourceField = "steelyard-source"

    let events: EventsHandler
    let pushes = GRPCPushes()

    /// The names of the sources that calls may be for.
    private let sourceNames: [String]

    init(_ events: EventsHandler) {
        self.events = events
        sourceNames = events.sourcesByName.values.filter { $0.formatName == OTLPFormat.name }.map(\.name).sorted()
    }

    /// The call that a head begins. Whoever may not push, or can't now, gets one that is refused.
    ///
    /// - Parameter channel: the call's stream, on whose event loop this is asked.
    func begin(_ signal: OTLPSignal, _ head: HPACKHeaders, on channel: any Channel) -> GRPCPush {
        do throws(Problem) {
            return try admit(signal, head, on: channel)
        } catch {
            let push = GRPCPush(signal, source: nil, reservation: ByteReservation(events.budget))
            push.refuse(error)
            return push
        }
    }

    private func admit(
        _ signal: OTLPSignal, _ head: HPACKHeaders, on channel: any Channel
    ) throws(Problem) -> GRPCPush {
        guard head["origin"].isEmpty else { throw HostRule.crossSite }
        var caller = SourceAccess.Caller(authorization: head["authorization"])
        if events.access.looksAtCertificates { caller.certificate = channel.peerCertificateOfConnection() }
        let name = try sourceName(head[Self.sourceField], caller)
        let source = try events.find(name, for: .otlp(signal))
        try events.admit()
        let encoding = try encoding(head["grpc-encoding"])
        let reservation = ByteReservation(events.budget)
        guard reservation.extend(to: GRPCMessageFrame.headBytes) else { throw .tooManyBytes }
        return GRPCPush(signal, source: source, reservation: reservation, encoding: encoding)
    }

    private func sourceName(_ named: [String], _ caller: SourceAccess.Caller) throws(Problem) -> String {
        guard let name = named.first else { return try events.access.source(of: caller, among: sourceNames) }
        try events.access.check(caller, source: named.count == 1 ? name : "")
        return name
    }

    private func encoding(_ said: [String]) throws(Problem) -> Compression? {
        guard said.count <= 1 else { throw .unsupportedMessageEncoding }
        switch said.first {
        case nil, "identity": return nil
        case "gzip": return .gzip
        case "zstd": return .zstd
        default: throw .unsupportedMessageEncoding
        }
    }
}

extension Problem {
    static let unsupportedMessageEncoding = Problem(
        status: 415, code: "unsupported-encoding", title: "The message's encoding is not understood",
        detail: "Send identity, gzip or zstd as grpc-encoding.")
}

extension OTLPSignal {
    /// The service that takes it, by its full name.
    var grpcService: String {
        switch self {
        case .traces: "opentelemetry.proto.collector.trace.v1.TraceService"
        case .metrics: "opentelemetry.proto.collector.metrics.v1.MetricsService"
        case .logs: "opentelemetry.proto.collector.logs.v1.LogsService"
        }
    }

    /// The service's only method.
    static let grpcMethod = "Export"

    /// The path of a call.
    var grpcPath: String { "/\(grpcService)/\(Self.grpcMethod)" }
}
