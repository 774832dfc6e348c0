import APIModel
import Foundation
import Testing

@testable import steelyard

/// Statements as people see them.
@Suite struct StatementTablesTests {
    private static func answer(code: String, blocking: Bool) throws -> StatementResponse {
        let amounts = """
            "gathered": 0, "share_percent": null, "numerator": "0", "external": "0", "own_business": "0",
            "unclassified": "0", "other_kinds": "0", "outside_filters": "0", "unmapped": "0", "unpriced_tokens": "0"
            """
        let json = """
            {"id": 1, "scope": {"id": "idc", "version": 1, "sha256": "ab"}, "month": "2025-06", "status": "proposed", "sha256": "ab",
             "as_known_at": "T", "position": 7, "override_reason": null, "proposed_at": "P", "proposed_by": "Ann",
             "proposed_token": "t", "calendar": "Asia/Shanghai", "measure": "tokens", "high_water_marks": [],
             "decision": null, "title": {"en": "IDC", "zh": "IDC 口径"}, "zone": "Asia/Shanghai", "by": "developer",
             "denominator": "0", "rows": [], "total": {"entity": null, "rank": 0, \(amounts)},
             "shortcomings": [{"code": "\(code)", "subject": null, "blocking": \(blocking), "text": "Why."}],
             "coverage": [], "canonical_form": "", "restatement": null}
            """
        return try JSONDecoder().decode(StatementResponse.self, from: Data(json.utf8))
    }

    @Test(arguments: [
        ("month-not-over", "当月或其后的宽限期尚未结束（Why.）"), ("nothing-counted", "当月无计入用量（Why.）"),
        ("pending-batches", "有批次尚未汇总（Why.）"), ("silent-provider", "云厂商有无用量的日期（Why.）"),
        ("new-provider", "云厂商自当月某日起才有用量（Why.）"),
        ("missing-batches", "账本中缺少已计入的批次（Why.）"), ("missing-positions", "账本中缺少已计入的位置（Why.）"),
        ("silent-collector", "采集器有未上报的日期（Why.）"),
        ("collector-not-seen", "采集器在宽限期结束后未再上报（Why.）"), ("quarantined-batches", "有批次被隔离（Why.）"),
        ("unclassified-usage", "有未分类用量（Why.）"), ("a-later-code", "Why."),
    ])
    func `what is short is said in Chinese too`(_ code: String, _ chinese: String) throws {
        let short = try Self.answer(code: code, blocking: true)
        #expect(StatementTables.whole(short, figures: .chinese).contains("\n缺口：\(chinese)\n"))
        #expect(StatementTables.whole(short, figures: .separated).contains("\nshort: Why.\n"))
        let warning = try Self.answer(code: code, blocking: false)
        #expect(StatementTables.whole(warning, figures: .chinese).contains("\n提示：\(chinese)\n"))
        #expect(StatementTables.whole(warning, figures: .separated).contains("\nwarning: Why.\n"))
    }

    @Test func `a table is headed by what it divides`() throws {
        let answer = try Self.answer(code: "month-not-over", blocking: true)
        #expect(StatementTables.whole(answer, figures: .separated).contains("  Developer  "))
        #expect(StatementTables.whole(answer, figures: .chinese).contains("  模型开发方  "))
    }
}
