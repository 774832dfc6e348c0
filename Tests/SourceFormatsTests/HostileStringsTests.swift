import SourceFormats
import Testing
import UsageModel

/// Text that is made to do harm where names are shown, sorted, stored or put into a spreadsheet.
@Suite struct HostileStringsTests {
    /// What a name may never be, as Swift text.
    static let refused: [String] = [
        // What breaks lines, rows and terminals.
        "\t=1+1", "\r=1+1", "\n=1+1", "a\nb", "a\rb", "a\r\nb", "a\u{0}b", "a\u{1B}[31mb", "a\u{7}b", "a\u{8}b",
        "a\u{7F}b", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a\u{9B}31mb",
        // What hides or reorders.
        "a\u{202E}b", "a\u{202A}b", "a\u{2066}b", "a\u{200B}b", "a\u{200D}b", "a\u{FEFF}b", "a\u{AD}b", "a\u{2060}b",
        "a\u{180E}b", "a\u{E0041}b", "\u{200F}a", "a\u{FE0F}", "a\u{2069}", "\u{2067}a",
        // Steelyard's own.
        "(over-limit)", " (over-limit) ", "(x)", "()",
        // Nothing, or as good as nothing.
        "", " ", "   ", "\u{3000}", "\u{FFFD}\u{FFFE}", "a\u{E000}b", "a\u{10FFFF}b",
    ]

    /// What prints is a name, whatever a spreadsheet, a database, a shell or a browser could take it for: those who
    /// write for one guard what they write.
    static let printable: [String] = [
        // Formulas, also where a spreadsheet trims or knows full-width forms.
        "=1+1", "+1+1", "-1+1", "@SUM(A1)", " =1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(A1)",
        "=HYPERLINK(\"http://x\",\"y\")", "=cmd|'/c calc'!A0", "%0A=1+1", "\"=1+1\"", "'=1+1",
        // SQL, shells, paths, markup, templates.
        "a'; DROP TABLE ledger;--", "a\"; --", "$(reboot)", "`reboot`", "a;reboot", "a&&reboot", "../../etc/passwd",
        "/etc/passwd", "..\\..\\x", "C:\\x", "<script>alert(1)</script>", "a<b", "{{7*7}}", "${jndi:ldap://x}", "%s%n",
        "a\\b", "a%00b", "a?b", "a*b",
        // Names as people and programs write them.
        "/models/Qwen2.5-72B-Instruct", "@cf/meta/llama-3.1-8b-instruct", "claude-opus-4-6[1m]", "R&D 北京",
        "o'brien@example.com", "Acme, Inc.", "华东（上海）研发一部", "(a) b", "a (b)", "a ", " a", ".", "..", "-",
    ]

    static let texts = refused + printable

    /// The text as a JSON string: its control characters, quotes and backslashes escaped.
    static func json(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": #"\""#
            case "\\": #"\\"#
            case _ where scalar.value < 0x20:
                #"\u00"# + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    static func event(tenant: String = "t", model: String = "m", region: String = "r", id: String = "i") -> String {
        #"{"time":"2025-06-01T00:00:00Z","tenant":\#(json(tenant)),"model":\#(json(model)),"region":\#(json(region)),"#
            + #""id":\#(json(id)),"input_tokens":1,"output_tokens":1}"#
    }

    @Test func `there are kinds enough`() {
        #expect(Set(Self.texts).count == Self.texts.count)
        #expect(Self.texts.count >= 60)
    }

    @Test(arguments: printable)
    func `whatever prints is a name`(_ text: String) throws {
        let sink = try collect(Self.event(tenant: text, model: text, region: text))
        #expect(sink.rejections.isEmpty)
        #expect(sink.events.first?.tenant == text)
        let mapping = MappedFormat(
            layout: .csv(CSVLayout()),
            [.tenant: .column("who"), .model: .constant("m"), .time: .column("at"), .input: .column("in")])
        let quoted = "\"" + text.replacing("\"", with: "\"\"") + "\""
        #expect(try collect("at,who,in\n2025-06-01T00:00:00Z,\(quoted),1\n", mapping).events.first?.tenant == text)
    }

    @Test(arguments: refused)
    func `a hostile string is no name, and the events around it count`(_ text: String) throws {
        let good = Self.event()
        for bad in [Self.event(tenant: text), Self.event(model: text), Self.event(region: text)] {
            let sink = try collect("\(good)\n\(bad)\n\(good)")
            #expect(sink.events.count == 2)
            #expect(sink.reasons == [.badName], "\(bad)")
            // What is told about it repeats nothing of it.
            let detail = try #require(sink.rejections.first).rejection.detail
            #expect(text.count < 3 || !detail.contains(text), "\(detail)")
        }
    }

    /// An id is only ever compared, never shown: any text of the allowed length is one.
    @Test(arguments: texts.filter { !$0.isEmpty })
    func `a hostile string may be an id`(_ text: String) throws {
        let sink = try collect(Self.event(id: text))
        #expect(sink.events.count == 1, "\(sink.rejections)")
    }

    /// Quoted CSV fields reach the same rule.
    @Test(arguments: refused.filter { !$0.isEmpty })
    func `a hostile string is no name in CSV`(_ text: String) throws {
        let mapping = MappedFormat(
            layout: .csv(CSVLayout()),
            [.tenant: .column("who"), .model: .constant("m"), .time: .column("at"), .input: .column("in")])
        let quoted = "\"" + text.replacing("\"", with: "\"\"") + "\""
        let sink = try collect(
            "at,who,in\n2025-06-01T00:00:00Z,good,1\n2025-06-01T00:00:00Z,\(quoted),1\n2025-06-01T00:00:00Z,good,1\n",
            mapping)
        #expect(sink.events.map(\.tenant) == ["good", "good"])
        #expect(sink.rejections.count == 1)
    }

    @Test(arguments: [1, Limits.maxEventIDBytes - 1, Limits.maxEventIDBytes])
    func `ids of every length up to the limit are taken, with or without escapes`(_ count: Int) throws {
        let plain = Self.event(id: String(repeating: "x", count: count))
        let escaped = plain.replacing(
            String(repeating: "x", count: count), with: String(repeating: #"\u0078"#, count: count))
        #expect(try collect(plain + "\n" + escaped).events.count == 2)
        #expect(try Self.ids(in: plain) == Self.ids(in: escaped))
        #expect(try Self.ids(in: plain) == [[UInt8](repeating: 0x78, count: count)])
    }

    /// Takes the bytes of ids alone.
    private struct IDs: UsageEventSink {
        var ids: [[UInt8]] = []

        mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
            let bytes = event.id.isInScratch ? scratch : record
            let start = Int(event.id.start)
            ids.append((start..<start + Int(event.id.count)).map { bytes.byte(at: $0) })
        }

        mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {}

        mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {}
    }

    private static func ids(in text: String) throws -> [[UInt8]] {
        var parser = try NativeFormat().makeParser(defaults: testDefaults, framing: .stream)
        var sink = IDs()
        let bytes = Array(text.utf8)
        _ = unsafe parser.consume(bytes.span.bytes, endOfInput: true, into: &sink)
        return sink.ids
    }
}
