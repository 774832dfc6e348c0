internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Usage

/// The routes of the ingest listener. Who calls comes from the client certificate of the connection, and from nothing
/// that the request says.
struct IngestRouter {
    typealias Handler = @Sendable (Request, CollectorIdentity) async throws -> Answer

    struct Route: Sendable {
        var method: HTTPRequest.Method
        var path: String
        var handler: Handler
    }

    let trustDomain: String
    let routes: [Route]

    init(_ dependencies: IngestDependencies) {
        trustDomain = dependencies.trustDomain
        let handlers = IngestHandlers(dependencies)
        routes = [
            Route(method: .post, path: "/v1/epochs", handler: handlers.openEpoch),
            Route(method: .post, path: "/v1/batches", handler: handlers.sendBatch),
            Route(method: .post, path: "/v1/batches/lookup", handler: handlers.lookUp),
        ]
    }

    var table: RouteTable { RouteTable(routes.map { ($0.path, $0.method.rawValue) }) }

    func router(metrics: RequestMetrics) -> Router<IngestContext> {
        let router = Router(context: IngestContext.self)
        router.add(middleware: ProblemMiddleware(routes: table, metrics: metrics))
        for route in routes {
            let trustDomain = trustDomain
            router.on(RouterPath(route.path), method: route.method) { request, context in
                let identity = try await Self.identity(of: context, trustDomain: trustDomain)
                return try await route.handler(request, identity).response
            }
        }
        return router
    }

    /// - Throws: ``Problem`` 403 for a certificate that doesn't name exactly one collector of the trust domain.
    private static func identity(of context: IngestContext, trustDomain: String) async throws -> CollectorIdentity {
        guard let certificate = try await context.peerCertificate() else {
            throw Problem.forbidden("The connection has no client certificate.", code: "wrong-identity")
        }
        do throws(IdentityError) {
            return try CollectorIdentity(certificateDER: certificate, trustDomain: trustDomain)
        } catch {
            throw Problem.forbidden("\(error.message).", code: "wrong-identity")
        }
    }
}
