internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import UsageModel

/// The routes of the ingest listener. Who calls comes from the client certificate of the connection, and from nothing
/// that the request says.
struct IngestRouter {
    typealias Handler = @Sendable (Request, CollectorIdentity) async throws -> APIResponse

    struct Route: Sendable {
        var method: HTTPRequest.Method
        var path: String
        var handler: Handler
    }

    let admission: Admission
    private let trail: AuditTrail
    let routes: [Route]

    init(_ dependencies: IngestDependencies) {
        admission = Admission(
            trustDomain: dependencies.trustDomain, revocations: dependencies.revocations, clock: dependencies.clock)
        trail = dependencies.trail
        let handlers = IngestHandlers(dependencies)
        routes = [
            Route(method: .post, path: "/v1/epochs", handler: handlers.openEpoch),
            Route(method: .post, path: "/v1/batches", handler: handlers.sendBatch),
            Route(method: .post, path: "/v1/batches/lookup", handler: handlers.lookUp),
            Route(method: .post, path: "/v1/heartbeats", handler: HeartbeatHandler(dependencies).beat),
        ]
    }

    var table: RouteTable { RouteTable(routes.map { ($0.path, $0.method.rawValue) }) }

    func router(metrics: RequestMetrics, hosts: ListenerHosts) -> Router<IngestContext> {
        metrics.declare(table)
        let router = Router(context: IngestContext.self)
        router.add(
            middleware: ProblemMiddleware(
                routes: table, problem: Problem.init(cause:), answered: metrics.record))
        router.add(middleware: ListenerHostMiddleware(hosts: hosts, trail: trail, listener: "ingest"))
        for route in routes {
            let (admission, trail) = (admission, trail)
            router.on(RouterPath(route.path), method: route.method) { request, context in
                var actor = "-"
                do {
                    let identity = try await admission.identity(of: context)
                    actor = "\(identity.provider)/\(identity.name)"
                    return try await route.handler(request, identity).response
                } catch let problem as Problem where problem.status == 403 {
                    trail.note(
                        .init(
                            kind: .denied, peer: PeerName(context.channel), actor: actor, code: problem.code,
                            place: route.path))
                    throw problem
                }
            }
        }
        return router
    }

    /// Who may go on, looked at for each request and not once for each connection.
    struct Admission: Sendable {
        let trustDomain: String
        let revocations: Revocations
        let clock: any WallClock

        /// - Throws: ``Problem`` 403 for a certificate that doesn't name exactly one collector of the trust domain, or
        ///   that was revoked.
        func identity(of context: IngestContext) async throws -> CollectorIdentity {
            guard let certificate = try await context.peerCertificate() else {
                throw Problem.forbidden("The connection has no client certificate.", code: "wrong-identity")
            }
            let identity: CollectorIdentity
            do throws(IdentityError) {
                identity = try CollectorIdentity(certificateDER: certificate, trustDomain: trustDomain)
            } catch {
                throw Problem.forbidden("\(error.message).", code: "wrong-identity")
            }
            guard
                !revocations.list(nowMilliseconds: clock.nowMilliseconds())
                    .revokes(identity, certificateDER: certificate)
            else {
                throw Problem.forbidden(
                    "The certificate, or the identity in it, was revoked; ask for a new one.", code: "revoked")
            }
            return identity
        }
    }
}
