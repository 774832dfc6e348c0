import Aggregator
import Scopes
import Store
import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Aggregator

/// Known usage in, known figures out, in JSON and CSV.
@Suite struct FiguresTests {
    /// What the market of these tests is: provider, tenant, kind, tokens of input in June 2025 (a tenth comes out).
    static let market: [(provider: String, tenant: String, kind: String?, june: UInt64)] = [
        ("volcengine", "acme", "external-customer", 4_920_000),
        ("volcengine", "douyin", "own-business", 9_000_000),
        ("baidu-cloud", "globex", "external-customer", 1_700_000),
        ("aliyun", "initech", "external-customer", 2_700_000),
        ("aliyun", "taobao", "own-business", 1_000_000),
        ("aliyun", "nobody-said", nil, 300_000),
        ("others", "hooli", "external-customer", 680_000),
    ]

    static let registry =
        "provider,tenant,kind,legal_entity,effective_from,effective_to,reason\r\n"
        + market.compactMap { row in
            row.kind.map { "\(row.provider),\(row.tenant),\($0),,2025-01-01,,\"=contract, 2025\"\r\n" }
        }.joined()

    /// Sends the market's usage through real collectors, and half of acme's in May; imports the registry.
    static func fill(_ world: World) async throws {
        for provider in Set(market.map(\.provider)).sorted() {
            try await world.asCollector(world.identity(provider)) { client in
                let epoch = try await client.openEpoch()
                var sequence = 0
                for row in market where row.provider == provider {
                    let sealed = try Batches(provider: provider).seal(
                        UInt64(sequence + 1), tenant: row.tenant, tokens: row.june)
                    let reply = try await client.sendBatch(sealed, epoch: epoch, sequence: sequence)
                    #expect(reply.status == 200, "\(reply.text)")
                    sequence += 1
                }
                if provider == "volcengine" {
                    let may = try Batches().seal(9, tenant: "acme", tokens: 2_460_000, minute: Batches.may)
                    #expect(try await client.sendBatch(may, epoch: epoch, sequence: sequence).status == 200)
                }
            }
        }
        let admin = try await world.token(.admin)
        try await world.asCaller { client in
            let reply = try await client.send(
                "POST", "/v1/tenants", headers: [("Content-Type", "text/csv"), ("Authorization", "Bearer \(admin)")],
                body: Array(registry.utf8))
            #expect(reply.status == 200, "\(reply.text)")
            #expect(try reply.json()["records"] as? Int == 6)
        }
    }

    @Test func `shares count external customers only and add up to 100`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let token = try await world.token(.finance)
            try await world.asCaller { client in
                let reply = try await client.get("/v1/shares?scope=idc&period=2025-06&wait-for=latest", token: token)
                #expect(reply.status == 200, "\(reply.text)")
                let json = try reply.json()
                let rows = json["rows"] as? [[String: Any]] ?? []
                #expect(rows.map { $0["provider"] as? String } == ["volcengine", "aliyun", "baidu-cloud", "others"])
                #expect(rows.map { $0["share_percent"] as? String } == ["49.2", "27.0", "17.0", "6.8"])
                #expect(rows.map { $0["rank"] as? Int } == [1, 2, 3, 4])
                #expect(rows[0]["numerator"] as? String == "5412000")
                #expect(rows[0]["own_business"] as? String == "9900000")
                #expect(rows[1]["unclassified"] as? String == "330000")
                // 2,970,000 and 330,000 of 11,330,000; the others' shares only fall. Bounds are rounded outwards.
                #expect(
                    rows[1]["interval"] as? [String: String] == ["if_all": "29.1", "lowest": "27.0", "highest": "29.2"])
                #expect(
                    rows[0]["interval"] as? [String: String] == ["if_all": "47.8", "lowest": "47.7", "highest": "49.2"])
                #expect(json["denominator"] as? String == "11000000")
                #expect((json["scope"] as? [String: Any])?["id"] as? String == "idc")
                #expect(reply.headers["steelyard-position"] == "\(json["position"] ?? "")")
                let all = try await client.get("/v1/shares?scope=all-traffic&period=2025-06", token: token)
                let first = (try all.json()["rows"] as? [[String: Any]])?.first
                #expect(first?["numerator"] as? String == "15312000")
            }
        }
    }

    @Test func `monthly export has shares, growth and totals, and no formula`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let token = try await world.token(.finance)
            try await world.asCaller { client in
                let path = "/v1/exports/monthly-share?month=2025-06&scope=idc&wait-for=latest"
                let reply = try await client.get(path, token: token)
                #expect(reply.contentType == "text/csv; charset=utf-8; header=present")
                #expect(
                    reply.headers["content-disposition"]
                        == "attachment; filename=\"steelyard-monthly-share-2025-06-idc-v1.csv\"")
                let records = try CSVReader.records(in: reply.body).map(\.fields)
                #expect(records.count == 6)
                let (header, total) = (records[0], records[5])
                #expect(header.first == "row" && header[16] == "month_on_month_percent")
                #expect(
                    header.suffix(6) == [
                        "statement", "statement_sha256", "approved_at", "approved_by", "position", "known_at",
                    ])
                let column = Dictionary(uniqueKeysWithValues: header.enumerated().map { ($0.element, $0.offset) })
                func cell(_ row: Int, _ name: String) -> String { records[row][column[name] ?? 0] }
                #expect(cell(1, "provider") == "volcengine")
                #expect(cell(1, "position") == "8" && cell(1, "known_at").hasPrefix("20"))
                #expect(cell(1, "over_limit") == "0" && cell(1, "over_limit_percent") == "0.0")
                #expect(cell(1, "previous_numerator") == "2706000")
                #expect(cell(1, "month_on_month_percent") == "100.0")
                #expect(cell(2, "month_on_month_percent") == "")
                #expect((1...4).map { cell($0, "share_percent") } == ["49.2", "27.0", "17.0", "6.8"])
                #expect(total.first == "total")
                #expect(cell(5, "numerator") == "11000000" && cell(5, "share_percent") == "100.0")
                let text = reply.text
                #expect(text.hasSuffix("\r\n") && !text.contains("=") && !text.contains("+"))
                let json = try await client.get(path, token: token, accept: "application/json")
                #expect((try json.json()["rows"] as? [[String: Any]])?.count == 5)
            }
        }
    }

    @Test func `usage groups, filters and buckets`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let token = try await world.token(.auditor)
            try await world.asCaller { client in
                let byTenant = try await client.get(
                    "/v1/usage?period=2025-H1&group-by=provider,kind&provider=aliyun&wait-for=latest", token: token)
                let rows = try byTenant.json()["rows"] as? [[String: Any]] ?? []
                #expect(rows.count == 3, "\(byTenant.text)")
                #expect(
                    Set(rows.compactMap { $0["kind"] as? String }) == [
                        "external-customer", "own-business", "unclassified",
                    ])
                let months = try await client.get(
                    "/v1/usage?period=2025&bucket=month&tenant=acme", token: token)
                let found = try months.json()["rows"] as? [[String: Any]] ?? []
                #expect(found.map { $0["bucket"] as? String } == ["2025-05", "2025-06"])
                #expect(found.map { $0["total_tokens"] as? String } == ["2706000", "5412000"])
                let csv = try await client.get(
                    "/v1/usage?from=2025-06-15&to=2025-06-16&bucket=day&group-by=model", token: token,
                    accept: "text/csv")
                #expect(
                    csv.text.hasPrefix(
                        "bucket,model,requests,input_tokens,cached_input_tokens,output_tokens,"
                            + "reasoning_output_tokens,total_tokens,over_limit_tokens,estimated_tokens,position,known_at\r\n"
                            + "2025-06-15,doubao-pro,7,20300000,0,2030000,0,22330000,0,0,8,\r\n"
                    ),
                    "\(csv.text)")
                let hour = try await client.get(
                    "/v1/usage?from=2025-06-15T12:00:00%2B08:00&to=2025-06-15T13:00:00%2B08:00&bucket=hour",
                    token: token)
                let hours = try hour.json()["rows"] as? [[String: Any]] ?? []
                #expect(hours.map { $0["bucket"] as? String } == ["2025-06-15T12:00:00+08:00"], "\(hour.text)")
                let few = try await client.get("/v1/usage?period=2025&group-by=tenant&limit=2", token: token)
                #expect(few.status == 400, "\(few.text)")
            }
        }
    }

    @Test func `a question waits for its position`() async throws {
        try await World.with(overrides: ["rollup.enabled=false"]) { world in
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                #expect(try await client.sendBatch(Batches().seal(1), epoch: epoch, sequence: 0).status == 200)
            }
            let token = try await world.token(.auditor)
            try await world.asCaller { client in
                let before = try await client.get("/v1/usage?period=2025", token: token)
                #expect(try before.json()["position"] as? Int == 0)
                async let waiting = client.get("/v1/usage?period=2025&wait-for=1", token: token)
                _ = try await world.rollUp()
                let after = try await waiting
                #expect(after.status == 200)
                #expect(try after.json()["position"] as? Int == 1)
                #expect((try after.json()["rows"] as? [[String: Any]])?.first?["total_tokens"] as? String == "1100")
            }
        }
    }

    @Test func `every wrong parameter is named`() async throws {
        try await World.with { world in
            let token = try await world.token(.admin)
            let cases: [(path: String, parameter: String)] = [
                ("/v1/usage?perod=2025", "perod"), ("/v1/usage", "period"), ("/v1/usage?period=2025-13", "period"),
                ("/v1/usage?period=2025&period=2024", "period"), ("/v1/usage?period=2025&from=2025-01-01", "period"),
                ("/v1/usage?from=2025-02-01", "to"), ("/v1/usage?from=2025-02-30&to=2025-03-01", "from"),
                ("/v1/usage?period=2025&bucket=week", "bucket"), ("/v1/usage?period=2025&group-by=colour", "group-by"),
                ("/v1/usage?period=2025&group-by=model,model", "group-by"),
                ("/v1/usage?period=2025&layer=cloud", "layer"), ("/v1/usage?period=2025&kind=friend", "kind"),
                ("/v1/usage?period=2025&zone=Mars/Base", "zone"), ("/v1/usage?period=2025&limit=0", "limit"),
                ("/v1/usage?period=2025&limit=200001", "limit"), ("/v1/usage?period=2025&wait-for=soon", "wait-for"),
                ("/v1/usage?period=2025&as-known-at=yesterday", "as-known-at"),
                ("/v1/usage?period=%ff", "period"), ("/v1/shares?period=2025", "scope"),
                ("/v1/shares?scope=idc&period=2025&by=model", "by"),
                ("/v1/exports/monthly-share?scope=idc", "month"),
                ("/v1/rank", "period"), ("/v1/rank?period=2025&scope=idc,idc", "scope"),
                ("/v1/rank?period=2025&scope=idc&scope=all-traffic", "scope"),
                ("/v1/trend?period=2025", "scope"), ("/v1/trend?scope=idc&period=2025&by=week", "by"),
                ("/v1/trend?scope=idc&period=2025-05&by=quarter", "by"),
                ("/v1/trend?scope=idc&from=2020-01-01&to=2025-01-01&by=day", "by"),
                ("/v1/growth?scope=idc&to-period=2025", "from-period"),
                ("/v1/growth?scope=idc&from-period=2024&to-period=2025-13", "to-period"),
                ("/v1/concentration?period=2025", "scope"),
                ("/v1/bridge?from-scope=idc&period=2025", "to-scope"),
                ("/v1/bridge?to-scope=idc&period=2025", "from-scope"),
                ("/v1/peak?period=2025&by=region", "by"), ("/v1/peak?period=2025&top=0", "top"),
                ("/v1/peak?period=2025&top=1001", "top"), ("/v1/peak?period=2025&user-rate=0", "user-rate"),
                ("/v1/peak?period=2025&by=tenant&model=x", "model"), ("/v1/peak?period=2025&tenant=acme", "tenant"),
                ("/v1/coverage?period=2025&silence-minutes=10081", "silence-minutes"),
                ("/v1/exports/monthly-share?scope=idc&month=2025-H1", "month"),
                ("/v1/exports/monthly-share?scope=idc&month=2025-06&restated=yes", "restated"),
                ("/v1/statements?month=June", "month"), ("/v1/statements?status=approved", "status"),
            ]
            try await world.asCaller { client in
                for (path, parameter) in cases {
                    let reply = try await client.get(path, token: token)
                    #expect((reply.status, reply.code) == (400, "bad-parameter"), "\(path): \(reply.text)")
                    #expect(try reply.json()["parameter"] as? String == parameter, "\(path)")
                }
                let scope = try await client.get("/v1/shares?scope=nobody&period=2025", token: token)
                #expect((scope.status, scope.code) == (404, "unknown-scope"))
                let many = (1...61).map { "custom-\($0)" }.joined(separator: ",")
                let tooMany = try await client.get("/v1/rank?period=2025&scope=\(many)", token: token)
                #expect((tooMany.status, tooMany.code) == (400, "bad-parameter"))
                #expect(tooMany.text.contains("scope: lists more than 60 values"), "\(tooMany.text)")
                let accept = try await client.get("/v1/usage?period=2025", token: token, accept: "image/png")
                #expect((accept.status, accept.code) == (406, "not-acceptable"))
                let method = try await client.send("PUT", "/v1/usage")
                #expect((method.status, method.code) == (405, "method-not-allowed"))
                #expect(method.headers["allow"] == "GET")
            }
        }
    }
}

extension World {
    /// Rolls up everything that is committed, as the directory would.
    @discardableResult
    func rollUp() async throws -> RollupReport {
        try await store.rollUpNext(decode: RollupWorker.decode)
    }
}
