import APIModel
import Foundation
import Identity
import Scopes
import Testing

@testable import steelyard

@Suite struct FactsCommandTests {
    @Test func `a bad file ends with 5 and every line, an unknown kind with 2`() async throws {
        try await withScratchDirectory("facts") { scratch in
            let file = scratch + "/rates.csv"
            try PrivateFile.write(
                "month,from_currency,to_currency,rate,source\n2025-13,USD,CNY,7.1,s\n2025-01,USD,USD,0,s\n", to: file,
                for: .everybody, overwriting: false)
            let outcome = try await Program.run("facts", "import", "rates", file)
            #expect(outcome.exitCode == 5, "\(outcome.errors)")
            #expect(outcome.errors.contains("rates.csv: line 2, month: '2025-13' is no month"), "\(outcome.errors)")
            #expect(outcome.errors.contains("rates.csv: line 3, rate: must be above 0"), "\(outcome.errors)")
            for arguments in [
                ["facts", "import", "gossip", file], ["facts", "import", "rates", file, "--scope", "idc"],
                ["facts", "import", "rates", file, "--preview", "--scope", "idc"],
                ["facts", "import", "rates", file, "--zh"], ["facts", "export"],
            ] {
                #expect(try await Program.run(list: arguments).exitCode == 2, "\(arguments)")
            }
        }
    }

    @Test func `an import says what is new and when only where something is`() throws {
        let json = """
            {"kind":"tenants","records":5,"recorded":2,"unchanged":3,"superseded":0,"split":0,"new_tenants":0,
             "recorded_at":"2026-11-22T20:24:33.099Z"}
            """
        var answer = try JSONDecoder().decode(ImportedFactsResponse.self, from: Data(json.utf8))
        func line() -> String { ImportReport.line(file: "a.csv", kind: .tenants, answer) }
        #expect(
            line() == "a.csv: 5 records of tenants, 2 new, 3 unchanged, recorded at 2026-11-22T20:24:33.099Z\n")
        (answer.counts.recorded, answer.counts.unchanged) = (0, 5)
        #expect(line() == "a.csv: 5 records of tenants, 0 new, 5 unchanged; nothing was recorded\n")
        (answer.records, answer.counts.unchanged) = (1, 1)
        #expect(line() == "a.csv: 1 record of tenants, 0 new, 1 unchanged; nothing was recorded\n")
    }

    @Test func `a preview shows tokens and points`() throws {
        let json = """
            {"kind":"tenants","records":1,"recorded":1,"unchanged":0,"superseded":0,"split":0,"new_tenants":0,"recorded_at":"T",
             "preview":true,"period":"2025-06","measure":"tokens","by":"provider","position":7,
             "scope":{"id":"idc","version":1,"sha256":"ab","title":{"en":"IDC","zh":"IDC"}},
             "rows":[{"provider":"aliyun","before":"2970000","after":"3300000","change":"+330000",
                      "share_percent_before":"27.0","share_percent_after":"29.1","points":"+2.1"}],
             "total":{"before":"11000000","after":"11330000","change":"+330000"}}
            """
        let answer = try JSONDecoder().decode(ImportedFactsResponse.self, from: Data(json.utf8))
        let text = PreviewTables.text(of: answer.counts, answer.effect, file: "tenants.csv", figures: .separated)
        #expect(text.hasPrefix("tenants.csv: would record 1, leave 0 unchanged, supersede 0; nothing was written\n"))
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(
            lines.contains(["aliyun", "2,970,000", "3,300,000", "+330,000", "27.0", "%", "29.1", "%", "+2.1"]),
            "\(text)"
        )
        #expect(lines.contains(["Total", "11,000,000", "11,330,000", "+330,000"]), "\(text)")
        let chinese = PreviewTables.text(of: answer.counts, answer.effect, file: "tenants.csv", figures: .chinese)
        #expect(chinese.hasPrefix("tenants.csv：将记录 1 条") && chinese.contains("导入前份额"), "\(chinese)")
        #expect(chinese.contains("+33.00万") && chinese.contains("合计"), "\(chinese)")
    }
}
