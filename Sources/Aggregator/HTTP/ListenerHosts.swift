internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// By which names a listener may be called. A page in somebody's browser can send requests to a name of its own that
/// leads here, and something in between can mistake one server for another; neither can say a name of ours.
struct ListenerHosts: Sendable {
    private let names: Set<String>
    private let tls: ReloadableTLS?

    /// The listener's own address, `localhost` and what is configured; with TLS the names of its certificate, as it is
    /// when a request comes.
    init(_ listener: Listener) {
        names = Set((listener.hosts + [listener.host, "localhost"]).map(HostField.normal(_:)))
        tls = listener.tls
    }

    /// - Throws: ``Problem`` 400 where `Host` is absent, doubled or malformed, 421 where it names another host.
    func check(_ request: Request, on channel: any Channel) throws(Problem) {
        let host = try HostField.host(calledBy: request)
        guard
            names.contains(host) || tls?.names.contains(where: { HostField.covers($0, host: host) }) ?? false
                || isOwnAddress(host, of: channel)
        else {
            throw Problem(
                status: 421, code: "foreign-host", title: "This server is not called so",
                detail: "The Host field names another host. Call this one by the name in its certificate or by its "
                    + "address, or let its operator add the name to the setting hosts of the listener.")
        }
    }

    /// Whether it is the address at which the connection came in: what `0.0.0.0` stands for.
    private func isOwnAddress(_ host: String, of channel: any Channel) -> Bool {
        let address = channel.localAddress ?? channel.parent?.localAddress
        guard let text = address?.ipAddress else { return false }
        return HostField.normal(text) == host || text == "::ffff:\(host)"
    }

}

/// Holds every request to ``ListenerHosts``, those of unknown paths too.
struct ListenerHostMiddleware<Context: ConnectionContext>: RouterMiddleware {
    let hosts: ListenerHosts
    let trail: AuditTrail
    /// The listener's name.
    let listener: String

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do throws(Problem) {
            try hosts.check(request, on: context.channel)
        } catch {
            trail.note(.init(kind: .refused, peer: PeerName(context.channel), code: error.code, place: listener))
            throw error
        }
        return try await next(request, context)
    }
}
