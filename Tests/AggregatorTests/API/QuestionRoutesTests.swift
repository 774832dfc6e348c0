import Foundation
import Reporting
import Scopes
import Store
import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Aggregator

/// The questions about scopes over HTTP, on the market of ``FiguresTests``.
@Suite struct QuestionRoutesTests {
    private static func records(_ reply: Reply) throws -> [[String: String]] {
        let records = try CSVReader.records(in: reply.body).map(\.fields)
        let header = try #require(records.first)
        return records.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
    }

    /// Runs `body` beside an aggregator that has counted the market of ``FiguresTests``.
    private static func withMarket(_ body: @Sendable (World, TestClient, _ finance: String) async throws -> Void)
        async throws
    {
        try await World.with { world in
            try await FiguresTests.fill(world)
            try await world.store.waitForLatest(timeout: .seconds(120))
            let token = try await world.token(.finance)
            try await world.asCaller { try await body(world, $0, token) }
        }
    }

    @Test func `rank puts scopes beside each other and lists those that can't be answered`() async throws {
        try await Self.withMarket { _, client, token in
            let path = "/v1/rank?period=2025-06&scope=idc,tenders,all-traffic,openrouter"
            let reply = try await client.get(path, token: token)
            #expect(reply.status == 200, "\(reply.text)")
            let json = try reply.json()
            let tables = json["tables"] as? [[String: Any]] ?? []
            #expect(tables.map { $0["by"] as? String } == ["provider", "model"])
            let columns = tables.first?["scopes"] as? [[String: Any]] ?? []
            #expect(columns.compactMap { $0["leaders"] as? [String] } == [["volcengine"], ["volcengine"]])
            let rows = tables.first?["rows"] as? [[String: Any]] ?? []
            #expect(rows.map { $0["entity"] as? String } == ["volcengine", "aliyun", "baidu-cloud", "others"])
            let aliyun = rows[1]["standings"] as? [[String: Any]] ?? []
            #expect(aliyun.map { $0["rank"] as? Int } == [2, 2])
            #expect(aliyun.map { $0["share_percent"] as? String } == ["27.0", "19.7"])
            #expect(aliyun[1]["numerator"] as? String == "4400000")
            let refused = json["refused"] as? [[String: Any]] ?? []
            #expect(refused.map { $0["scope"] as? String } == ["tenders"])
            #expect(refused.first?["missing"] as? [String] == ["tender-records"])
            let lines = try Self.records(try await client.get(path, token: token, accept: "text/csv"))
            #expect(lines.count == 9, "\(lines)")
            #expect(lines.first { $0["scope"] == "idc" && $0["entity"] == "others" }?["rank"] == "4")
            #expect(lines.last?["scope"] == "tenders" && lines.last?["refused"] == "missing-facts")
            let all = try await client.get("/v1/rank?period=2025-06", token: token)
            let scopes = (try all.json()["tables"] as? [[String: Any]] ?? []).flatMap { $0["scopes"] as? [Any] ?? [] }
            let left = try all.json()["refused"] as? [Any] ?? []
            #expect(scopes.count + left.count == ScopeCatalogue.builtInNames.count)
            let none = try await client.get("/v1/rank?period=2025-06&scope=tenders", token: token)
            #expect((none.status, none.code) == (422, "missing-facts"))
        }
    }

    @Test func `a trend has steps, changes, events and inflections`() async throws {
        try await Self.withMarket { _, client, token in
            let reply = try await client.get(
                "/v1/trend?scope=all-traffic&period=2025-H1&entity=volcengine,aliyun", token: token)
            #expect(reply.status == 200, "\(reply.text)")
            let json = try reply.json()
            let series = json["series"] as? [[String: Any]] ?? []
            #expect(series.map { $0["entity"] as? String } == ["volcengine", "aliyun"])
            let points = series.first?["points"] as? [[String: Any]] ?? []
            #expect(points.map { $0["amount"] as? String } == ["0", "0", "0", "0", "2706000", "15312000"])
            #expect(points[5]["published"] as? String == "510400" && points[4]["published"] as? String == "87290")
            #expect(points[5]["change"] as? String == "+12606000")
            // 510,400 a day after 87,290.32: averages are compared, not sums of 30 and 31 days.
            #expect(points[5]["multiple"] as? String == "5.8472" && points[5]["change_percent"] as? String == "+484.7")
            #expect(points[4]["multiple"] is NSNull && points[0]["change"] is NSNull)
            let events = json["events"] as? [[String: Any]] ?? []
            #expect(events.map { $0["date"] as? String } == ["2025-01-20"])
            let csv = try await client.get(
                "/v1/trend?scope=idc&from=2025-06-14&to=2025-06-17&by=day", token: token, accept: "text/csv")
            let lines = try Self.records(csv)
            #expect(lines.map { $0["amount"] } == ["0", "11000000", "0"])
            #expect(lines.map { $0["change"] } == ["", "11000000", "-11000000"])
            #expect(lines.map { $0["share_percent"] } == ["", "100.0", ""])
            let nobody = try await client.get("/v1/trend?scope=idc&period=2025-06&entity=volcegine", token: token)
            #expect((nobody.status, nobody.code) == (404, "unknown-entity"))
        }
    }

    @Test func `a jump of growth is marked in the trend`() async throws {
        try await World.with { world in
            let amounts: [(minute: Int64, tokens: UInt64)] = [
                (Batches.june - 61 * 1_440, 1_000_000), (Batches.may, 1_100_000), (Batches.june, 3_300_000),
            ]
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                for (sequence, amount) in amounts.enumerated() {
                    let sealed = try Batches().seal(UInt64(sequence + 1), tokens: amount.tokens, minute: amount.minute)
                    #expect(try await client.sendBatch(sealed, epoch: epoch, sequence: sequence).status == 200)
                }
            }
            let token = try await world.token(.finance)
            try await world.asCaller { client in
                let reply = try await client.get(
                    "/v1/trend?scope=all-traffic&from=2025-04-01&to=2025-07-01&wait-for=latest", token: token)
                let series = try reply.json()["series"] as? [[String: Any]] ?? []
                let points = series.first?["points"] as? [[String: Any]] ?? []
                #expect(points.map { $0["amount"] as? String } == ["1100000", "1210000", "3630000"], "\(reply.text)")
                let inflections = points.map { $0["inflection"] as? [String: String] }
                // (3.3 ÷ 30) × (1.0 ÷ 30) ÷ (1.1 ÷ 31)²
                #expect(inflections == [nil, nil, ["status": "provisional", "acceleration": "2.9121"]])
            }
        }
    }

    @Test func `growth warns of spans of different length and compares days`() async throws {
        try await Self.withMarket { _, client, token in
            let reply = try await client.get(
                "/v1/growth?scope=idc&from-period=2025-05&to-period=2025-Q2", token: token)
            let json = try reply.json()
            #expect(
                (json["warning"] as? [String: String])?["en"]?.contains("2025-05 has 31 days and 2025-Q2 has 91")
                    == true)
            let rows = json["rows"] as? [[String: Any]] ?? []
            #expect(rows.count == 5 && rows.last?["entity"] is NSNull, "\(reply.text)")
            #expect(rows[0]["entity"] as? String == "volcengine")
            #expect(rows[0]["multiple"] as? String == "3.0000" && rows[0]["percent"] as? String == "+200.0")
            // 8,118,000 ÷ 91 over 2,706,000 ÷ 31
            #expect(
                rows[0]["per_day_multiple"] as? String == "1.0220" && rows[0]["per_day_percent"] as? String == "+2.2")
            #expect(rows[1]["from_amount"] as? String == "0" && rows[1]["multiple"] is NSNull)
            let months = try await client.get(
                "/v1/growth?scope=idc&from-period=2025-05&to-period=2025-06&entity=volcengine", token: token,
                accept: "text/csv")
            let lines = try Self.records(months)
            #expect(lines.map { $0["entity"] } == ["volcengine", ""])
            #expect(lines[0]["multiple"] == "2.0000" && lines[0]["percent"] == "100.0")
            #expect(lines[0]["lengths_differ"] == "true")
        }
    }

    @Test func `concentration is exact`() async throws {
        try await Self.withMarket { _, client, token in
            let reply = try await client.get("/v1/concentration?scope=idc&period=2025-06", token: token)
            let json = try reply.json()
            #expect(json["cr1_percent"] as? String == "49.2" && json["cr3_percent"] as? String == "93.2")
            #expect(json["cr3_numerator"] as? String == "10252000" && json["entities"] as? Int == 4)
            // 49.2² + 27² + 17² + 6.8²
            #expect(json["hhi"] as? String == "3484.88", "\(reply.text)")
        }
    }

    @Test func `a bridge leads from one scope to the other and adds up`() async throws {
        try await Self.withMarket { _, client, token in
            let path = "/v1/bridge?from-scope=idc&to-scope=all-traffic&period=2025-06&entity=volcengine"
            let reply = try await client.get(path, token: token)
            let json = try reply.json()
            let steps = json["steps"] as? [[String: Any]] ?? []
            #expect(steps.map { $0["aspect"] as? String } == [nil, "kinds", "layers", "aggregate"], "\(reply.text)")
            #expect(steps.map { $0["change"] as? String } == [nil, "+9900000", "0", "0"])
            #expect(steps.map { $0["amount"] as? String } == ["5412000", "15312000", "15312000", "15312000"])
            #expect(steps.map { $0["published"] as? String } == ["5412000", "15312000", "15312000", "510400"])
            #expect(json["change"] as? String == "+9900000")
            #expect(steps[1]["from"] as? String == "external-customer" && steps[1]["to"] as? String == "all")
            for (place, scope) in [(0, "idc"), (3, "all-traffic")] {
                let shares = try await client.get("/v1/shares?scope=\(scope)&period=2025-06", token: token)
                let first = (try shares.json()["rows"] as? [[String: Any]])?.first
                for member in ["share_percent", "published", "denominator"] {
                    #expect(first?[member] as? String == steps[place][member] as? String, "\(scope) \(member)")
                }
                #expect(first?["numerator"] as? String == steps[place]["amount"] as? String)
            }
            let other = try await client.get(
                "/v1/bridge?from-scope=idc&to-scope=openrouter&period=2025-06", token: token)
            #expect((other.status, other.code) == (422, "different-entities"))
            let facts = try await client.get(
                "/v1/bridge?from-scope=idc&to-scope=omdia-ai-cloud&period=2025-06", token: token)
            #expect((facts.status, facts.code) == (422, "missing-facts"))
            let nobody = try await client.get(path.replacing("volcengine", with: "nobody"), token: token)
            #expect((nobody.status, nobody.code) == (404, "unknown-entity"))
        }
    }

    @Test func `peaks say when and for how many users`() async throws {
        try await Self.withMarket { world, client, finance in
            let auditor = try await world.token(.auditor)
            let path = "/v1/peak?period=2025-06&by=tenant&user-rate=500&top=2"
            let reply = try await client.get(path, token: auditor)
            let rows = try reply.json()["rows"] as? [[String: Any]] ?? []
            #expect(rows.map { $0["tenant"] as? String } == ["douyin", "acme"], "\(reply.text)")
            #expect(rows[0]["minute"] as? String == "2025-06-15T12:00:00+08:00")
            #expect(rows[1]["total_tokens"] as? String == "5412000" && rows[1]["users"] as? String == "10824")
            let models = try await client.get("/v1/peak?period=2025-06&by=model&provider=aliyun", token: auditor)
            let model = (try models.json()["rows"] as? [[String: Any]])?.first
            #expect(model?["model"] as? String == "doubao-pro" && model?["users"] is NSNull)
            #expect(model?["total_tokens"] as? String == "4400000")
            let bound = try await world.token(.operator, provider: "aliyun")
            let own = try await client.get("/v1/peak?period=2025-06&by=tenant", token: bound)
            let seen = try own.json()["rows"] as? [[String: Any]] ?? []
            #expect(Set(seen.compactMap { $0["provider"] as? String }) == ["aliyun"] && seen.count == 3)
            let others = try await client.get("/v1/peak?period=2025-06&provider=volcengine", token: bound)
            #expect((others.status, others.code) == (403, "bound-token"))
            #expect(try await client.get(path, token: finance).status == 403)
        }
    }

    @Test func `nothing is no row of zeros`() async throws {
        try await Self.withMarket { world, client, token in
            let month = "period=2024-01&scope=idc"
            for path in [
                "/v1/exports/monthly-share?month=2024-01&scope=idc", "/v1/shares?\(month)", "/v1/trend?\(month)",
                "/v1/growth?scope=idc&from-period=2024-01&to-period=2024-02", "/v1/concentration?\(month)",
                "/v1/bridge?from-scope=idc&to-scope=all-traffic&period=2024-01", "/v1/rank?\(month)",
            ] {
                let csv = try await client.get(path, token: token, accept: "text/csv")
                #expect(csv.status == 200 && csv.text.split(separator: "\r\n").count == 1, "\(path): \(csv.text)")
                let json = try await client.get(path, token: token, accept: "application/json")
                #expect(json.status == 200, "\(path): \(json.text)")
            }
            let auditor = try await world.token(.auditor)
            let usage = try await client.get("/v1/usage?period=2024-01", token: auditor, accept: "text/csv")
            #expect(usage.text.split(separator: "\r\n").count == 1, "\(usage.text)")
        }
    }

    @Test func `a provider that nothing is known of and a day in place of a month are told`() async throws {
        try await Self.withMarket { world, client, token in
            for path in ["/v1/coverage?period=2025-06&provider=nosuch", "/v1/collectors?provider=nosuch"] {
                let admin = try await world.token(.admin)
                let reply = try await client.get(path, token: admin)
                #expect((reply.status, reply.code) == (404, "unknown-provider"), "\(reply.text)")
            }
            let day = try await client.get("/v1/exports/monthly-share?month=2025-06-01&scope=idc", token: token)
            #expect(day.status == 400 && day.text.contains("write 2025-06 for the month of 2025-06-01"), "\(day.text)")
            let period = try await client.get("/v1/shares?period=2025-06-01&scope=idc", token: token)
            #expect(
                period.text.contains("write 2025-06 for its month, or 2025-06-01/2025-06-02 for the day alone"),
                "\(period.text)")
        }
    }

    @Test func `coverage says who reported and who was silent`() async throws {
        try await Self.withMarket { world, client, finance in
            let reply = try await client.get("/v1/coverage?from=2025-06-15&to=2025-06-16", token: finance)
            let json = try reply.json()
            let providers = json["providers"] as? [[String: Any]] ?? []
            #expect(
                providers.map { $0["provider"] as? String } == ["aliyun", "baidu-cloud", "others", "volcengine"],
                "\(reply.text)")
            let first = try #require(providers.first)
            #expect(first["minutes_with_usage"] as? Int == 1 && first["days_with_usage"] as? Int == 1)
            // One minute of 1,440 is reported: 0.07 %.
            #expect(first["reported_percent"] as? String == "0.07" && first["silent_minutes"] as? Int == 1_439)
            let silent = first["silent"] as? [[String: Any]] ?? []
            #expect(silent.map { $0["to"] as? String } == ["2025-06-15T12:00:00+08:00", "2025-06-16T00:00:00+08:00"])
            let collector = try #require((first["collectors"] as? [[String: Any]])?.first)
            #expect(collector["batches"] as? Int == 3 && collector["events"] as? String == "3")
            let csv = try Self.records(
                try await client.get("/v1/coverage?from=2025-06-15&to=2025-06-16", token: finance, accept: "text/csv"))
            #expect(csv.map { $0["row"] } == (0..<8).map { $0 % 2 == 0 ? "provider" : "collector" })
            let wide = try await client.get(
                "/v1/coverage?from=2025-06-15&to=2025-06-16&silence-minutes=720", token: finance)
            let covered = (try wide.json()["providers"] as? [[String: Any]])?.first
            #expect(covered?["reported_percent"] as? String == "100.00" && covered?["silent_spans"] as? Int == 0)
            // The clock of these tests stands at 2025-07-02: the rest of July isn't silent yet.
            let july = try await client.get("/v1/coverage?period=2025-07", token: finance)
            #expect(try july.json()["until"] as? String == "2025-07-02T08:00:00+08:00")
            let bound = try await world.token(.auditor, provider: "aliyun")
            let own = try await client.get("/v1/coverage?period=2025-06", token: bound)
            let seen = try own.json()["providers"] as? [[String: Any]] ?? []
            #expect(seen.map { $0["provider"] as? String } == ["aliyun"] && !own.text.contains("volcengine"))
        }
    }

    @Test func `an installation's own events and the length of silence are settings`() async throws {
        try await ScratchDirectory.with("own-events") { directory in
            let calendar = """
                events:
                  - date: 2025-06-03
                    title: {en: "Our own launch", zh: "自有产品发布"}
                    citation: our calendar
                """
            try calendar.write(toFile: "\(directory)/events.yaml", atomically: true, encoding: .utf8)
            try await World.with(overrides: ["events.file=\(directory)/events.yaml", "coverage.silence=90m"]) { world in
                let token = try await world.token(.finance)
                try await world.asCaller { client in
                    let trend = try await client.get("/v1/trend?scope=idc&period=2025-H1", token: token)
                    let events = try trend.json()["events"] as? [[String: Any]] ?? []
                    #expect(events.map { $0["date"] as? String } == ["2025-01-20", "2025-06-03"])
                    let coverage = try await client.get("/v1/coverage?period=2025-06", token: token)
                    #expect(try coverage.json()["silence_minutes"] as? Int == 90)
                }
            }
        }
    }
}
