internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Reporting
internal import Scopes
internal import Store

/// The routes of the query listener, in one list: the router, the 405 answers and the test against the OpenAPI
/// document are all made from it.
struct QueryRouter {
    typealias Handler = @Sendable (Request, QueryContext) async throws -> APIResponse
    typealias AuthorisedHandler = @Sendable (Request, QueryContext, TokenRecord) async throws -> APIResponse

    struct Route: Sendable {
        var method: HTTPRequest.Method
        var path: String
        var handler: Handler
    }

    private let tokens: TokenService
    private let health: @Sendable () -> Health
    private(set) var routes: [Route] = []

    init(_ dependencies: QueryDependencies) {
        tokens = TokenService(store: dependencies.store, clock: dependencies.clock)
        health = dependencies.health
        add(.get, "/v1/usage", needs: .usage, UsageHandler(dependencies: dependencies).answer)
        add(.get, "/v1/shares", needs: .shares, SharesHandler(dependencies: dependencies).answer)
        add(.get, "/v1/rank", needs: .shares, RankHandler(dependencies: dependencies).answer)
        add(.get, "/v1/trend", needs: .shares, TrendHandler(dependencies: dependencies).answer)
        add(.get, "/v1/growth", needs: .shares, GrowthHandler(dependencies: dependencies).answer)
        add(.get, "/v1/concentration", needs: .shares, ConcentrationHandler(dependencies: dependencies).answer)
        add(.get, "/v1/bridge", needs: .shares, BridgeHandler(dependencies: dependencies).answer)
        add(.get, "/v1/peak", needs: .usage, PeakHandler(dependencies: dependencies).answer)
        add(.get, "/v1/exports/monthly-share", needs: .exports, MonthlyShareHandler(dependencies: dependencies).answer)
        let scopes = ScopeHandlers(dependencies: dependencies)
        add(.get, "/v1/scopes", needs: .scopes, scopes.list)
        add(.get, "/v1/scopes/{id}", needs: .scopes, scopes.one)
        let statements = StatementHandlers(dependencies)
        add(.get, "/v1/statements", needs: .readStatements, statements.list)
        add(.post, "/v1/statements", needs: .writeStatements, statements.propose)
        add(.get, "/v1/statements/{id}", needs: .readStatements, statements.one)
        add(.post, "/v1/statements/{id}/approval", needs: .writeStatements, statements.approve)
        add(.post, "/v1/statements/{id}/withdrawal", needs: .writeStatements, statements.withdraw)
        let fleet = FleetHandlers(dependencies)
        add(.get, "/v1/collectors", needs: .collectors, fleet.collectors)
        add(.get, "/v1/coverage", needs: .coverage, CoverageHandler(dependencies: dependencies).answer)
        let registry = FactHandlers(dependencies, kind: .tenants)
        add(.get, "/v1/tenants", needs: .readTenants, registry.export)
        add(.get, "/v1/tenants/history", needs: .readTenants, registry.history)
        add(.post, "/v1/tenants", needs: .writeTenants, registry.import)
        let facts = FactHandlers(dependencies, kind: nil)
        add(.get, "/v1/facts/{kind}", needs: .readFacts, facts.export)
        add(.get, "/v1/facts/{kind}/history", needs: .readFacts, facts.history)
        add(.post, "/v1/facts/{kind}", needs: .writeFacts, facts.import)
        let tokenHandlers = TokenHandlers(dependencies)
        add(.get, "/v1/tokens", needs: .tokens, tokenHandlers.list)
        add(.post, "/v1/tokens", needs: .tokens, tokenHandlers.create)
        add(.delete, "/v1/tokens/{id}", needs: .tokens, tokenHandlers.revoke)
        let healthHandlers = HealthHandlers(dependencies)
        add(.get, "/metrics", needs: .metrics, healthHandlers.metrics)
        addOpen(.get, "/livez", healthHandlers.live)
        addOpen(.get, "/readyz", healthHandlers.ready)
        addOpen(.get, "/openapi.yaml", healthHandlers.openAPI)
    }

    /// Adds a route that needs a token with a permission.
    private mutating func add(
        _ method: HTTPRequest.Method, _ path: String, needs permission: Permission,
        _ handler: @escaping AuthorisedHandler
    ) {
        let (tokens, health) = (tokens, health)
        addOpen(method, path) { request, context in
            // An older schema may lack what a question reads: nothing is asked of it before it is prepared.
            guard health().state != .starting else {
                throw Problem.unavailable("The server is waiting for its database.", code: "not-ready")
            }
            let caller = try await tokens.authenticate(authorization: request.headers[.authorization])
            try caller.check(permission)
            return try await handler(request, context, caller)
        }
    }

    /// Adds a route that anyone may call.
    private mutating func addOpen(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        routes.append(Route(method: method, path: path, handler: handler))
    }

    var table: RouteTable { RouteTable(routes.map { ($0.path, $0.method.rawValue) }) }

    func router(metrics: RequestMetrics) -> Router<QueryContext> {
        let router = Router(context: QueryContext.self)
        router.add(
            middleware: ProblemMiddleware(
                routes: table, problem: Problem.init(cause:), answered: metrics.record))
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.handler(request, context).response
            }
        }
        return router
    }
}
