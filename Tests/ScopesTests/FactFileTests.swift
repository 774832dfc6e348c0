import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct FactFileTests {
    /// One file of each kind, as `docs/facts.md` has it.
    static let files: [(kind: FactKind, text: String)] = [
        (
            .providers,
            """
            provider,group,effective_from,effective_to,reason
            volcengine,bytedance,2024-01-01,,annual report
            aliyun,alibaba,2024-01-01,2025-01-01,annual report

            """
        ),
        (
            .models,
            """
            model,developer,group,family,weights,tier,effective_from,effective_to,reason
            doubao-pro,bytedance,bytedance,doubao,closed,flagship,2024-05-15,,model card
            deepseek-r1,deepseek,deepseek,deepseek,,,2025-01-20,,model card

            """
        ),
        (
            .regions,
            """
            provider,region,market,effective_from,effective_to,reason
            volcengine,cn-beijing,cn-mainland,2024-01-01,,list of regions
            volcengine,,overseas,2024-01-01,,their gateway abroad names none

            """
        ),
        (
            .revenue,
            """
            provider,month,layer,amount,currency,source
            aliyun,2025-01,iaas,812000000.5,CNY,quarterly report
            aliyun,2025-01,customisation,0,CNY,quarterly report

            """
        ),
        (
            .tenders,
            """
            provider,month,tenders,amount,currency,source
            baidu-cloud,2025-01,7,41200000,CNY,published results

            """
        ),
        (
            .privateDeployments,
            """
            provider,model,month,tokens,source
            aliyun,qwen3-32b,2025-01,4000000000000,survey of operators

            """
        ),
        (
            .referenceTotals,
            """
            name,period,scope,value,unit,precision,source,as_of
            idc-market,2025-H1,idc,536700000000000,tokens,100000000000,The Paper,2025-10-18
            omdia-market,2025-H1,,22300000000.25,CNY,100000000,press,2025-10-18

            """
        ),
        (
            .prices,
            """
            provider,model,workload,token_type,context_from,context_to,currency,price,per,free_tokens,effective_from,effective_to,reason
            volcengine,doubao-pro,,input,,,CNY,0.0008,1000,500000,2024-05-15,,price list
            volcengine,doubao-pro,batch,reasoning-output,,32000,CNY,0.000001,1000000,,2024-05-15,2025-01-01,price list
            volcengine,doubao-pro,batch,reasoning-output,32000,,CNY,3,1000000,,2024-05-15,2025-01-01,price list

            """
        ),
        (
            .rates,
            """
            month,from_currency,to_currency,rate,source
            2025-01,USD,CNY,7.1786,central parity
            2025-02,USD,CNY,7.1733,central parity

            """
        ),
        (
            .tenants,
            """
            provider,tenant,kind,legal_entity,effective_from,effective_to,reason
            aliyun,acme,external-customer,"ACME, Ltd",2024-01-01,2025-01-01,contract 17
            aliyun,acme,own-business,,2025-01-01,,merged

            """
        ),
    ]

    private static func parse(_ text: String, _ kind: FactKind) throws(FileProblems) -> [FactRecord] {
        try FactFile.parse(Array(text.utf8), kind: kind, file: "facts.csv")
    }

    @Test(arguments: files.map(\.kind)) func `what is read is written and read again`(kind: FactKind) throws {
        let text = try #require(Self.files.first { $0.kind == kind }).text
        let records = try Self.parse(text, kind)
        #expect(FactFile.emit(records, kind: kind) == text.replacing("\n", with: "\r\n"))
        let versions = records.map { FactVersion(record: $0, recordedAt: Timestamp(seconds: 0), recordedBy: "ann") }
        #expect(try Self.parse(FactFile.emit(versions: versions, kind: kind), kind) == records)
        // Whatever the order of the columns.
        let reader = try CSVReader.records(in: Array(text.utf8))
        var writer = CSVWriter(header: reader[0].fields.reversed())
        for record in reader.dropFirst() { writer.append(record.fields.reversed().map { .text($0) }) }
        let turned = writer.text
        #expect(try Self.parse(turned, kind) == records)
        // And everything that is read of the market can be put into a book.
        if kind != .tenants { _ = try FactBook(records) }
    }

    @Test func `every kind has a file here`() {
        #expect(Self.files.map(\.kind) == FactKind.allCases)
    }

    @Test func `what means the same is kept in one spelling`() throws {
        let header =
            "provider,model,workload,token_type,context_from,context_to,currency,price,per,free_tokens,effective_from,effective_to,reason\n"
        let plain = try Self.parse(header + "p,m,,input,,,CNY,0.8,1000000,,2025-01-01,,r\n", .prices)
        let other = try Self.parse(header + "p,m,,input,0,,CNY,00.800,1000000,0,2025-01-01,,r\n", .prices)
        #expect(plain == other)
        let totals = "name,period,scope,value,unit,precision,source,as_of\n"
        let half = try Self.parse(totals + "t,2025-h1,,5,tokens,1,s,2025-01-01\n", .referenceTotals)
        let dates = try Self.parse(totals + "t,2025-01-01/2025-07-01,,5,tokens,1,s,2025-01-01\n", .referenceTotals)
        #expect(half == dates && half.first?["period"] == "2025-H1")
    }

    @Test func `an empty record that says so retracts`() throws {
        let records = try Self.parse(
            "provider,month,layer,amount,currency,source\nvolcengine,2025-01,maas,,,retracted: it was another month's\n",
            .revenue)
        #expect(records.first?.isRetraction == true)
        #expect(try FactBook(records).revenue.isEmpty)
        // Exports of earlier versions call it so.
        let header = "provider,month,layer,amount,currency,source\n"
        let old = try Self.parse(header + "volcengine,2025-01,maas,,,taken back: it was another month's\n", .revenue)
        #expect(old.first?.isRetraction == true)
        #expect(throws: FileProblems.self) { try Self.parse(header + "volcengine,2025-01,maas,,,wrong\n", .revenue) }
        let tenants = "provider,tenant,kind,legal_entity,effective_from,effective_to,reason\n"
        #expect(throws: FileProblems.self) { try Self.parse(tenants + "a,t,,,2025-01-01,,retracted\n", .tenants) }
        let kept = try Self.parse(try #require(Self.files.first { $0.kind == .models }).text, .models)
        #expect(kept.allSatisfy { !$0.isRetraction })
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var kind: FactKind
        /// The first record of the kind's file with one cell changed.
        var column: String
        var cell: String
        var message: String
        var testDescription: String { "\(kind.rawValue).\(column)=\(cell)" }
    }

    static let mistakes: [Mistake] = [
        Mistake(kind: .providers, column: "provider", cell: "Volc Engine", message: "is no name"),
        Mistake(kind: .providers, column: "group", cell: "", message: "is empty"),
        Mistake(kind: .providers, column: "effective_from", cell: "2025-02-29", message: "is no date"),
        Mistake(kind: .providers, column: "effective_from", cell: "", message: "the date is missing"),
        Mistake(kind: .providers, column: "effective_to", cell: "2024-01-01", message: "does not come after"),
        Mistake(kind: .providers, column: "reason", cell: "", message: "is empty"),
        Mistake(kind: .models, column: "weights", cell: "opened", message: "use one of open, closed"),
        Mistake(kind: .models, column: "tier", cell: "big", message: "use one of flagship, light"),
        Mistake(kind: .models, column: "model", cell: "", message: "is empty"),
        Mistake(kind: .models, column: "model", cell: "(x)", message: "the name '(x)'"),
        Mistake(kind: .regions, column: "market", cell: "mars", message: "use one of cn-mainland, overseas"),
        Mistake(kind: .revenue, column: "month", cell: "2025-13", message: "is no month"),
        Mistake(kind: .revenue, column: "month", cell: "2025-H1", message: "is no month"),
        Mistake(kind: .revenue, column: "layer", cell: "saas", message: "customisation"),
        Mistake(kind: .revenue, column: "amount", cell: "-1", message: "no sign"),
        Mistake(kind: .revenue, column: "amount", cell: "1e9", message: "no exponent"),
        Mistake(kind: .revenue, column: "amount", cell: "1.0000001", message: "6 after it"),
        Mistake(kind: .revenue, column: "amount", cell: "1000000000000000", message: "at most 15 before the point"),
        Mistake(kind: .revenue, column: "currency", cell: "yuan", message: "ISO 4217"),
        Mistake(kind: .tenders, column: "tenders", cell: "7.5", message: "whole number"),
        Mistake(kind: .privateDeployments, column: "tokens", cell: "", message: "is empty"),
        Mistake(kind: .referenceTotals, column: "period", cell: "2025-H3", message: "halves are H1 and H2"),
        Mistake(kind: .referenceTotals, column: "unit", cell: "calls", message: "is no unit"),
        Mistake(kind: .referenceTotals, column: "value", cell: "5.5", message: "write a whole number"),
        Mistake(kind: .referenceTotals, column: "as_of", cell: "soon", message: "is no date"),
        Mistake(kind: .prices, column: "token_type", cell: "cached", message: "cached-input"),
        Mistake(kind: .prices, column: "per", cell: "1", message: "use one of 1000, 1000000"),
        Mistake(kind: .prices, column: "price", cell: ".5", message: "plain digits"),
        Mistake(kind: .prices, column: "context_to", cell: "0", message: "does not come after context_from"),
        Mistake(kind: .prices, column: "workload", cell: "any", message: "use one of online, batch"),
        Mistake(kind: .rates, column: "rate", cell: "0", message: "must be above 0"),
        Mistake(kind: .rates, column: "to_currency", cell: "USD", message: "the same currency"),
    ]

    @Test(arguments: mistakes) func `every mistake is named by line and column`(mistake: Mistake) throws {
        let text = try #require(Self.files.first { $0.kind == mistake.kind }).text
        var lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let column = try #require(lines[0].firstIndex { $0 == mistake.column })
        lines[1][column] = Substring(mistake.cell)
        let changed = lines.map { $0.joined(separator: ",") }.joined(separator: "\n")
        let error = try #require(throws: FileProblems.self) { try Self.parse(changed, mistake.kind) }
        let problem = try #require(error.problems.first { $0.field == mistake.column })
        #expect(problem.line == 2 && problem.message.contains(mistake.message), "\(error)")
        #expect(error.problems.count == 1, "\(error)")
    }

    @Test func `all mistakes of a file come at once`() throws {
        let error = try #require(throws: FileProblems.self) {
            try Self.parse(
                "provider,month,layer,amount,currency,source\nA,2025-00,x,y,z,\nb,2025-01,maas,1,CNY,s\n,,,,,\n",
                .revenue)
        }
        #expect(error.problems.filter { $0.line == 2 }.count == 6, "\(error)")
        #expect(!error.problems.contains { $0.line == 3 })
        #expect(error.problems.contains { $0.line == 4 })
        let columns = try #require(throws: FileProblems.self) { try Self.parse("provider,months\n", .revenue) }
        #expect(columns.description.contains("unknown column 'months'"), "\(columns)")
        #expect(columns.problems.contains { $0.field == "month" && $0.message == "the column is missing" })
        let empty = try #require(throws: FileProblems.self) { try Self.parse("", .rates) }
        #expect(empty.description.contains("month,from_currency,to_currency,rate,source"))
    }

    @Test func `one file says only one thing of a day`() throws {
        let header = "provider,group,effective_from,effective_to,reason\n"
        let error = try #require(throws: FileProblems.self) {
            try Self.parse(
                header + "a,x,2025-01-01,2025-03-01,r\nb,x,2025-01-01,,r\na,y,2025-02-28,,r\nb,x,2025-01-01,,r\n",
                .providers)
        }
        #expect(error.problems.map(\.line) == [4, 5], "\(error)")
        #expect(error.problems[0].message.contains("overlaps line 2 (2025-01-01 to 2025-02-28)"))
        #expect(error.problems[1].message == "the record repeats line 3")
        #expect(try Self.parse(header + "a,x,2025-01-01,2025-03-01,r\na,y,2025-03-01,,r\n", .providers).count == 2)
        let months = "month,from_currency,to_currency,rate,source\n"
        #expect(throws: FileProblems.self) {
            try Self.parse(months + "2025-01,USD,CNY,7,s\n2025-01,USD,CNY,7.1,s\n", .rates)
        }
        #expect(try Self.parse(months + "2025-01,USD,CNY,7,s\n2025-01,CNY,USD,0.14,s\n", .rates).count == 2)
    }

    @Test func `prices do not overlap in context and days`() throws {
        let header =
            "provider,model,workload,token_type,context_from,context_to,currency,price,per,free_tokens,effective_from,effective_to,reason\n"
        func price(_ from: String, _ to: String, _ first: String, workload: String = "") -> String {
            "p,m,\(workload),input,\(from),\(to),CNY,1,1000,,\(first),2025-06-01,r\n"
        }
        let error = try #require(throws: FileProblems.self) {
            try Self.parse(
                header + price("", "32000", "2025-01-01") + price("31999", "", "2025-05-31"), .prices)
        }
        #expect(error.problems.map(\.line) == [3] && error.problems[0].field == "context_from", "\(error)")
        let apart = price("", "32000", "2025-01-01") + price("32000", "", "2025-01-01")
        #expect(try Self.parse(header + apart, .prices).count == 2)
        let kinds = price("", "", "2025-01-01") + price("", "", "2025-01-01", workload: "batch")
        #expect(try Self.parse(header + kinds, .prices).count == 2)
    }
}
