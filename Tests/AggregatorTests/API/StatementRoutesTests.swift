import Foundation
import Scopes
import Store
import TestSupport
import Testing

@testable import Aggregator

/// June is closed by two people, over HTTP; every answer is held against the contract.
@Suite struct StatementRoutesTests {
    private static let reason =
        #"{"scope":"idc","month":"2025-06","override_reason":"a test, with half a month"}"#

    private static func check(_ reply: Reply, _ method: String, _ path: String) throws {
        let contract = try ContractChecker(OpenAPITests.contract())
        for problem in contract.problems(of: reply, method: method, path: path) { Issue.record("\(path): \(problem)") }
    }

    private static func propose(_ client: TestClient, _ json: String, _ token: String) async throws -> Reply {
        let reply = try await client.postJSON("/v1/statements", json, token: token)
        try check(reply, "post", "/v1/statements")
        return reply
    }

    private static func act(_ client: TestClient, _ id: Int, _ what: String, _ token: String) async throws -> Reply {
        let reply =
            what == "approval"
            ? try await client.send(
                "POST", "/v1/statements/\(id)/approval", headers: [("Authorization", "Bearer \(token)")])
            : try await client.postJSON("/v1/statements/\(id)/\(what)", "{\"reason\":\"it moved\"}", token: token)
        try check(reply, "post", "/v1/statements/{id}/\(what)")
        return reply
    }

    private static func get(_ client: TestClient, _ id: Int, _ token: String, query: String = "") async throws -> Reply
    {
        let reply = try await client.get("/v1/statements/\(id)\(query)", token: token)
        try check(reply, "get", "/v1/statements/{id}")
        return reply
    }

    /// One more batch of June from volcengine.
    private static func sendLate(_ world: World, tokens: UInt64) async throws {
        try await world.asCollector { client in
            let epoch = try await client.openEpoch(last: 1, lastNext: 3)
            let sealed = try Batches().seal(90, tenant: "acme", tokens: tokens)
            #expect(try await client.sendBatch(sealed, epoch: epoch, sequence: 0).status == 200)
        }
        try await world.store.waitForLatest(timeout: .seconds(120))
    }

    @Test func `a month is closed by two people and stays what it was`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            let ann = try await world.token(.finance, holder: "Ann")
            let annToo = try await world.token(.finance, holder: "Аnn")
            let bob = try await world.token(.finance, holder: "Bob")
            try await world.asCaller { client in
                let short = try await Self.propose(client, "{\"scope\":\"idc\",\"month\":\"2025-06\"}", ann)
                #expect((short.status, short.code) == (409, "coverage-short"))
                let list = try short.json()["shortcomings"] as? [[String: Any]] ?? []
                #expect(list.map { $0["code"] as? String } == Array(repeating: "silent-provider", count: 4))
                let proposed = try await Self.propose(client, Self.reason, ann)
                #expect(proposed.status == 201, "\(proposed.text)")
                let id = try #require(try proposed.json()["id"] as? Int)
                #expect(try await Self.propose(client, Self.reason, bob).code == "statement-exists")
                for token in [ann, annToo] {
                    let same = try await Self.act(client, id, "approval", token)
                    #expect((same.status, same.code) == (403, "same-person"))
                }
                let approved = try await Self.act(client, id, "approval", bob)
                #expect(approved.status == 200, "\(approved.text)")
                #expect(try approved.json()["status"] as? String == "approved")
                #expect(try approved.json()["override_reason"] as? String == "a test, with half a month")
                let rows = try approved.json()["rows"] as? [[String: Any]] ?? []
                #expect(rows.map { $0["share_percent"] as? String } == ["49.2", "27.0", "17.0", "6.8"])
                let text = try #require(try approved.json()["canonical_form"] as? String)
                #expect(try approved.json()["sha256"] as? String == StatementContent.digest(of: text))
                #expect(try await Self.act(client, id, "approval", bob).code == "statement-decided")
                #expect(try await Self.act(client, id, "withdrawal", ann).code == "statement-decided")
                try await Self.checkAfterwards(world, client, id, ann)
            }
        }
    }

    /// Late usage and a reclassification: the statement and the export stay, the restatement says what became of it.
    private static func checkAfterwards(_ world: World, _ client: TestClient, _ id: Int, _ token: String) async throws {
        let path = "/v1/exports/monthly-share?month=2025-06&scope=idc"
        let before = try await client.get(path, token: token)
        #expect(before.text.split(separator: "\r\n").dropFirst().allSatisfy { $0.contains("Z,Bob,") }, "\(before.text)")
        let statement = try await get(client, id, token)
        #expect(try statement.json()["restatement"] is NSNull)
        try await sendLate(world, tokens: 1_000_000)
        let admin = try await world.token(.admin)
        let registry = RegistryRoutesTests.header + "others,hooli,own-business,,2025-01-01,,found out\n"
        let imported = try await client.send(
            "POST", "/v1/tenants", headers: [("Content-Type", "text/csv"), ("Authorization", "Bearer \(admin)")],
            body: Array(registry.utf8))
        #expect(imported.status == 200)
        #expect(try await client.get(path, token: token).body == before.body)
        #expect(try await get(client, id, token).body == statement.body)
        let live = try await client.get(path + "&restated=true", token: token, accept: "application/json")
        try check(live, "get", "/v1/exports/monthly-share")
        #expect(try live.json()["statement"] is NSNull)
        let numerators = (try live.json()["rows"] as? [[String: Any]] ?? []).compactMap { $0["numerator"] as? String }
        #expect(numerators.first == "6512000" && numerators.last == "11352000", "\(numerators)")
        let known = try await client.get(
            path + "&as-known-at=2026-01-01T00:00:00Z", token: token, accept: "application/json")
        #expect(try known.json()["statement"] is NSNull)
        let closed = try await client.get(path, token: token, accept: "application/json")
        try check(closed, "get", "/v1/exports/monthly-share")
        #expect((try closed.json()["statement"] as? [String: Any])?["approved_by"] as? String == "Bob")

        let restated = try await get(client, id, token, query: "?restated=true")
        let restatement = try restated.json()["restatement"] as? [String: Any] ?? [:]
        let rows = restatement["rows"] as? [[String: Any]] ?? []
        func figure(_ entity: String) -> [String: String] {
            let row = rows.first { $0["entity"] as? String == entity }
            return row?["numerator"] as? [String: String] ?? [:]
        }
        #expect(
            figure("volcengine") == [
                "closed": "5412000", "late_usage": "1100000", "reclassification": "0", "now": "6512000",
            ])
        #expect(
            figure("others") == ["closed": "748000", "late_usage": "0", "reclassification": "-748000", "now": "0"])
        #expect(restatement["changed"] as? Bool == true)
    }

    @Test func `growth of an open month compares with the closed statement of the month before`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            let ann = try await world.token(.finance, holder: "Ann")
            let bob = try await world.token(.finance, holder: "Bob")
            try await world.asCaller { client in
                let may = #"{"scope":"idc","month":"2025-05","override_reason":"one day of May"}"#
                let id = try #require(try await Self.propose(client, may, ann).json()["id"] as? Int)
                #expect(try await Self.act(client, id, "approval", bob).status == 200)
                try await world.asCollector { collector in
                    let epoch = try await collector.openEpoch(last: 1, lastNext: 3)
                    let late = try Batches().seal(91, tenant: "acme", tokens: 1_000_000, minute: Batches.may)
                    #expect(try await collector.sendBatch(late, epoch: epoch, sequence: 0).status == 200)
                }
                try await world.store.waitForLatest(timeout: .seconds(120))
                try await Self.checkGrowth(client, ann, statement: id)
            }
        }
    }

    /// May was closed with 2,706,000 of volcengine, and is 3,806,000 as it is evaluated now.
    private static func checkGrowth(_ client: TestClient, _ token: String, statement id: Int) async throws {
        let export = "/v1/exports/monthly-share?month=2025-06&scope=idc"
        let growth = "/v1/growth?scope=idc&from-period=2025-05&to-period=2025-06"
        func object(_ path: String, _ route: String) async throws -> [String: Any] {
            let reply = try await client.get(path, token: token, accept: "application/json")
            try check(reply, "get", route)
            return try reply.json()
        }
        func rows(_ object: [String: Any]) -> [[String: Any]] { object["rows"] as? [[String: Any]] ?? [] }

        let open = try await object(export, "/v1/exports/monthly-share")
        #expect((open["previous_statement"] as? [String: Any])?["id"] as? Int == id && open["statement"] is NSNull)
        for row in [rows(open).first, rows(open).last] {
            #expect(row?["previous_numerator"] as? String == "2706000")
            #expect(row?["previous_restated"] as? String == "3806000")
        }
        #expect(rows(open).first?["month_on_month_percent"] as? String == "100.0")
        let evaluated = try await object(export + "&restated=true", "/v1/exports/monthly-share")
        #expect(rows(evaluated).first?["previous_numerator"] as? String == "3806000")
        #expect(rows(evaluated).first?["previous_restated"] is NSNull && evaluated["previous_statement"] is NSNull)

        let compared = try await object(growth, "/v1/growth")
        #expect((compared["from_statement"] as? [String: Any])?["id"] as? Int == id)
        #expect(compared["to_statement"] is NSNull)
        for row in [rows(compared).first, rows(compared).last] {
            #expect(row?["from_amount"] as? String == "2706000" && row?["from_restated"] as? String == "3806000")
            #expect(row?["to_restated"] == nil)
        }
        #expect(rows(compared).first?["multiple"] as? String == "2.0000")
        let live = try await object(growth + "&restated=true", "/v1/growth")
        #expect(rows(live).first?["from_amount"] as? String == "3806000" && live["from_statement"] is NSNull)
        let csv = try await client.get(growth, token: token, accept: "text/csv")
        #expect(
            csv.text.contains(
                ",from_restated,to_restated,lengths_differ,from_statement,to_statement,position,known_at\r\n"))
    }

    @Test func `what moved since the proposal is listed and proposed again`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            let ann = try await world.token(.finance, holder: "Ann")
            let bob = try await world.token(.finance, holder: "Bob")
            try await world.asCaller { client in
                let first = try await Self.propose(client, Self.reason, ann)
                let id = try #require(try first.json()["id"] as? Int)
                try await Self.sendLate(world, tokens: 10)
                let changed = try await Self.act(client, id, "approval", bob)
                #expect((changed.status, changed.code) == (409, "figures-changed"))
                let changes = try changed.json()["changes"] as? [[String: Any]] ?? []
                #expect(changes.map { $0["entity"] as? String } == ["volcengine", nil])
                #expect(try await Self.act(client, id, "withdrawal", bob).status == 200)
                #expect(try await Self.propose(client, Self.reason, ann).status == 201)
                let list = try await client.get("/v1/statements?scope=idc&month=2025-06", token: ann)
                try Self.check(list, "get", "/v1/statements")
                let states = (try list.json()["statements"] as? [[String: Any]] ?? []).map { $0["status"] as? String }
                #expect(states == ["withdrawn", "proposed"])
            }
        }
    }

    @Test func `who may not is told why`() async throws {
        try await World.with { world in
            let nobody = try await world.token(.finance)
            let auditor = try await world.token(.auditor, holder: "Eve")
            let bound = try await world.token(.finance, provider: "aliyun", holder: "Eve")
            let admin = try await world.token(.admin, holder: "Mia")
            let mia = try await world.token(.finance, holder: "MIA")
            let ann = try await world.token(.finance, holder: "Ann")
            try await world.asCaller { client in
                for (token, code) in [
                    (nobody, "no-holder"), (auditor, "wrong-role"), (bound, "bound-token"), (admin, "wrong-role"),
                    (mia, "mints-tokens"),
                ] {
                    let reply = try await Self.propose(client, Self.reason, token)
                    #expect((reply.status, reply.code) == (403, code))
                }
                #expect(try await client.get("/v1/statements", token: auditor).status == 200)
                for (json, status, code) in [
                    ("{\"scope\":\"idc\"}", 400, "bad-request"), ("[]", 400, "bad-request"),
                    ("{\"scope\":\"idc\",\"month\":\"2025-H1\"}", 400, "bad-request"),
                    ("{\"scope\":\"none\",\"month\":\"2025-06\"}", 404, "unknown-scope"),
                    ("{\"scope\":\"idc\",\"month\":\"2025-06\",\"override_reason\":\" \"}", 400, "bad-request"),
                    ("{\"scope\":\"idc\",\"month\":\"2025-06\",\"override_reason\":\"a\\nb\"}", 400, "bad-request"),
                    ("{\"scope\":\"idc\",\"month\":\"2025-07\"}", 409, "coverage-short"),
                ] {
                    let reply = try await Self.propose(client, json, ann)
                    #expect((reply.status, reply.code) == (status, code), "\(json): \(reply.text)")
                }
                #expect(try await Self.get(client, 7, ann).status == 404)
                #expect(try await Self.act(client, 7, "approval", ann).status == 404)
                let odd = try await client.get("/v1/statements/june", token: ann)
                #expect((odd.status, odd.code) == (404, "not-found"))
            }
        }
    }

    @Test func `tokens name their holder`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                let made = try await client.postJSON(
                    "/v1/tokens", "{\"role\":\"finance\",\"holder\":\"王芳 (Finance)\"}", token: admin)
                for holder in ["O'Brien", "Li, Ann"] {
                    let named = try await client.postJSON(
                        "/v1/tokens", #"{"role":"finance","holder":"\#(holder)"}"#, token: admin)
                    #expect(try named.json()["holder"] as? String == holder, "\(named.text)")
                }
                for (holder, character) in [("'Ann", "“'”"), ("Ann,", "“,”"), ("Ann;Li", "“;”")] {
                    let refused = try await client.postJSON(
                        "/v1/tokens", #"{"role":"finance","holder":"\#(holder)"}"#, token: admin)
                    #expect(refused.status == 400 && refused.text.contains(character), "\(refused.text)")
                }
                try Self.check(made, "post", "/v1/tokens")
                #expect(try made.json()["holder"] as? String == "王芳 (Finance)")
                let bad = try await client.postJSON("/v1/tokens", #"{"role":"finance","holder":""}"#, token: admin)
                #expect(bad.status == 400)
                let list = try await client.get("/v1/tokens", token: admin)
                #expect(list.text.contains("王芳 (Finance)"))
            }
        }
    }
}
