internal import Logging
import Testing

@testable import Telemetry

@Suite struct LogLineTests {
    @Test(arguments: [
        ("plain", "plain"), ("", "\"\""), ("two words", "\"two words\""), ("a=b", "\"a=b\""),
        ("say \"x\"", "\"say \\\"x\\\"\""),
        ("line\nfeed", "\"line\\nfeed\""), ("bell\u{7}", "\"bell\\u{7}\""), ("turn\u{202E}ed", "\"turn\\u{202e}ed\""),
    ])
    func `a value can't start a line or hide`(value: String, written: String) {
        #expect(LogLine.quoted(value) == written)
    }

    @Test func `a message keeps to its line`() {
        #expect(LogLine.plain("one\r\ntwo\u{2028}three") == "one  two three")
    }

    @Test func `a long value is cut`() {
        let written = LogLine.quoted(String(repeating: "x", count: LogLine.maxValueCharacters + 1))
        #expect(written == String(repeating: "x", count: LogLine.maxValueCharacters) + "…")
    }

    @Test func `a level holds for every logger`() {
        let before = LogOutput.currentLevel
        LogOutput.setLevel(.error)
        #expect(StandardErrorLogHandler(label: "test").logLevel == .error)
        LogOutput.setLevel(before)
    }
}
