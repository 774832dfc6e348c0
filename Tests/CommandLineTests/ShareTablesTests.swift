import APIModel
import ArgumentParser
import Foundation
import Testing

@testable import steelyard

/// Shares as people see them, under one scope and under several beside each other.
@Suite struct ShareTablesTests {
    /// Volcano Engine's answer for May 2025 under a scope.
    private static func answer(
        _ id: String, _ aggregate: String, published: String, zone: String = "Asia/Shanghai", offset: String = "+08:00"
    ) throws -> SharesResponse {
        let amounts = """
            "numerator": "509330000000000", "published": "\(published)", "external": "0", "own_business": "0",
            "unclassified": "0", "other_kinds": "0", "outside_filters": "0", "unmapped": "0"
            """
        let json = """
            {"scope": {"id": "\(id)", "version": 1, "sha256": "ab", "title": {"en": "\(id)", "zh": "\(id)"}},
             "period": {"name": "2025-05", "from": "2025-05-01T00:00:00\(offset)", "to": "2025-06-01T00:00:00\(offset)",
                        "zone": "\(zone)"},
             "measure": "tokens", "currency": null, "aggregate": "\(aggregate)", "by": "provider", "as_known_at": "T",
             "position": 7, "denominator": "509330000000000", "gaps": [], "total": {\(amounts)},
             "rows": [{"provider": "volcengine", "rank": 1, "share_percent": "100.0",
                        "denominator": "509330000000000", "interval": {}, \(amounts)}]}
            """
        return try JSONDecoder().decode(SharesResponse.self, from: Data(json.utf8))
    }

    private static func allTraffic() throws -> SharesResponse {
        try answer("all-traffic", "daily-average", published: "16430000000000")
    }

    private static func idc() throws -> SharesResponse {
        try answer("idc", "sum", published: "509330000000000")
    }

    /// The cells of a line: what two or more spaces divide.
    private static func cells(_ line: String) -> [String] {
        line.components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private static func lines(_ text: String) -> [[String]] { text.components(separatedBy: "\n").map(cells) }

    @Test func `an average stands beside its sum`() throws {
        let lines = Self.lines(ShareTables.single(try Self.allTraffic(), figures: .separated))
        #expect(lines[2].prefix(5) == ["#", "Provider", "Share", "Tokens a day", "Tokens counted"], "\(lines)")
        #expect(
            lines[4].prefix(5) == ["1", "volcengine", "100.0 %", "16,430,000,000,000", "509,330,000,000,000"],
            "\(lines)")
        #expect(lines[6].prefix(3) == ["Total", "16,430,000,000,000", "509,330,000,000,000"], "\(lines)")
        let chinese = ShareTables.single(try Self.allTraffic(), figures: .chinese)
        #expect(chinese.contains("日均 Token") && chinese.contains("16.43万亿"), "\(chinese)")
        let sums = ShareTables.single(try Self.idc(), figures: .separated)
        #expect(!sums.contains("a day"), "\(sums)")
    }

    @Test func `scopes beside each other show what each publishes`() throws {
        let lines = Self.lines(ShareTables.compared([try Self.idc(), try Self.allTraffic()], figures: .separated))
        #expect(
            lines[3] == ["Provider", "Share: idc", "Tokens counted", "Share: all-traffic", "Tokens a day"], "\(lines)")
        #expect(
            lines[5] == ["volcengine", "100.0 %", "509,330,000,000,000", "100.0 %", "16,430,000,000,000"], "\(lines)")
        #expect(lines[7] == ["Total", "509,330,000,000,000", "16,430,000,000,000"], "\(lines)")
        let chinese = ShareTables.compared([try Self.idc(), try Self.allTraffic()], figures: .chinese)
        #expect(chinese.contains("计入 Token") && chinese.contains("日均 Token"), "\(chinese)")
    }

    @Test func `scopes in one zone share a line and others have their own`() throws {
        let utc = try Self.answer("utc", "sum", published: "509330000000000", zone: "UTC", offset: "Z")
        let together = [try Self.idc(), utc, try Self.allTraffic()]
        let text = ShareTables.compared(together, figures: .separated)
        let end = """
            idc, all-traffic: 2025-05-01T00:00:00+08:00 – 2025-06-01T00:00:00+08:00 (Asia/Shanghai), \
            counted up to ledger position 7, facts as known at T
            utc: 2025-05-01T00:00:00Z – 2025-06-01T00:00:00Z (UTC), counted up to ledger position 7, facts as known at T

            """
        #expect(text.hasSuffix("\n\n" + end), "\(text)")
        let chinese = ShareTables.compared(together, figures: .chinese)
        #expect(chinese.contains("idc、all-traffic：2025-05-01") && chinese.contains("\nutc：2025-05-01"), "\(chinese)")
        let same = ShareTables.compared([try Self.idc(), try Self.allTraffic()], figures: .separated)
        #expect(same.components(separatedBy: "\n\n").last?.hasPrefix("2025-05-01T00:00:00+08:00 – ") == true, "\(same)")
    }

    @Test func `scopes are repeated or separated by commas`() throws {
        func scopes(_ arguments: String...) throws -> [String] {
            try ShareCommand.parse(["--period", "2025-05"] + arguments).scope.checked()
        }
        #expect(try scopes("--scope", "idc,all-traffic", "--scope", "utc") == ["idc", "all-traffic", "utc"])
        #expect(try scopes() == [])
        for wrong in [["idc,"], ["idc,idc"], ["idc", "--scope", "idc"], [","]] {
            #expect(throws: (any Error).self, "\(wrong)") {
                _ = try ShareCommand.parse(["--period", "2025-05", "--scope"] + wrong)
            }
        }
    }

    @Test func `every question of one scope takes several for a table`() throws {
        let period = ["--period", "2025-05"]
        for named in [["--scope", "idc,all-traffic"], ["--scope", "idc", "--scope", "all-traffic"]] {
            let scopes = try [
                ShareCommand.parse(period + named).scope, TrendCommand.parse(period + named).scope,
                ConcentrationCommand.parse(period + named).scope, GrowthCommand.parse(["2024", "2025"] + named).scope,
            ]
            for several in scopes {
                #expect(try several.checked(for: .table) == ["idc", "all-traffic"])
                #expect(throws: ValidationError.self) { _ = try several.checked(for: .csv) }
            }
        }
        #expect(try TrendCommand.parse(period).scope.checked(for: .json) == ["idc"])
    }
}
