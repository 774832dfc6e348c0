import Testing
import TextFormats

/// RFC 8785, as far as canonical forms use JSON.
@Suite struct CanonicalJSONTests {
    /// Section 3.2.3: names are sorted by UTF-16 code units, so that U+1F600 (a surrogate pair) stands before U+FB33.
    @Test func `members are sorted by UTF-16 code units`() throws {
        let names: [(String, JSONValue)] = [
            ("\u{20AC}", "Euro Sign"), ("\r", "Carriage Return"), ("\u{FB33}", "Hebrew Letter Dalet With Dagesh"),
            ("1", "One"), ("\u{1F600}", "Emoji: Grinning Face"), ("\u{80}", "Control"),
            ("\u{F6}", "Latin Small Letter O With Diaeresis"),
        ]
        let value = JSONValue.object(names.map { JSONMember($0.0, $0.1) })
        #expect(
            value.canonical
                == "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\","
                + "\"\u{F6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20AC}\":\"Euro Sign\","
                + "\"\u{1F600}\":\"Emoji: Grinning Face\",\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}")
        #expect(try JSONValue(canonical: value.canonical).canonical == value.canonical)
    }

    /// Section 3.2.2.2, and the string of section 3.2.2: `€$\u000f\nA'B"\\"/`.
    @Test func `each character has one spelling`() throws {
        let text = JSONValue.string("\u{20AC}$\u{F}\nA'B\"\\\\\"/")
        #expect(text.canonical == "\"\u{20AC}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"")
        let controls = JSONValue.string("\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F} \u{7F}\u{80}\u{2028}")
        #expect(controls.canonical == #""\u0000\b\t\n\u000b\f\r\u001f "# + "\u{7F}\u{80}\u{2028}\"")
        #expect(try JSONValue(canonical: controls.canonical) == controls)
    }

    @Test func `composed and decomposed characters stay two`() throws {
        let value: JSONValue = ["\u{E9}": "composed", "e\u{301}": "decomposed"]
        #expect(value.canonical == "{\"e\u{301}\":\"decomposed\",\"\u{E9}\":\"composed\"}")
        #expect(try JSONValue(canonical: value.canonical).canonical == value.canonical)
    }

    @Test(arguments: [
        "{}", "[]", "\"\"", "0", "-1", "true", "false", "9007199254740991", "-9007199254740991",
        #"{"a":[1,{"b":"c"}],"b":{}}"#,
    ])
    func `canonical texts read back`(text: String) throws {
        #expect(try JSONValue(canonical: text).canonical == text)
    }

    @Test(arguments: [
        "", " {}", "{} ", "{}\n", "{ }", "[1, 2]", "[1,]", "{\"a\":1,}", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":1}",
        "{a:1}",
        "null", "[null]", "1.0", "1e3", "-0", "01", "+1", "--1", "9007199254740992", "99999999999999999999", "nul",
        "tru",
        "\"a", "\"\n\"", #""\/""#, #""\u000A""#, #""\u000a""#, #""\u001F""#, #""\u0061""#, #""\ud83d\ude00""#, #""\x""#,
        #""\u00""#, "\"\\", "{\"a\"}", "{\"a\":}", "[", "{", "{\"a\":1", "[1", "[]]", "\u{FEFF}{}",
    ])
    func `everything else is refused`(text: String) {
        #expect(throws: CanonicalJSONError.self) { try JSONValue(canonical: text) }
    }

    @Test func `nesting is bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(canonical: nested(JSONValue.maxCanonicalDepth + 1))
        #expect(throws: CanonicalJSONError.self) { try JSONValue(canonical: nested(JSONValue.maxCanonicalDepth + 2)) }
        #expect(throws: CanonicalJSONError.self) { try JSONValue(canonical: nested(100_000)) }
    }
}
