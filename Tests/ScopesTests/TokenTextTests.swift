import Testing
internal import TextFormats

@testable import Scopes

@Suite struct TokenTextTests {
    @Test(
        arguments: [
            (0, "0"), (999, "999"), (1_000, "1,000"), (536_700_000_000_000, "536,700,000,000,000"),
        ] as [(UInt128, String)])
    func `digits stand in groups of three`(value: UInt128, expected: String) {
        #expect(DecimalText.grouped(value) == expected)
    }

    @Test func `grouping leaves sign and fraction alone`() {
        #expect(DecimalText.grouped("-12345.6789") == "-12,345.6789")
        #expect(DecimalText.grouped("+123.4") == "+123.4")
        #expect(DecimalText.grouped("1234567.8") == "1,234,567.8")
    }

    @Test(
        arguments: [
            (536_700_000_000_000, 1, "536.7 trillion", "536.7万亿"),
            (16_400_000_000_000, 1, "16.4 trillion", "16.4万亿"),
            (120_000_000_000, 0, "120 billion", "1,200亿"),
            (999_999, 1, "999,999", "100.0万"),
            (9_999, 1, "9,999", "9,999"),
            (12_345_678, 2, "12.35 million", "1,234.57万"),
            (1_234_567_000_000_000_000, 1, "1,234,567.0 trillion", "1,234,567.0万亿"),
        ] as [(UInt128, Int, String, String)])
    func `large counts have units in both languages`(value: UInt128, decimals: Int, english: String, chinese: String) {
        #expect(TokenText.text(value, decimals: decimals) == english)
        #expect(TokenText.text(value, decimals: decimals, language: .chinese) == chinese)
    }

    @Test func `a count that rounds up to the next unit is said in it`() {
        #expect(TokenText.text(999_999_999_999) == "1.0 trillion")
        #expect(TokenText.text(999_949_999_999) == "999.9 billion")
        #expect(TokenText.text(999_950_000_000) == "1.0 trillion")
        #expect(TokenText.text(99_999_999, decimals: 0, language: .chinese) == "1亿")
        #expect(TokenText.text(99_994_999, decimals: 0, language: .chinese) == "9,999万")
    }

    @Test func `daily averages are rounded to whole tokens`() {
        #expect(TokenText.perDay(181, days: 181) == 1)
        #expect(TokenText.perDay(100, days: 3) == 33)
        #expect(TokenText.perDay(101, days: 2) == 51)
    }
}
