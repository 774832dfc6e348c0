internal import Logging
import Testing

@testable import Telemetry

@Suite struct LogLineTests {
    @Test(arguments: [
        ("plain", "plain"), ("", "\"\""), ("two words", "\"two words\""), ("a=b", "\"a=b\""),
        ("say \"x\"", "\"say \\\"x\\\"\""),
        ("line\nfeed", "\"line\\nfeed\""), ("bell\u{7}", "\"bell\\u{7}\""), ("turn\u{202E}ed", "\"turn\\u{202e}ed\""),
    ])
    func a_value_cannot_start_a_line_or_hide(value: String, written: String) {
        #expect(LogLine.quoted(value) == written)
    }

    @Test func a_message_keeps_to_its_line() {
        #expect(LogLine.plain("one\r\ntwo\u{2028}three") == "one  two three")
    }

    @Test func a_long_value_is_cut() {
        let written = LogLine.quoted(String(repeating: "x", count: LogLine.maxValueCharacters + 1))
        #expect(written == String(repeating: "x", count: LogLine.maxValueCharacters) + "…")
    }

    @Test func a_level_holds_for_every_logger() {
        let before = LogOutput.currentLevel
        LogOutput.setLevel(.error)
        #expect(StandardErrorLogHandler(label: "test").logLevel == .error)
        LogOutput.setLevel(before)
    }
}
