import APIModel
import Foundation
import Testing

@testable import steelyard

/// The answers to questions about scopes, as people see them.
@Suite struct QuestionTablesTests {
    private static func answer<Value: Decodable>(_ json: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    private static let scope = #"{"id": "idc", "version": 1, "sha256": "ab", "title": {"en": "IDC", "zh": "IDC 口径"}}"#

    private static let period = #""period": {"name": "2025-H1", "from": "F", "to": "U", "days": 181}"#

    @Test func `rank shows the first under each scope and what has no answer`() throws {
        let answer = try Self.answer(
            """
            {"period": {"name": "2025-H1", "from": "F", "to": "U", "days": 181}, "as_known_at": "T", "position": 7,
             "tables": [{"by": "provider",
             "scopes": [{"scope": \(Self.scope), "measure": "tokens", "aggregate": "sum", "zone": "UTC",
              "denominator": "1",
                         "leaders": ["volcengine"]}],
             "rows": [{"entity": "volcengine", "standings": [{"scope": "idc", "rank": 1, "share_percent": "49.2"}]},
                      {"entity": "idle", "standings": [{"scope": "idc", "rank": null, "share_percent": null}]}]}],
             "refused": [{"scope": "tenders", "code": "missing-facts", "detail": "no tenders", "missing": []}]}
            """, as: RankResponse.self)
        let lines = RankTables.text(of: answer, figures: .separated).split(separator: "\n").map(String.init)
        #expect(lines[2].split(separator: " ") == ["volcengine", "1", "49.2", "%"])
        #expect(lines[3].split(separator: " ") == ["idle", "–"])
        #expect(lines.contains("tenders: no tenders"))
        #expect(lines.last == "2025-H1, counted up to ledger position 7, facts as known at T")
        #expect(RankTables.text(of: answer, figures: .chinese).contains("第一名"))
    }

    @Test(arguments: [
        ("missing-facts", #""revenue-records", "rates""#, "缺少数据：各厂商收入记录或价目表、rates（why）"),
        ("needs-whole-months", "", "含按月保存的数据，须按整月查询（why）"), ("missing-rate", "", "缺少汇率（why）"),
        ("not-kept", "", "所需的汇总已不再保留（why）"), ("too-large", "", "数值过大（why）"), ("a-later-code", "", "why"),
    ])
    func `a scope without an answer says why in Chinese`(_ code: String, _ missing: String, _ chinese: String) throws {
        let answer = try Self.answer(
            """
            {"period": {"name": "2025-H1", "from": "F", "to": "U", "days": 181}, "as_known_at": "T", "position": 7,
             "tables": [],
             "refused": [{"scope": "revenue", "code": "\(code)", "detail": "why", "missing": [\(missing)]}]}
            """, as: RankResponse.self)
        #expect(RankTables.text(of: answer, figures: .chinese).contains("\nrevenue：\(chinese)\n"))
        #expect(RankTables.text(of: answer, figures: .separated).contains("\nrevenue: why\n"))
    }

    @Test func `a trend shows inflections and lists events`() throws {
        let answer = try Self.answer(
            """
            {"scope": \(Self.scope), "measure": "tokens", "currency": null, "aggregate": "daily-average",
             "by": "provider",
             "zone": "Asia/Shanghai", \(Self.period), "as_known_at": "T", "position": 7,
             "events": [{"date": "2025-01-20", "title": {"en": "R1", "zh": "R1 发布"}, "citation": "news"}],
             "series": [{"entity": null, "points": [
               {"period": {"name": "2025-02", "from": "F", "to": "U", "days": 28}, "amount": "1",
                "denominator": "1", "published": "16400000000000", "share_percent": "100.0",
                "change_percent": "+10.0", "multiple": "1.1000",
                "inflection": {"status": "provisional", "acceleration": "1.6300"}}]}]}
            """, as: TrendResponse.self)
        let text = TrendTables.text(of: answer, figures: .separated)
        #expect(text.contains("tokens a day") && text.contains("16,400,000,000,000"), "\(text)")
        #expect(text.contains("× 1.6300 (provisional)") && text.contains("2025-01-20  R1\n"), "\(text)")
        #expect(TrendTables.text(of: answer, figures: .chinese).contains("R1 发布"))
    }

    @Test(arguments: [
        ("2025-01-25/2025-01-26", 1, "2025-01-25"), ("2025-06", 30, "2025-06"), ("2025-Q2", 91, "2025-Q2"),
        ("2025-H1", 181, "2025-H1"), ("2025-01-25/2025-01-27", 2, "2025-01-25/2025-01-27"),
    ])
    func `a step is called what people call it`(_ name: String, _ days: Int, _ label: String) throws {
        let answer = try Self.answer(
            """
            {"scope": \(Self.scope), "measure": "tokens", "currency": null, "aggregate": "sum", "by": "provider",
             "zone": "Asia/Shanghai", \(Self.period), "as_known_at": "T", "position": 7, "events": [],
              "series": [{"entity": null, "points": [
               {"period": {"name": "\(name)", "from": "F", "to": "U", "days": \(days)}, "amount": "1",
                "denominator": "1", "published": "5412000", "share_percent": "100.0",
                "change_percent": null, "multiple": null, "inflection": null}]}]}
            """, as: TrendResponse.self)
        let lines = TrendTables.text(of: answer, figures: .separated).components(separatedBy: "\n")
        #expect(lines[4].hasPrefix(label + "  "), "\(lines)")
    }

    @Test func `a bridge shows signed changes and its end`() throws {
        let answer = try Self.answer(
            """
            {"from_scope": \(Self.scope), "to_scope": \(Self.scope.replacing("idc", with: "all-traffic")),
             "period": {"name": "2025-06", "from": "F", "to": "U", "days": 30}, "by": "provider",
              "entity": "volcengine", "as_known_at": "T", "position": 7,
             "change": "+9900000", "steps": [
              {"aspect": null, "from": null, "to": null, "unit": "tokens", "aggregate": "sum", "amount": "5412000",
               "change": null, "published": "5412000", "denominator": "1", "share_percent": "49.2"},
              {"aspect": "kinds", "from": "external-customer", "to": "all", "unit": "tokens", "aggregate": "sum",
               "amount": "15312000", "change": "+9900000", "published": "15312000", "denominator": "1",
                "share_percent": "68.7"}]}
            """, as: BridgeResponse.self)
        let text = BridgeTables.text(of: answer, figures: .separated)
        #expect(text.contains("kinds: external-customer → all"), "\(text)")
        #expect(text.split(separator: "\n").count { $0.contains("+9,900,000") } == 2, "\(text)")
    }

    @Test(arguments: [
        ("provider", "Providers", "云厂商数"), ("model", "Models", "模型数"), ("family", "Families", "模型系列数"),
        ("developer", "Developers", "模型开发方数"),
    ])
    func `concentration says of how many it is`(_ by: String, _ english: String, _ chinese: String) throws {
        let answer = try Self.answer(
            """
            {"scope": \(Self.scope), "period": {"name": "2025-H1", "from": "F", "to": "U", "days": 181},
             "by": "\(by)", "as_known_at": "T",
             "measure": "tokens", "aggregate": "sum", "zone": "UTC",
             "position": 7, "entities": 9, "denominator": "536700000000000", "cr1_percent": "49.2",
              "cr3_percent": "93.2",
             "hhi": "3449.03"}
            """, as: ConcentrationResponse.self)
        let lines = ConcentrationTables.text(of: answer, figures: .separated).components(separatedBy: "\n")
        #expect(lines[2].split(separator: " ") == [Substring(english), "Counted", "CR1", "CR3", "HHI"], "\(lines)")
        #expect(lines[4].split(separator: " ").prefix(2) == ["9", "536,700,000,000,000"], "\(lines)")
        // A number stands under the end of its heading.
        let number = String(repeating: " ", count: english.count - 1) + "9"
        #expect(lines[4].hasPrefix(number + "  "), "\(lines)")
        let text = ConcentrationTables.text(of: answer, figures: .chinese)
        #expect(text.components(separatedBy: "\n")[2].hasPrefix(chinese + "  "), "\(text)")
    }

    @Test(arguments: [
        ("null", ", counted up to ledger position 7\n", "，统计至标记 7\n"),
        ("\"T\"", ", counted up to ledger position 7, facts as known at T\n", "，统计至标记 7，事实认定截至 T\n"),
    ])
    func `usage says as of when tenants were known where that matters`(
        _ known: String, _ english: String, _ chinese: String
    ) throws {
        let answer = try Self.answer(
            """
            {"period": {"name": "2025-06", "from": "F", "to": "U", "zone": "Asia/Shanghai"}, "bucket": null,
             "group_by": ["kind"], "as_known_at": \(known), "position": 7, "rows": []}
            """, as: UsageResponse.self)
        let span = "F – U (Asia/Shanghai)"
        #expect(UsageTable.text(of: answer, figures: .separated).hasSuffix("\n\n" + span + english))
        #expect(UsageTable.text(of: answer, figures: .chinese).hasSuffix("\n\n" + span + chinese))
    }

    @Test(arguments: [
        ["rank"], ["trend", "--period", "2025", "--from", "2025-01-01"], ["growth", "2024"], ["bridge", "idc"],
        ["peak", "--period", "2025", "--top", "many"], ["coverage"], ["concentration"],
    ])
    func `wrong arguments end with 2`(_ arguments: [String]) async throws {
        let outcome = try await Program.run(list: arguments)
        #expect(outcome.exitCode == 2, "\(outcome.output)\(outcome.errors)")
    }
}
