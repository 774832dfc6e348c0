import Reporting
import Scopes
import Store
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Aggregator

/// Every route × every kind of caller.
@Suite struct AuthorisationTests {
    /// A question that each route can answer, so that 200 or 403 is about the caller alone.
    static let routes: [(permission: Permission, path: String)] = [
        (.usage, "/v1/usage?period=2025-06"), (.shares, "/v1/shares?scope=idc&period=2025-06"),
        (.shares, "/v1/rank?scope=idc&period=2025-06"), (.shares, "/v1/trend?scope=idc&period=2025-06"),
        (.shares, "/v1/growth?scope=idc&from-period=2025-05&to-period=2025-06"),
        (.shares, "/v1/concentration?scope=idc&period=2025-06"),
        (.shares, "/v1/bridge?from-scope=idc&to-scope=all-traffic&period=2025-06"),
        (.usage, "/v1/peak?period=2025-06"), (.coverage, "/v1/coverage?period=2025-06"),
        (.exports, "/v1/exports/monthly-share?scope=idc&month=2025-06"), (.scopes, "/v1/scopes"),
        (.readStatements, "/v1/statements"),
        (.collectors, "/v1/collectors"), (.readTenants, "/v1/tenants"),
        (.readTenants, "/v1/tenants/look-alikes?provider=aliyun"), (.readFacts, "/v1/facts/prices"),
        (.tokens, "/v1/tokens"), (.metrics, "/metrics"),
    ]

    /// What each kind of caller may read, written out by hand.
    static let allowed: [(role: TokenRole, provider: String?, permissions: Set<Permission>)] = [
        (.operator, nil, [.scopes, .collectors, .coverage, .metrics]),
        (.operator, "aliyun", [.scopes, .collectors, .coverage, .usage]),
        (
            .auditor, nil,
            [.usage, .shares, .exports, .readStatements, .scopes, .readTenants, .readFacts, .coverage]
        ),
        (.auditor, "aliyun", [.usage, .scopes, .readTenants, .coverage]),
        (.finance, nil, [.shares, .exports, .readStatements, .writeStatements, .scopes, .coverage]),
        (.finance, "aliyun", [.scopes, .coverage]),
        (.admin, nil, Set(Permission.allCases).subtracting([.writeStatements])),
        (.admin, "aliyun", [.usage, .scopes, .collectors, .readTenants, .coverage]),
    ]

    @Test func `roles and providers see what the matrix says`() async throws {
        try await World.with { world in
            // There is something of the provider that a route names.
            try await FiguresTests.fill(world)
            for caller in Self.allowed {
                let token = try await world.token(caller.role, provider: caller.provider)
                try await world.asCaller { client in
                    for route in Self.routes {
                        let reply = try await client.get(route.path, token: token)
                        let expected = caller.permissions.contains(route.permission) ? 200 : 403
                        #expect(
                            reply.status == expected,
                            "\(caller.role) of \(caller.provider ?? "no provider") at \(route.path): \(reply.text)")
                    }
                }
            }
        }
    }

    @Test func `nobody without a live token gets in`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            let revoked = try await world.token(.admin)
            let id = String(revoked.split(separator: "_")[1])
            try await world.asCaller { client in
                let gone = try await client.send(
                    "DELETE", "/v1/tokens/\(id)", headers: [("Authorization", "Bearer \(admin)")])
                #expect(gone.status == 204)
                let twice = try await client.send(
                    "DELETE", "/v1/tokens/\(id)", headers: [("Authorization", "Bearer \(admin)")])
                #expect(twice.status == 404)
                let wrongSecret = "\(admin.dropLast(4))0000"
                let strangers = [
                    nil, "", "x", "sy_0000000000000000_" + String(repeating: "0", count: 64), wrongSecret, revoked,
                    String(repeating: "a", count: 4_000),
                ]
                for token in strangers {
                    for route in Self.routes {
                        let reply = try await client.get(route.path, token: token)
                        #expect(reply.status == 401, "\(token ?? "none") at \(route.path)")
                        #expect(reply.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
                        #expect(reply.contentType == "application/problem+json")
                    }
                }
                for path in ["/livez", "/readyz", "/openapi.yaml"] {
                    try await waitUntil("\(path) answers 200") { try await client.get(path).status == 200 }
                }
            }
        }
    }

    @Test func `a bound token sees its own provider only`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            try await world.store.waitForLatest(timeout: .seconds(120))
            let token = try await world.token(.auditor, provider: "aliyun")
            try await world.asCaller { client in
                let own = try await client.get("/v1/usage?period=2025&group-by=provider,tenant", token: token)
                let rows = try own.json()["rows"] as? [[String: Any]] ?? []
                #expect(Set(rows.compactMap { $0["tenant"] as? String }) == ["initech", "taobao", "nobody-said"])
                #expect(!own.text.contains("acme") && !own.text.contains("volcengine"))
                let other = try await client.get("/v1/usage?period=2025&provider=volcengine", token: token)
                #expect((other.status, other.code) == (403, "bound-token"))
                let tenant = try await client.get("/v1/usage?period=2025&tenant=acme", token: token)
                #expect(!tenant.text.contains("5412000"))
                let registry = try await client.get("/v1/tenants", token: token)
                #expect(!registry.text.contains("volcengine"))
            }
            let `operator` = try await world.token(.operator, provider: "aliyun")
            try await world.asCaller { client in
                let collectors = try await client.get("/v1/collectors", token: `operator`)
                let found = try collectors.json()["collectors"] as? [[String: Any]] ?? []
                #expect(found.compactMap { $0["provider"] as? String } == ["aliyun"])
            }
        }
    }

    /// What a caller who is bound to `aliyun` may ask, and what says that it was answered.
    private static let bound: [(role: TokenRole, path: String, own: String)] = [
        (.auditor, "/v1/usage?period=2025&group-by=provider,tenant", "taobao"),
        (.auditor, "/v1/usage?period=2025&group-by=provider,kind", "aliyun"),
        (.auditor, "/v1/usage?period=2025&group-by=provider,model&tenant=acme,taobao", "aliyun"),
        (.auditor, "/v1/peak?period=2025&by=provider", "aliyun"),
        (.auditor, "/v1/peak?period=2025&by=tenant", "taobao"),
        (.auditor, "/v1/coverage?period=2025", "aliyun"), (.operator, "/v1/collectors", "aliyun"),
        (.auditor, "/v1/tenants", "taobao"), (.auditor, "/v1/tenants/history?tenant=taobao", "taobao"),
        (.auditor, "/v1/tenants/history?tenant=acme", "\"records\":[]"),
    ]

    /// Each of the two locks holds alone: here the application's, with questions run by the owner of the tables, whom
    /// row security lets through. `RowSecurityTests` leave the application's open.
    @Test(arguments: [[], [World.acceptsWithoutReader]])
    func `no route tells a bound caller of others, with row security and by the application alone`(
        overrides: [String]
    ) async throws {
        try await World.with(overrides: overrides) { world in
            try await FiguresTests.fill(world)
            try await world.store.waitForLatest(timeout: .seconds(120))
            for route in Self.bound {
                let token = try await world.token(route.role, provider: "aliyun")
                try await world.asCaller { client in
                    let isTable = !route.path.contains("history")
                    for format in isTable ? ["application/json", "text/csv"] : ["application/json"] {
                        let reply = try await client.get(route.path, token: token, accept: format)
                        let isOwn = format == "text/csv" || reply.text.replacing(" ", with: "").contains(route.own)
                        #expect(reply.status == 200 && isOwn, "\(route.path): \(reply.text)")
                        for foreign in ["volcengine", "baidu", "acme", "5412000"] {
                            #expect(!reply.text.contains(foreign), "\(route.path): \(reply.text)")
                        }
                    }
                }
            }
        }
    }

    @Test func `a caller's questions are restricted to what its token is bound to`() async throws {
        try await World.with { world in
            let catalogue = try ScopeCatalogue.builtIn()
            let dependencies = QueryDependencies(
                store: world.store, scopes: catalogue, clock: world.clock, health: { Health(state: .ready) },
                registry: MetricsRegistry(), logger: World.logger)
            let moment = Timestamp(milliseconds: 0)
            for provider in ["aliyun", nil] {
                let caller = TokenRecord(id: "x", role: .auditor, provider: provider, createdAt: moment, createdBy: "x")
                let expected: Visibility = provider.map { .provider($0) } ?? .everything
                #expect(dependencies.questions(of: caller).visibility == expected)
                #expect(dependencies.reports(for: caller).database.visibility == expected)
            }
        }
    }

    @Test func `an aggregator whose login for questions could do more than read ends at its start`() async throws {
        try await TestDatabase.withDatabase { database in
            let error = await #expect(throws: StoreError.self) {
                try await World.with(overrides: ["database.reader-url=\(database.connectionString)"]) { _ in }
            }
            #expect(error?.code == .readerUnfit, "\(String(describing: error))")
        }
    }

    @Test func `a created token works and lists without its secret`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                let made = try await client.postJSON(
                    "/v1/tokens", "{\"role\":\"operator\",\"provider\":\"aliyun\"}", token: admin)
                #expect(made.status == 201)
                let token = try made.json()["token"] as? String ?? ""
                #expect(try await client.get("/v1/collectors", token: token).status == 200)
                let list = try await client.get("/v1/tokens", token: admin)
                #expect(list.text.contains(token.split(separator: "_")[1]))
                #expect(!list.text.contains(token.split(separator: "_")[2]))
                for body in ["{}", "{\"role\":\"king\"}", "{\"role\":\"admin\",\"provider\":\"A B\"}", "nonsense"] {
                    let reply = try await client.postJSON("/v1/tokens", body, token: admin)
                    #expect((reply.status, reply.code) == (400, "bad-request"), "\(body)")
                }
            }
        }
    }
}
