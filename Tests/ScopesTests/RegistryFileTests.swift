import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct RegistryFileTests {
    static let header = "provider,tenant,kind,legal_entity,effective_from,effective_to,reason\n"
    static let good = "aliyun,acme,external-customer,ACME Ltd,2025-01-01,,contract 17\n"

    static func parse(_ text: String) throws -> [FactRecord] {
        try FactFile.parse(Array(text.utf8), kind: .tenants, file: "tenants.csv")
    }

    @Test func `reads what it should`() throws {
        let entries = try Self.parse(
            Self.header + Self.good + "aliyun,taobao,own-business,\"Alibaba, Group\",2024-06-01,2025-03-01,own app\n")
        try #require(entries.count == 2)
        #expect(entries[0]["kind"] == "external-customer")
        #expect(entries[0].effectiveTo == nil)
        #expect(entries[1]["legal_entity"] == "Alibaba, Group")
        #expect(entries[1].effectiveTo == CalendarDate("2025-03-01"))
    }

    @Test func `columns may stand in any order and an export can be imported`() throws {
        let entries = try Self.parse(
            "reason,recorded_by,recorded_at,kind,effective_to,effective_from,legal_entity,tenant,provider\n"
                + "why,alice,2025-07-01T00:00:00Z,trial,,2025-01-01,,t,aliyun\n")
        #expect(entries.first?["kind"] == "trial")
        let recorded = FactVersion(
            record: try #require(entries.first), recordedAt: Timestamp(seconds: 1_751_328_000), recordedBy: "alice")
        #expect(try Self.parse(FactFile.emit(versions: [recorded], kind: .tenants)) == entries)
    }

    /// Text of a file, the line of its problem, its column, and a part of the message.
    static let broken: [(String, Int, String?, String)] = [
        ("", 1, nil, "empty"),
        ("provider,tenant\n", 1, "kind", "missing"),
        (header.replacing("reason", with: "reason,colour"), 1, nil, "unknown column 'colour'"),
        (header.replacing("reason", with: "reason,reason"), 1, "reason", "twice"),
        (header + "aliyun,acme,external-customer\n", 2, nil, "3 fields where the header has 7"),
        (header + "Ali Yun,acme,trial,,2025-01-01,,r\n", 2, "provider", "is no name"),
        (header + ",acme,trial,,2025-01-01,,r\n", 2, "provider", "is empty"),
        (header + "aliyun,,trial,,2025-01-01,,r\n", 2, "tenant", "is empty"),
        (header + "aliyun,(trial),trial,,2025-01-01,,r\n", 2, "tenant", "parentheses"),
        (
            header + "aliyun,\(String(repeating: "x", count: 513)),trial,,2025-01-01,,r\n", 2, "tenant",
            "longer than 512"
        ),
        (header + "aliyun,a\u{202E}b,trial,,2025-01-01,,r\n", 2, "tenant", "character at byte 1"),
        (
            header + good + "aliyun,b,customer,,2025-01-01,,r\n", 3, "kind",
            "'customer' is unknown: use one of unclassified, external-customer"
        ),
        (header + "aliyun,b,,,2025-01-01,,r\n", 2, "kind", "is empty"),
        (header + "aliyun,b,trial,,2025-02-30,,r\n", 2, "effective_from", "'2025-02-30' is no date"),
        (header + "aliyun,b,trial,,01/02/2025,,r\n", 2, "effective_from", "is no date"),
        (header + "aliyun,b,trial,,,,r\n", 2, "effective_from", "the date is missing"),
        (header + "aliyun,b,trial,,2025-01-01,never,r\n", 2, "effective_to", "'never' is no date"),
        (header + "aliyun,b,trial,,2025-01-01,2025-01-01,r\n", 2, "effective_to", "does not come after"),
        (header + "aliyun,b,trial,,2025-01-02,2025-01-01,r\n", 2, "effective_to", "does not come after"),
        (header + "aliyun,b,trial,,2025-01-01,,\n", 2, "reason", "say why"),
        (header + "aliyun,b,trial,,2025-01-01,,\"two\nlines\"\n", 2, "reason", "control"),
        (header + "aliyun,b,trial,A\u{202E}B,2025-01-01,,r\n", 2, "legal_entity", "text-direction"),
        (header + "aliyun,b,trial,\(String(repeating: "x", count: 513)),2025-01-01,,r\n", 2, "legal_entity", "longer"),
        (header + "aliyun,b,trial,,2025-01-01,,\(String(repeating: "x", count: 2_001))\n", 2, "reason", "longer"),
        (header + good + good, 3, nil, "repeats line 2"),
        (header + good + "aliyun,acme,trial,,2025-06-01,2025-07-01,r\n", 3, nil, "overlaps line 2"),
        (header + "aliyun,acme,trial,,2025-06-01,2025-07-01,r\n" + good, 3, nil, "overlaps line 2"),
        (header + "aliyun,\"b,trial,,2025-01-01,,r\n", 2, nil, "not closed"),
        (header + "aliyun,b\"c,trial,,2025-01-01,,r\n", 2, nil, "quote inside"),
    ]

    @Test(arguments: broken.indices)
    func `a broken file is refused with line, column and reason`(index: Int) throws {
        let (text, line, field, part) = Self.broken[index]
        let error = try #require(throws: FileProblems.self) { try Self.parse(text) }
        let match = error.problems.first { $0.field == field && $0.message.contains(part) }
        #expect(match?.line == line, "\(error)")
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let bytes = Array(Self.header.utf8) + [0x61, 0xC3, 0x28, 0x0A]
        let error = #expect(throws: FileProblems.self) {
            try FactFile.parse(bytes, kind: .tenants, file: "tenants.csv")
        }
        #expect(error?.problems.first?.line == 2)
        #expect(error?.description.hasPrefix("tenants.csv: line 2: not valid UTF-8") == true)
    }

    @Test func `all problems are listed in order`() throws {
        let text = Self.header + "aliyun,b,nope,,x,,\n" + Self.good + "A,c,trial,,2025-01-01,,r\n"
        let error = try #require(throws: FileProblems.self) { try Self.parse(text) }
        #expect(error.problems.map(\.line) == [2, 2, 2, 4])
        #expect(error.problems.map(\.field) == ["effective_from", "kind", "reason", "provider"])
    }

    @Test func `touching records do not overlap`() throws {
        let text =
            Self.header + "aliyun,a,trial,,2025-01-01,2025-03-01,r\naliyun,a,external-customer,,2025-03-01,,r\n"
            + "volcengine,a,own-business,,2025-01-01,,r\n"
        #expect(try Self.parse(text).count == 3)
    }

    @Test func `an overlap with an earlier longer record is found behind a shorter one`() throws {
        let text =
            Self.header + "aliyun,a,trial,,2025-01-01,2025-12-01,r\n" + "aliyun,a,test,,2025-02-01,2025-03-01,r\n"
            + "aliyun,a,affiliate,,2025-06-01,2025-07-01,r\n"
        let error = try #require(throws: FileProblems.self) { try Self.parse(text) }
        #expect(error.problems.map(\.line) == [3, 4])
    }

    @Test func `every valid registry comes back as it was`() throws {
        try withSeeds(100) { seed, random in
            let entries = (0..<Int.random(in: 0...30, using: &random)).map { index in
                let from = CalendarDate(days: Int64.random(in: 18_000...21_000, using: &random))
                let length = Int64.random(in: 0...400, using: &random)
                return FactRecord(
                    provider: ["aliyun", "volcengine"].randomElement(using: &random) ?? "aliyun",
                    tenant: "t-\(index) 客户|+=@".replacing("=", with: "#"),
                    is: TenantKind.allCases.randomElement(using: &random) ?? .trial,
                    legalEntity: Self.printable(HostileText.random(using: &random)), effectiveFrom: from,
                    effectiveTo: length == 0 ? nil : CalendarDate(days: from.days + length),
                    reason: "=" + Self.printable(HostileText.random(using: &random)))
            }
            let read = try Self.parse(FactFile.emit(entries, kind: .tenants))
            #expect(read == entries, "seed \(seed)")
            #expect(FactFile.emit(read, kind: .tenants) == FactFile.emit(entries, kind: .tenants), "seed \(seed)")
        }
    }

    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { !"\t\r\n\u{202E}\u{FEFF}".unicodeScalars.contains($0) }))
    }
}
