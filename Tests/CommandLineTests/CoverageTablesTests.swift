import APIModel
import Foundation
import Testing

@testable import steelyard

/// What was reported of a period, as people see it.
@Suite struct CoverageTablesTests {
    /// The answer for June of one provider with four collectors: always heard of, silent to the end, silent twice,
    /// never heard of in it.
    private static func answer(until: String) throws -> CoverageResponse {
        func collector(_ name: String, _ percent: String, spans: Int, _ silent: String, _ quarantined: String = "")
            -> String
        {
            """
            {"name": "\(name)", "last_seen": "S", "batches": 2, "first_batch_at": "A", "last_batch_at": "B",
             "pending_batches": 0, "events": "1234567", "rejections": [{"reason": "syntax", "records": "1200"}],
             "quarantined": [\(quarantined)], "reported_percent": "\(percent)", "silent_minutes": 120,
             "silent_spans": \(spans), "silent": [\(silent)]}
            """
        }
        func span(_ from: String, _ to: String) -> String { #"{"from": "\#(from)", "to": "\#(to)", "minutes": 120}"# }
        let (start, middle) = ("2025-06-01T00:00:00+08:00", "2025-06-16T08:16:00+08:00")
        let collectors = [
            collector("always", "100.00", spans: 0, ""),
            collector(
                "ended", "51.15", spans: 1, span(middle, until),
                #"{"reason": "fork", "batches": 2}, {"reason": "undecodable", "batches": 1}"#),
            collector("pausing", "99.00", spans: 2, span(start, "X") + ", " + span("Y", "Z")),
            collector("cut", "1.00", spans: 900, span(middle, until)),
            collector("never", "0.00", spans: 1, span(start, until)),
        ]
        let json = """
            {"period": {"name": "2025-06", "from": "\(start)", "to": "2025-07-01T00:00:00+08:00", "zone": "Asia/Shanghai"},
             "until": "\(until)", "silence_minutes": 60, "source": "minute", "position": 7, "providers": [
              {"provider": "aliyun", "minutes_with_usage": 2, "hours_with_usage": 2, "days_with_usage": 2,
               "reported_percent": "51.15", "silent_minutes": 120, "silent_spans": 1,
               "silent": [\(span(middle, until))], "collectors": [\(collectors.joined(separator: ", "))]}]}
            """
        return try JSONDecoder().decode(CoverageResponse.self, from: Data(json.utf8))
    }

    /// The cells of the line that begins with a word: what two or more spaces divide.
    private static func cells(_ word: String, _ text: String) throws -> [String] {
        let line = try #require(text.components(separatedBy: "\n").first { $0.hasPrefix(word) })
        return line.components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    @Test func `every collector has a row with its part of the period and whether it is silent`() throws {
        let text = CoverageTables.text(of: try Self.answer(until: "2025-07-01T00:00:00+08:00"), figures: .separated)
        #expect(
            try Self.cells("Collector", text) == [
                "Collector", "Reported", "Silent", "Batches", "First batch", "Last batch", "Last seen", "Events",
                "Rejected", "Quarantined",
            ])
        let rest = ["2", "A", "B", "S", "1,234,567", "syntax 1,200"]
        let always: [String] = ["aliyun/always", "100.00 %"] + rest + ["0"]
        #expect(try Self.cells("aliyun/always", text) == always)
        let since = ["aliyun/ended", "51.15 %", "since 2025-06-16T08:16:00+08:00"]
        let ended: [String] = since + rest + ["3 (fork 2, undecodable 1)"]
        #expect(try Self.cells("aliyun/ended", text) == ended)
        #expect(try Self.cells("aliyun/pausing", text)[2] == "2 spans")
        #expect(try Self.cells("aliyun/cut", text)[2] == "900 spans")
        #expect(try Self.cells("aliyun/never", text).prefix(3) == ["aliyun/never", "0.00 %", "all the time"])
        let chinese = CoverageTables.text(of: try Self.answer(until: "2025-07-01T00:00:00+08:00"), figures: .chinese)
        #expect(try Self.cells("aliyun/never", chinese)[2] == "全程")
        #expect(try Self.cells("aliyun/ended", chinese)[2] == "自 2025-06-16T08:16:00+08:00 起")
    }

    @Test func `the last line is that of other tables`() throws {
        let end =
            "2025-06-01T00:00:00+08:00 – 2025-07-01T00:00:00+08:00 (Asia/Shanghai), counted up to ledger position 7\n"
        let whole = CoverageTables.text(of: try Self.answer(until: "2025-07-01T00:00:00+08:00"), figures: .separated)
        #expect(whole.hasSuffix("\nSilence is more than 60 minutes without usage.\n" + end), "\(whole)")
        let part = CoverageTables.text(of: try Self.answer(until: "2025-06-20T09:00:00+08:00"), figures: .separated)
        let passed = "Of the period only what has passed is looked at: up to 2025-06-20T09:00:00+08:00.\n"
        #expect(part.hasSuffix("\n" + passed + end), "\(part)")
    }
}
