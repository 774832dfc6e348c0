import Foundation
import Scopes
import Store
import TestSupport
import Testing
internal import TextFormats

@testable import Aggregator

@Suite struct FactRoutesTests {
    /// A file of a kind from its rows.
    static func file(_ kind: FactKind, _ rows: String...) -> String {
        ([kind.definition.columns.map(\.name).joined(separator: ",")] + rows).joined(separator: "\n") + "\n"
    }

    static func post(_ client: TestClient, _ path: String, _ text: String, token: String) async throws -> Reply {
        try await client.send(
            "POST", path, headers: [("Content-Type", "text/csv"), ("Authorization", "Bearer \(token)")],
            body: Array(text.utf8))
    }

    private static func shares(_ client: TestClient, _ query: String, token: String) async throws -> [String: Any] {
        let reply = try await client.get("/v1/shares?wait-for=latest&\(query)", token: token)
        #expect(reply.status == 200, "\(reply.text)")
        let contract = try ContractChecker(OpenAPITests.contract())
        #expect(contract.problems(of: reply, method: "get", path: "/v1/shares") == [])
        return try reply.json()
    }

    @Test func `a price book makes revenue and records take its place`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            let admin = try await world.token(.admin)
            let contract = try ContractChecker(OpenAPITests.contract())
            try await world.asCaller { client in
                let scope = "scope=omdia-ai-cloud&period=2025-06"
                let without = try await client.get("/v1/shares?\(scope)", token: admin)
                #expect((without.status, without.code) == (422, "missing-facts"), "\(without.text)")
                #expect(try without.json()["imports"] as? [String] == ["revenue", "prices"])
                let model = "doubao-pro"
                let prices = Self.file(
                    .prices, "volcengine,\(model),,input,,,CNY,0.8,1000000,,2025-01-01,,list",
                    "volcengine,\(model),,output,,,CNY,2,1000000,,2025-01-01,,list",
                    "aliyun,\(model),,input,,,USD,1,1000000,,2025-01-01,,list")
                let added = try await Self.post(client, "/v1/facts/prices", prices, token: admin)
                #expect(added.status == 200, "\(added.text)")
                #expect(try added.json()["recorded"] as? Int == 3)
                #expect(contract.problems(of: added, method: "post", path: "/v1/facts/{kind}") == [])
                let known = try #require(try added.json()["recorded_at"] as? String)
                let unrated = try await client.get("/v1/shares?wait-for=latest&\(scope)", token: admin)
                #expect((unrated.status, unrated.code) == (422, "missing-rate"), "\(unrated.text)")
                #expect(unrated.text.contains("from USD to CNY for 2025-06"))
                let rates = Self.file(.rates, "2025-06,USD,CNY,7.25,parity")
                #expect(try await Self.post(client, "/v1/facts/rates", rates, token: admin).status == 200)
                let json = try await Self.shares(client, scope, token: admin)
                let rows = json["rows"] as? [[String: Any]] ?? []
                #expect(json["currency"] as? String == "CNY")
                // acme: 4.92 million of input at 0.8 and a tenth of it of output at 2; initech: 2.7 at 7.25.
                let amounts = rows.reduce(into: [String: String]()) {
                    $0[$1["provider"] as? String ?? ""] = $1["numerator"] as? String
                }
                #expect(
                    amounts == ["aliyun": "19.575", "volcengine": "4.92", "baidu-cloud": "0.00", "others": "0.00"],
                    "\(rows)")
                #expect(rows.first?["revenue_from"] as? String == "price-book")
                #expect(rows.first?["unpriced_tokens"] as? String == "270000")
                let revenue = Self.file(.revenue, "volcengine,2025-06,maas,100,CNY,report")
                #expect(try await Self.post(client, "/v1/facts/revenue", revenue, token: admin).status == 200)
                let after = try await Self.shares(client, scope, token: admin)
                let first = (after["rows"] as? [[String: Any]])?.first
                #expect(first?["provider"] as? String == "volcengine" && first?["numerator"] as? String == "100.00")
                #expect(first?["revenue_from"] as? String == "imported")
                let export = try await client.get(
                    "/v1/exports/monthly-share?scope=omdia-ai-cloud&month=2025-06", token: admin)
                let records = try CSVReader.records(in: export.body).map(\.fields)
                let money = [
                    "currency", "unmapped", "over_limit", "over_limit_percent", "estimated", "estimated_percent",
                    "revenue_from",
                ]
                let place = try #require(records[0].firstIndex(of: "currency"))
                #expect(Array(records[0][place...].prefix(money.count)) == money)
                #expect(records[1][place] == "CNY" && records[1].contains("100.00"))
                // Before the rates were recorded it could not be answered, and still can't.
                let escaped = known.replacing("+", with: "%2B")
                let past = try await client.get("/v1/shares?\(scope)&as-known-at=\(escaped)", token: admin)
                #expect((past.status, past.code) == (422, "missing-rate"), "\(past.text)")
            }
        }
    }

    @Test func `exports what was imported in a form that imports again`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            let contract = try ContractChecker(OpenAPITests.contract())
            try await world.asCaller { client in
                let text = Self.file(.models, "doubao,bytedance,bytedance,doubao,,light,2025-01-01,,=SUM(A1)")
                #expect(try await Self.post(client, "/v1/facts/models", text, token: admin).status == 200)
                let csv = try await client.get("/v1/facts/models", token: admin, accept: "text/csv")
                #expect(csv.text.contains("'=SUM(A1)") && csv.text.contains("token "))
                let again = try await Self.post(client, "/v1/facts/models", csv.text, token: admin)
                #expect(try again.json()["unchanged"] as? Int == 1, "\(again.text)")
                let json = try await client.get("/v1/facts/models", token: admin)
                #expect(contract.problems(of: json, method: "get", path: "/v1/facts/{kind}") == [])
                let fact = (try json.json()["records"] as? [[String: Any]])?.first
                #expect(fact?["tier"] as? String == "light" && fact?["weights"] is NSNull)
            }
        }
    }

    @Test func `refuses a file whole with the line of every mistake`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            let contract = try ContractChecker(OpenAPITests.contract())
            try await world.asCaller { client in
                let text = Self.file(
                    .regions, "aliyun,cn,cn-mainland,2025-01-01,,r", "aliyun,us,usa,2025-01-01,,r",
                    "aliyun,cn,overseas,2025-02-01,,r")
                let reply = try await Self.post(client, "/v1/facts/regions", text, token: admin)
                #expect((reply.status, reply.code) == (422, "invalid-facts"))
                let errors = try reply.json()["errors"] as? [[String: Any]] ?? []
                #expect(errors.map { $0["line"] as? Int } == [3, 4] && errors.first?["field"] as? String == "market")
                let kept = try await client.get("/v1/facts/regions", token: admin)
                #expect((try kept.json()["records"] as? [Any])?.isEmpty == true)
                for (reply, status) in [
                    (try await Self.post(client, "/v1/facts/gossip", text, token: admin), 404),
                    (try await client.postJSON("/v1/facts/regions", "[]", token: admin), 415),
                    (try await Self.post(client, "/v1/facts/regions?scope=idc&period=2025", text, token: admin), 400),
                    (try await Self.post(client, "/v1/facts/regions", text, token: world.token(.auditor)), 403),
                    (
                        try await Self.post(
                            client, "/v1/facts/regions", text, token: world.token(.admin, provider: "aliyun")), 403
                    ),
                ] {
                    #expect(reply.status == status, "\(reply.text)")
                    #expect(contract.problems(of: reply, method: "post", path: "/v1/facts/{kind}") == [])
                }
            }
        }
    }

    @Test func `a preview says what would move and writes nothing`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            try await world.store.waitForLatest(timeout: .seconds(120))
            let admin = try await world.token(.admin)
            let contract = try ContractChecker(OpenAPITests.contract())
            try await world.asCaller { client in
                let before = try await Self.shares(client, "scope=idc&period=2025-06", token: admin)
                let text =
                    RegistryRoutesTests.header
                    + "aliyun,nobody-said,external-customer,,2025-01-01,,a contract was found\n"
                let path = "/v1/tenants?preview=true&scope=idc&period=2025-06"
                let reply = try await Self.post(client, path, text, token: admin)
                #expect(contract.problems(of: reply, method: "post", path: "/v1/tenants") == [])
                let json = try reply.json()
                #expect(json["preview"] as? Bool == true && json["recorded"] as? Int == 1, "\(reply.text)")
                let rows = json["rows"] as? [[String: Any]] ?? []
                let aliyun = try #require(rows.first)
                #expect(aliyun["provider"] as? String == "aliyun" && aliyun["change"] as? String == "+330000")
                #expect(aliyun["share_percent_before"] as? String == "27.0")
                #expect(aliyun["share_percent_after"] as? String == "29.1" && aliyun["points"] as? String == "+2.1")
                // The others' tokens stay; their shares don't.
                #expect(rows.dropFirst().allSatisfy { $0["change"] as? String == "0" }, "\(rows)")
                #expect((json["total"] as? [String: Any])?["change"] as? String == "+330000")
                let after = try await Self.shares(client, "scope=idc&period=2025-06", token: admin)
                #expect(
                    NSDictionary(dictionary: before["total"] as? [String: Any] ?? [:])
                        == NSDictionary(dictionary: after["total"] as? [String: Any] ?? [:]))
                let regions = Self.file(.regions, "aliyun,cn-beijing,cn-mainland,2025-01-01,,r")
                let facts = try await Self.post(
                    client, "/v1/facts/regions?preview=true&scope=idc-2024&period=2025-06", regions, token: admin)
                #expect(contract.problems(of: facts, method: "post", path: "/v1/facts/{kind}") == [])
                #expect((try facts.json()["total"] as? [String: Any])?["before"] is NSNull, "\(facts.text)")
                let kept = try await client.get("/v1/facts/regions", token: admin)
                #expect((try kept.json()["records"] as? [Any])?.isEmpty == true)
                let counts = try await Self.post(client, "/v1/facts/regions?preview=true", regions, token: admin)
                let counted = try counts.json()
                #expect(counted["records"] as? Int == 1 && counted["rows"] == nil, "\(counts.text)")
            }
        }
    }

    @Test func `a share of a published total is an interval`() async throws {
        try await ScratchDirectory.with("custom-scopes") { directory in
            let custom = """
                id: custom-published
                version: 1
                title: {en: Published, zh: 公布}
                citation: our own rule
                measure: tokens
                filters: {kinds: [external-customer]}
                entity: provider
                aggregate: sum
                zone: Asia/Shanghai
                denominator: {reference-total: market}
                precision: 1
                """
            try custom.write(toFile: "\(directory)/custom.yaml", atomically: true, encoding: .utf8)
            try await World.with(overrides: ["scopes.directory=\(directory)"]) { world in
                try await FiguresTests.fill(world)
                let admin = try await world.token(.admin)
                try await world.asCaller { client in
                    let totals = Self.file(
                        .referenceTotals, "market,2025-06,idc,20000000,tokens,1000000,an institute,2025-10-18")
                    #expect(
                        try await Self.post(client, "/v1/facts/reference-totals", totals, token: admin).status == 200)
                    let json = try await Self.shares(client, "scope=custom-published&period=2025-06", token: admin)
                    #expect((json["reference"] as? [String: Any])?["source"] as? String == "an institute")
                    #expect(json["denominator"] as? String == "20000000")
                    let first = (json["rows"] as? [[String: Any]])?.first
                    // 5,412,000 of 20 million, give or take half a million.
                    #expect(first?["share_percent"] as? String == "27.1")
                    #expect(first?["share_percent_lowest"] as? String == "26.4")
                    #expect(first?["share_percent_highest"] as? String == "27.8")
                }
            }
        }
    }
}
