import Testing

@testable import steelyard

@Suite struct TextTableTests {
    @Test func `aligns mixed scripts and rules off the totals`() {
        var table = TextTable([.text("云厂商"), .number("Token")])
        table.append(["aliyun", "144.91万亿"])
        table.append(["火山引擎", "264.06万亿"])
        table.setTotals(["合计", "536.70万亿"])
        #expect(
            table.rendered() == """
                云厂商         Token
                ────────  ──────────
                aliyun    144.91万亿
                火山引擎  264.06万亿
                ────────  ──────────
                合计      536.70万亿

                """)
    }

    @Test func `leaves no trailing spaces`() {
        var table = TextTable([.number("#"), .text("Name")])
        table.append(["1", ""])
        table.append(["2", "longer than the title"])
        #expect(table.rendered().split(separator: "\n").allSatisfy { $0.last != " " })
    }

    @Test func `an empty table is its header`() {
        #expect(TextTable([.text("A"), .text("B")]).rendered() == "A  B\n─  ─\n")
    }

    @Test func `cells can't break the table`() {
        var table = TextTable([.text("Name")])
        table.append(["a\nb"])
        #expect(table.rendered().split(separator: "\n").count == 3)
    }
}
