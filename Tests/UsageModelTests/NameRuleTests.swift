import Testing
import UsageModel

@Suite struct NameRuleTests {
    @Test(arguments: [
        "a", "t-000001", "deepseek-v3.1", "org/model:free", "华东一区", "A b", "用户+1", "_x", "=1+1", "@cf/x", "/models/x",
        "../etc", "a\"b", "Acme, Inc.", "o'brien", "R&D", "＝1", " a", "a ", "\u{A0}a", "a\u{3000}", "(a) b", "（甲）",
    ])
    func `accepts ordinary names`(name: String) {
        #expect(NameRule.problem(in: name, maxBytes: 128) == nil)
    }

    @Test(arguments: [
        "a\tb", "a\u{0}b", "a\u{7F}", "a\u{202E}b", "a\u{200B}b", "\u{FEFF}a", "a\u{2800}b", "a\u{1D173}", "a\u{600}b",
        "\u{1BCA0}a", "a\u{13430}b", "a\u{E000}b", "a\u{FFFE}b",
    ])
    func `refuses names that could mislead`(name: String) {
        guard case .forbiddenCharacter = NameRule.problem(in: name, maxBytes: 128) else {
            Issue.record("\(name.debugDescription) was accepted")
            return
        }
    }

    @Test func `names of blanks are empty, but where earlier collectors sealed them`() {
        for name in [" ", "   ", "\u{3000}", " \u{A0} "] {
            #expect(NameRule.problem(in: name, maxBytes: 128) == .empty)
        }
        let bytes = Array("\u{3000}".utf8)
        #expect(unsafe NameRule.problem(in: bytes.span.bytes, maxBytes: 128, isSealed: true) == nil)
    }

    @Test(arguments: ["(over-limit)", "(x)", "()", " (over-limit)", "(over-limit)\u{3000}"])
    func `names in parentheses are Steelyard's own`(name: String) {
        #expect(NameRule.problem(in: name, maxBytes: 128) == .reserved)
    }

    @Test func `names are kept composed, without blanks at their ends, and as they are in everything else`() {
        func kept(_ name: String) -> [Unicode.Scalar] { Array(NameRule.kept(name).unicodeScalars) }
        #expect(kept("cafe\u{301}") == ["c", "a", "f", "\u{E9}"])
        #expect(kept("\u{1100}\u{1161}") == ["\u{AC00}"])
        #expect(kept("\u{3000}华东\u{A0}") == ["华", "东"])
        #expect(kept(" acme  ") == Array("acme".unicodeScalars))
        #expect(kept("\u{A0}-x") == ["-", "x"])
        // Case, width and inner blanks make another name.
        for name in ["Acme", "acme", "ａ", "a b", "a\u{3000}b", "(over-limit)"] {
            #expect(kept(name) == Array(name.unicodeScalars))
        }
        // What would be no name without its blanks is left as it came.
        for name in ["\u{3000}", "  ", " (x) "] {
            #expect(kept(name) == Array(name.unicodeScalars))
        }
        // Composition of some letters is two characters (UAX #15, 1.1): longer than what was sent.
        #expect(NameRule.kept("\u{958}").utf8.count == 6)
        for name in ["cafe\u{301}", "\u{3000}华东\u{A0}", "\u{A0}-x", "\u{A0}\u{301}x"] {
            #expect(NameRule.isKept(NameRule.kept(name)), "\(name.debugDescription)")
        }
    }

    @Test func `limits count bytes`() {
        #expect(NameRule.problem(in: "", maxBytes: 4) == .empty)
        #expect(NameRule.problem(in: "abcd", maxBytes: 4) == nil)
        #expect(NameRule.problem(in: "abcde", maxBytes: 4) == .tooLong(limitBytes: 4))
        #expect(NameRule.problem(in: "万亿", maxBytes: 5) == .tooLong(limitBytes: 5))
    }

    @Test(arguments: [
        [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE4, 0xB8], [0x80],
    ])
    func `refuses malformed UTF-8`(bytes: [UInt8]) {
        #expect(unsafe NameRule.problem(in: bytes.span.bytes, maxBytes: 16) == .invalidUTF8(atByte: 0))
    }

    @Test func `identifiers are lower-case letters, digits and inner hyphens`() {
        #expect(NameRule.isIdentifier("baidu-cloud", maxBytes: 64))
        for name in ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "é"] {
            #expect(!NameRule.isIdentifier(name, maxBytes: 64), "\(name)")
        }
    }
}

@Suite struct HolderRuleTests {
    @Test func `names of people may hold apostrophes and commas, within`() {
        for name in ["O'Brien", "Li, Ann", "王芳 (Finance)", "Ann Li"] {
            #expect(HolderRule.problem(in: name, maxBytes: 128) == nil, "\(name)")
        }
        for (name, byte) in [("'Ann", 0), ("Ann,", 3), ("Li; Ann", 2), ("O'Brien\u{202E}x", 7)] {
            #expect(HolderRule.problem(in: name, maxBytes: 128) == .forbiddenCharacter(atByte: byte), "\(name)")
        }
        #expect(HolderRule.problem(in: "", maxBytes: 128) == .empty)
        #expect(HolderRule.problem(in: "O'Brien", maxBytes: 6) == .tooLong(limitBytes: 6))
    }
}
