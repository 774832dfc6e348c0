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
    private let trail: AuditTrail
    private let health: @Sendable () -> Health
    private let budget: QuestionBudget
    private let answers: AnswerFiles
    private(set) var routes: [Route] = []

    init(_ dependencies: QueryDependencies) {
        tokens = TokenService(store: dependencies.store, clock: dependencies.clock)
        trail = dependencies.trail
        health = dependencies.health
        budget = dependencies.budget
        answers = dependencies.answers
        add(.get, "/v1/usage", needs: .usage, handler: UsageHandler(dependencies: dependencies).answer)
        add(.get, "/v1/shares", needs: .shares, handler: SharesHandler(dependencies: dependencies).answer)
        add(.get, "/v1/rank", needs: .shares, handler: RankHandler(dependencies: dependencies).answer)
        add(.get, "/v1/trend", needs: .shares, handler: TrendHandler(dependencies: dependencies).answer)
        add(.get, "/v1/growth", needs: .shares, handler: GrowthHandler(dependencies: dependencies).answer)
        add(.get, "/v1/concentration", needs: .shares, handler: ConcentrationHandler(dependencies: dependencies).answer)
        add(.get, "/v1/bridge", needs: .shares, handler: BridgeHandler(dependencies: dependencies).answer)
        add(.get, "/v1/peak", needs: .usage, handler: PeakHandler(dependencies: dependencies).answer)
        add(
            .get, "/v1/exports/monthly-share", needs: .exports,
            handler: MonthlyShareHandler(dependencies: dependencies).answer)
        let scopes = ScopeHandlers(dependencies: dependencies)
        add(.get, "/v1/scopes", needs: .scopes, handler: scopes.list)
        add(.get, "/v1/scopes/{id}", needs: .scopes, handler: scopes.one)
        let statements = StatementHandlers(dependencies)
        add(.get, "/v1/statements", needs: .readStatements, handler: statements.list)
        add(.post, "/v1/statements", needs: .writeStatements, handler: statements.propose)
        add(.get, "/v1/statements/{id}", needs: .readStatements, handler: statements.one)
        add(.post, "/v1/statements/{id}/approval", needs: .writeStatements, handler: statements.approve)
        add(.post, "/v1/statements/{id}/withdrawal", needs: .writeStatements, handler: statements.withdraw)
        let fleet = FleetHandlers(dependencies)
        add(.get, "/v1/collectors", needs: .collectors, handler: fleet.collectors)
        add(.get, "/v1/coverage", needs: .coverage, handler: CoverageHandler(dependencies: dependencies).answer)
        let registry = FactHandlers(dependencies, kind: .tenants)
        add(.get, "/v1/tenants", needs: .readTenants, handler: registry.export)
        add(.get, "/v1/tenants/history", needs: .readTenants, handler: registry.history)
        add(
            .get, "/v1/tenants/look-alikes", needs: .readTenants,
            handler: LookAlikesHandler(dependencies: dependencies).answer)
        add(.post, "/v1/tenants", needs: .writeTenants, handler: registry.import)
        let facts = FactHandlers(dependencies, kind: nil)
        add(.get, "/v1/facts/{kind}", needs: .readFacts, handler: facts.export)
        add(.get, "/v1/facts/{kind}/history", needs: .readFacts, handler: facts.history)
        add(.post, "/v1/facts/{kind}", needs: .writeFacts, handler: facts.import)
        let tokenHandlers = TokenHandlers(dependencies)
        add(.get, "/v1/tokens", needs: .tokens, handler: tokenHandlers.list)
        add(.post, "/v1/tokens", needs: .tokens, handler: tokenHandlers.create)
        add(.delete, "/v1/tokens/{id}", needs: .tokens, handler: tokenHandlers.revoke)
        add(.post, "/v1/tokens/{id}/rotation", needs: .tokens, handler: tokenHandlers.rotate)
        let healthHandlers = HealthHandlers(dependencies)
        add(.get, "/metrics", needs: .metrics) { request, context, _ in
            try await healthHandlers.metrics(request, context: context)
        }
        addOpen(.get, "/livez", handler: healthHandlers.live)
        addOpen(.get, "/readyz", handler: healthHandlers.ready)
        addOpen(.get, "/openapi.yaml", handler: healthHandlers.openAPI)
    }

    /// The routes of `metrics.listen`: what the query listener has of them, without tokens.
    init(monitoring dependencies: QueryDependencies) {
        tokens = TokenService(store: dependencies.store, clock: dependencies.clock)
        trail = dependencies.trail
        health = dependencies.health
        budget = dependencies.budget
        answers = dependencies.answers
        let healthHandlers = HealthHandlers(dependencies)
        addOpen(.get, "/metrics", handler: healthHandlers.metrics)
        addOpen(.get, "/livez", handler: healthHandlers.live)
        addOpen(.get, "/readyz", handler: healthHandlers.ready)
    }

    /// Adds a route that needs a token with a permission.
    private mutating func add(
        _ method: HTTPRequest.Method, _ path: String, needs permission: Permission,
        handler: @escaping AuthorisedHandler
    ) {
        let (tokens, trail, health, budget, answers) = (tokens, trail, health, budget, answers)
        addOpen(method, path) { request, context in
            // An older schema may lack what a question reads: nothing is asked of it before it is prepared.
            guard health().state != .starting else {
                throw Problem.unavailable("The server is waiting for its database.", code: "not-ready")
            }
            let peer = PeerName(context.channel)
            let caller: TokenRecord
            do {
                caller = try await tokens.authenticate(authorization: request.headers[.authorization], from: peer)
            } catch let problem as Problem {
                trail.note(.init(kind: .refused, peer: peer, code: problem.code, place: path))
                throw problem
            }
            do {
                try caller.check(permission)
                // Whoever watches must see also when too much is asked.
                guard permission != .metrics else { return try await handler(request, context, caller) }
                let permit = try budget.permit(for: caller.id, isChange: permission.changesMarket)
                return try await QuestionPermit.$current.withValue(permit) {
                    try await WorkerThreads.questions.run {
                        try await handler(request, context, caller).held(by: permit, in: answers)
                    }
                }
            } catch let problem as Problem where problem.status == 403 {
                trail.note(
                    .init(
                        kind: .denied, peer: peer, actor: caller.actor, caller: .init(caller), code: problem.code,
                        place: path))
                throw problem
            } catch let refusal as StatementRefusal {
                // Also where the month's state is in the way: whoever tries to close one leaves a trace.
                trail.note(
                    .init(
                        kind: .denied, peer: peer, actor: caller.actor, caller: .init(caller),
                        code: refusal.code.rawValue, place: path))
                throw refusal
            }
        }
    }

    /// Adds a route that anyone may call.
    private mutating func addOpen(_ method: HTTPRequest.Method, _ path: String, handler: @escaping Handler) {
        routes.append(Route(method: method, path: path, handler: handler))
    }

    var table: RouteTable { RouteTable(routes.map { ($0.path, $0.method.rawValue) }) }

    func router(metrics: RequestMetrics, hosts: ListenerHosts) -> Router<QueryContext> {
        metrics.declare(table)
        let router = Router(context: QueryContext.self)
        router.add(
            middleware: ProblemMiddleware(
                routes: table, problem: Problem.init(cause:), answered: metrics.record))
        router.add(middleware: ListenerHostMiddleware(hosts: hosts, trail: trail, listener: "query"))
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.handler(request, context).response
            }
        }
        return router
    }
}
