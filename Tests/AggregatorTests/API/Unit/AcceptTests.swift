import Testing

@testable import Aggregator

@Suite struct AcceptTests {
    @Test(
        arguments: [
            (nil, AnswerFormat.json), ("*/*", .json), ("text/csv", .csv), ("TEXT/CSV; charset=utf-8", .csv),
            ("text/csv;q=0.5, application/json;q=0.4", .csv), ("application/*;q=0.2, text/csv;q=0.1", .json),
            ("text/*, */*;q=0.1", .csv), ("*/*;q=0.5, application/json;q=0", .csv),
        ] as [(String?, AnswerFormat)])
    func `chooses the format that the header prefers`(header: String?, expected: AnswerFormat) {
        #expect(Accept.choose(header) == expected)
    }

    @Test(arguments: ["image/png", "text/csv;q=0", "text/html, application/xhtml+xml", "nonsense", "text/csv;q=2"])
    func `refuses a header that accepts neither format`(header: String) {
        #expect(Accept.choose(header) == nil)
    }

    @Test func `the first offer wins a tie`() {
        #expect(Accept.choose("*/*", from: [.csv, .json]) == .csv)
    }
}
