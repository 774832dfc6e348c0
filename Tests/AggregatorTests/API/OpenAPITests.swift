import APIModel
import Foundation
import Reporting
import Scopes
import Store
import TestSupport
import Testing
import Yams

@testable import Aggregator

/// Holds the server to Protocols/openapi.yaml: every route is in it and nothing else, and what real requests get is
/// what it says.
@Suite struct OpenAPITests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func contract() throws -> String {
        try String(contentsOf: root.appendingPathComponent("Protocols/openapi.yaml"), encoding: .utf8)
    }

    @Test func `the server gives out the contract as it stands in Protocols`() throws {
        let served = String(decoding: try OpenAPIDocument.bytes.get(), as: UTF8.self)
        #expect(served == (try Self.contract()))
    }

    /// What usage can be grouped by, what peaks are of and what tokens are for: as the store and as answers name it.
    @Test func `words of answers are those of the store`() {
        #expect(UsageDimension.allCases.map(\.rawValue) == Dimension.ofUsage)
        #expect(PeakSubject.allCases.map(\.rawValue) == ["provider"] + PeakRow.subjects)
        #expect(TokenRole.allCases.map(\.rawValue).sorted() == TokenRequest.roles.sorted())
        for name in Dimension.ofUsage + Scope.Entity.names { #expect(Dimension.heading(of: name).en != name) }
    }

    @Test func `every route is in the contract and nothing else is`() async throws {
        let document = try ContractChecker(Self.contract())
        try await World.with { world in
            var served: Set<String> = []
            for (path, methods) in try world.routes() {
                for method in methods { served.insert("\(method) \(path)") }
            }
            #expect(served == document.operations)
        }
    }

    @Test func `answers are what the contract says`() async throws {
        let contract = try ContractChecker(Self.contract())
        try await World.with { world in
            try await FiguresTests.fill(world)
            try await world.store.waitForLatest(timeout: .seconds(120))
            let admin = try await world.token(.admin)
            let finance = try await world.token(.finance)
            let requests: [(path: String, operation: String, token: String?, accept: String?)] = [
                ("/v1/usage?period=2025&group-by=provider,kind&bucket=month", "/v1/usage", admin, nil),
                ("/v1/usage?period=2025", "/v1/usage", admin, "text/csv"),
                ("/v1/usage?period=x", "/v1/usage", admin, nil), ("/v1/usage?period=2025", "/v1/usage", nil, nil),
                ("/v1/usage?period=2025", "/v1/usage", finance, nil),
                ("/v1/usage?period=2025", "/v1/usage", admin, "image/png"),
                ("/v1/shares?scope=idc&period=2025-H1", "/v1/shares", finance, nil),
                ("/v1/shares?scope=idc&period=2025-H1", "/v1/shares", finance, "text/csv"),
                ("/v1/shares?scope=none&period=2025-H1", "/v1/shares", finance, nil),
                ("/v1/exports/monthly-share?scope=idc&month=2025-06", "/v1/exports/monthly-share", finance, nil),
                (
                    "/v1/exports/monthly-share?scope=idc&month=2025-06", "/v1/exports/monthly-share", finance,
                    "application/json"
                ),
                ("/v1/shares?scope=openrouter&period=2025-H1", "/v1/shares", finance, nil),
                ("/v1/shares?scope=tenders&period=2025-H1", "/v1/shares", finance, nil),
                ("/v1/rank?period=2025-H1", "/v1/rank", finance, nil),
                ("/v1/rank?period=2025-H1", "/v1/rank", finance, "text/csv"),
                ("/v1/rank?period=2025-H1&scope=tenders", "/v1/rank", finance, nil),
                ("/v1/trend?scope=idc&period=2025-H1&entity=volcengine,aliyun", "/v1/trend", finance, nil),
                ("/v1/trend?scope=idc&period=2025-H1", "/v1/trend", finance, "text/csv"),
                ("/v1/trend?scope=idc&period=2025-H1&entity=nobody", "/v1/trend", finance, nil),
                (
                    "/v1/growth?scope=idc&from-period=2025-05&to-period=2025-H1", "/v1/growth", finance, nil
                ),
                (
                    "/v1/growth?scope=idc&from-period=2025-05&to-period=2025-06", "/v1/growth", finance, "text/csv"
                ),
                ("/v1/concentration?scope=idc&period=2025-06", "/v1/concentration", finance, nil),
                ("/v1/concentration?scope=idc&period=2024-06", "/v1/concentration", finance, nil),
                ("/v1/concentration?scope=idc&period=2025-06", "/v1/concentration", finance, "text/csv"),
                (
                    "/v1/bridge?from-scope=idc&to-scope=all-traffic&period=2025-06&entity=aliyun", "/v1/bridge",
                    finance,
                    nil
                ),
                (
                    "/v1/bridge?from-scope=idc&to-scope=openrouter&period=2025-06", "/v1/bridge", finance, nil
                ),
                (
                    "/v1/bridge?from-scope=idc&to-scope=all-traffic&period=2025-06", "/v1/bridge", finance, "text/csv"
                ),
                ("/v1/peak?period=2025-06&by=tenant&user-rate=500", "/v1/peak", admin, nil),
                ("/v1/peak?period=2025-06", "/v1/peak", admin, "text/csv"),
                ("/v1/peak?period=2025-06&by=model&tenant=acme", "/v1/peak", admin, nil),
                ("/v1/coverage?period=2025-06", "/v1/coverage", finance, nil),
                ("/v1/coverage?period=2025-06", "/v1/coverage", finance, "text/csv"),
                ("/v1/coverage?period=2025-06&silence-minutes=0", "/v1/coverage", finance, nil),
                ("/v1/scopes", "/v1/scopes", finance, nil), ("/v1/scopes", "/v1/scopes", finance, "text/csv"),
                ("/v1/scopes/iceberg", "/v1/scopes/{id}", finance, nil),
                ("/v1/scopes/none", "/v1/scopes/{id}", finance, nil), ("/v1/collectors", "/v1/collectors", admin, nil),
                ("/v1/collectors", "/v1/collectors", admin, "text/csv"), ("/v1/tenants", "/v1/tenants", admin, nil),
                ("/v1/tenants/history?provider=volcengine&tenant=x", "/v1/tenants/history", admin, nil),
                ("/v1/tenants/history?provider=volcengine", "/v1/tenants/history", admin, nil),
                ("/v1/tenants/history?tenant=x&as-known-at=yesterday", "/v1/tenants/history", admin, nil),
                ("/v1/tenants", "/v1/tenants", admin, "text/csv"), ("/v1/tokens", "/v1/tokens", admin, nil),
                ("/v1/facts/prices", "/v1/facts/{kind}", admin, nil),
                ("/v1/facts/prices", "/v1/facts/{kind}", admin, "text/csv"),
                ("/v1/facts/prices?provider=x&token-type=input", "/v1/facts/{kind}", admin, nil),
                ("/v1/facts/prices?region=x", "/v1/facts/{kind}", admin, nil),
                ("/v1/facts/tenants", "/v1/facts/{kind}", admin, nil),
                ("/v1/facts/gossip", "/v1/facts/{kind}", admin, nil),
                ("/v1/facts/prices/history?provider=x", "/v1/facts/{kind}/history", admin, nil),
                ("/v1/facts/gossip/history", "/v1/facts/{kind}/history", admin, nil),
                ("/v1/facts/prices/history", "/v1/facts/{kind}/history", finance, nil),
                ("/v1/facts/prices", "/v1/facts/{kind}", finance, nil),
                ("/metrics", "/metrics", admin, nil), ("/livez", "/livez", nil, nil), ("/readyz", "/readyz", nil, nil),
                ("/openapi.yaml", "/openapi.yaml", nil, nil),
            ]
            try await world.asCaller { client in
                try await waitUntil("ready") { try await client.get("/readyz").status == 200 }
                for request in requests {
                    let reply = try await client.get(request.path, token: request.token, accept: request.accept)
                    for problem in contract.problems(of: reply, method: "get", path: request.operation) {
                        Issue.record("\(request.path): \(problem)")
                    }
                }
                let made = try await client.postJSON("/v1/tokens", "{\"role\":\"finance\"}", token: admin)
                #expect(contract.problems(of: made, method: "post", path: "/v1/tokens") == [])
                let bad = try await client.send(
                    "POST", "/v1/tenants",
                    headers: [("Content-Type", "text/csv"), ("Authorization", "Bearer \(admin)")],
                    body: Array("nonsense".utf8))
                #expect(contract.problems(of: bad, method: "post", path: "/v1/tenants") == [])
            }
            try await world.asCollector { client in
                let epoch = try await client.openEpoch(last: 1, lastNext: 3)
                let counted = try await client.sendBatch(Batches().seal(50), epoch: epoch, sequence: 0)
                #expect(contract.problems(of: counted, method: "post", path: "/v1/batches") == [])
                let gap = try await client.sendBatch(Batches().seal(51), epoch: epoch, sequence: 9)
                #expect(contract.problems(of: gap, method: "post", path: "/v1/batches") == [])
                let again = try await client.postJSON(
                    "/v1/epochs", "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1.0\"}")
                #expect(contract.problems(of: again, method: "post", path: "/v1/epochs") == [])
                let lookup = try await client.postJSON("/v1/batches/lookup", "{\"epoch\":\(epoch),\"digests\":[]}")
                #expect(contract.problems(of: lookup, method: "post", path: "/v1/batches/lookup") == [])
            }
        }
    }

    /// A checker that finds nothing proves nothing.
    @Test func `the checker can fail`() throws {
        let contract = try ContractChecker(Self.contract())
        let good = Reply(
            status: 200, headers: ["content-type": "application/json"], body: Array("{\"status\":\"ok\"}".utf8),
            version: "")
        #expect(contract.problems(of: good, method: "get", path: "/livez") == [])
        var missing = good
        missing.body = Array("{}".utf8)
        #expect(contract.problems(of: missing, method: "get", path: "/livez") != [])
        var constant = good
        constant.body = Array("{\"status\":\"fine\"}".utf8)
        #expect(contract.problems(of: constant, method: "get", path: "/livez") != [])
        var type = good
        type.headers["content-type"] = "text/html"
        #expect(contract.problems(of: type, method: "get", path: "/livez") != [])
        var status = good
        status.status = 418
        #expect(contract.problems(of: status, method: "get", path: "/livez") != [])
    }
}
