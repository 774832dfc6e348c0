import Testing

@testable import steelyard

@Suite struct FiguresTests {
    @Test(arguments: [
        ("0", "0", "0"),
        ("999", "999", "999"),
        ("1000", "1,000", "1,000"),
        ("9999", "9,999", "9,999"),
        ("123456", "123,456", "12.35万"),
        ("16400000000000", "16,400,000,000,000", "16.40万亿"),
        ("536700000000000", "536,700,000,000,000", "536.70万亿"),
        ("511000000", "511,000,000", "5.11亿"),
        ("1234567.50", "1,234,567.50", "1,234,567.50"),
        ("340282366920938463463374607431768211455", "340,282,366,920,938,463,463,374,607,431,768,211,455", nil),
    ])
    func `writes counts for people`(_ digits: String, _ separated: String, _ chinese: String?) {
        #expect(Figures.separated.count(digits) == separated)
        if let chinese { #expect(Figures.chinese.count(digits) == chinese) }
    }

    @Test func `guesses nothing`() {
        #expect(Figures.separated.count(nil) == "–")
        #expect(Figures.separated.count("12e3") == "12e3")
        #expect(Figures.chinese.percent(nil) == "–")
        #expect(Figures.chinese.percent("49.20") == "49.20 %")
    }
}
