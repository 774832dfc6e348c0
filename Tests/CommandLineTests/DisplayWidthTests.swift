import Testing

@testable import steelyard

@Suite struct DisplayWidthTests {
    @Test(arguments: [
        ("", 0), ("aliyun", 6), ("阿里云", 6), ("（）", 4), ("ｱｲ", 2), ("e\u{301}", 1), ("한국", 4), ("\u{200B}", 0), ("😀", 2),
        ("万亿 x", 6), ("─", 1),
    ])
    func `counts terminal columns`(_ text: String, _ columns: Int) {
        #expect(DisplayWidth.of(text) == columns)
    }

    @Test func `pads by columns, not characters`() {
        #expect("云".padded(to: 4, .left) == "云  ")
        #expect("云".padded(to: 4, .right) == "  云")
        #expect("toolong".padded(to: 3, .left) == "toolong")
    }

    @Test func `replaces what could move the cursor or reorder a line`() {
        #expect("a\u{1B}[2Jb\u{202E}c\nd".printable == "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d")
        #expect("字节跳动 (Beijing)".printable == "字节跳动 (Beijing)")
    }
}
