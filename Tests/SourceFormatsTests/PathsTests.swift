import SourceFormats
import Testing
import UsageModel

/// Paths beyond plain names, filters, and records without usage.
@Suite struct PathsTests {
    static func mapping(_ input: String, output: String = "out", tenant: String = "t") -> MappedFormat {
        MappedFormat(
            layout: .jsonLines,
            [
                .tenant: .path(tenant), .model: .constant("m"), .time: .constant("unused"), .input: .path(input),
                .output: .path(output),
            ]
        ).timed()
    }

    static let head = #""at":"2025-06-01T00:00:00Z","t":"a","out":1"#

    @Test(
        arguments: [
            ("'gen_ai.usage.input_tokens'", #""gen_ai.usage.input_tokens":7"#),
            ("'it''s'", #""it's":7"#),
            ("choices.0.usage.in", #""choices":[{"usage":{"in":7}},{"usage":{"in":8}}]"#),
            ("choices.1.usage.in", #""choices":[{"usage":{"in":8}},{"usage":{"in":7}}]"#),
            ("choices.1", #""choices":[[{}],7,[]]"#),
            ("a.0", #""a":{"0":7}"#),
            ("choices.*.usage.in", #""choices":[{"usage":{"in":3}},{"x":1},{"usage":{"in":4}},{"usage":null}]"#),
            ("models.*.in", #""models":{"a":{"in":3},"b":{"in":4}}"#),
            ("u.input*", #""u":{"input":3,"output":9,"input_cached":4,"in":1}"#),
            ("u.'in.'*", #""u":{"in.a":3,"in":1,"in.b":4.0}"#),
            ("log{}.u.in", #""log":"{\"u\":{\"in\":7}}\n""#),
            ("log{}.u.in", #""log":{"u":{"in":7}}"#),
            ("a{}.b{}.c", #""a":"{\"b\":\"{\\\"c\\\":7}\"}""#),
            ("a{}.*.c", #""a":"[{\"c\":3},{\"c\":4}]""#),
            ("a{}.\u{4F60}", #""a":"{\"\u4f60\":7,\"x\":\"\ud83d\"}""#),
            ("*.in", #""a":{"in":3},"b":[1],"c":{"in":4}"#),
        ] as [(String, String)])
    func `a path leads to its value, in pieces of any size`(_ path: String, _ member: String) throws {
        let line = "{\(Self.head),\(member)}\n"
        for chunk in [1, 5, .max] {
            let sink = try collect(line, Self.mapping(path), chunk: chunk)
            #expect(sink.events.first?.counts.input == 7, "\(sink.rejections)")
        }
    }

    @Test func `two statements of one count stay two`() throws {
        var format = OpenAIFormat()
        format.usagePaths = ["usage", "choices.*.usage"]
        let usage = #""usage":{"prompt_tokens":3,"completion_tokens":1}"#
        let head = #""created":1748736000,"tenant":"t","model":"m""#
        #expect(try collect("{\(head),\(usage)}", format).totals.input == 3)
        #expect(try collect("{\(head),\"choices\":[{\(usage)},{\(usage)}]}", format).totals.input == 6)
        #expect(try collect("{\(head),\(usage),\"choices\":[{\(usage)}]}", format).reasons == [.duplicateField])
        #expect(try collect("{\(head),\"choices\":[{\(usage)}],\(usage)}", format).reasons == [.duplicateField])
    }

    @Test func `text that is no JSON holds nothing, and broken JSON is told`() throws {
        let mapping = Self.mapping("log{}.in")
        for text in [#""plain text""#, #""""#, "7", "null", #""[1]""#] {
            #expect(try collect("{\(Self.head),\"log\":\(text)}", mapping).reasons == [.missingField], "\(text)")
        }
        #expect(try collect(#"{\#(Self.head),"log":"{\"in\":"}"#, mapping).reasons == [.syntax])
        #expect(try collect(#"{\#(Self.head),"log":"{\"in\":1} x"}"#, mapping).reasons == [.syntax])
    }

    @Test(arguments: ["a..b", ".a", "a.", "", "'a", "'a'b", "a{}", "a{}.", "a{x}", "a*b", "t.x", "out", "{}.a"])
    func `a path that can never match is refused`(_ path: String) {
        #expect(throws: SourceFormatError.self) {
            _ = try Self.mapping(path).makeParser(defaults: testDefaults, framing: .stream)
        }
    }

    // MARK: Filters

    @Test(
        arguments: [
            ("kind = chat", #""kind":"chat""#, true), ("kind = chat", #""kind":"chats""#, false),
            ("kind = chat | 'x y'", #""kind":"x\u0020y""#, true), ("kind != chat", #""kind":"chat""#, false),
            ("kind != chat", "\"x\":1", true), ("kind", #""kind":"a""#, true), ("kind", #""kind":"""#, false),
            ("kind", #""kind":null"#, false), ("kind", "\"x\":1", false), ("kind", #""kind":false"#, false),
            ("kind", #""kind":true"#, true), ("kind", #""kind":[ ]"#, false), ("kind", #""kind":{"a":1}"#, true),
            ("kind", #""kind":0"#, true), ("kind = 200", #""kind":200.0"#, true), ("kind = 200", #""kind":2e2"#, true),
            ("kind = 200", #""kind":"200""#, true), ("kind = '200'", #""kind":200"#, false),
            ("kind = '200'", #""kind":"200""#, true), ("kind = true", #""kind":true"#, true),
            ("kind = null", #""kind":null"#, true), ("kind = null", "\"x\":1", true),
            ("kind = ''", #""kind":"""#, true),
            ("kind < 400", #""kind":399.5"#, true), ("kind < 400", #""kind":400"#, false),
            ("kind <= 400", #""kind":"400""#, true), ("kind > -1.5", #""kind":-1"#, true),
            ("kind >= 400", #""kind":"x""#, false), ("a.*.b = 1", #""a":[{"b":1}]"#, true),
            ("'k.i' = x", #""k.i":"x""#, true), ("u = null", #""u":{"in":1}"#, false), ("u", #""u":{"in":1}"#, true),
        ] as [(String, String, Bool)])
    func `a condition holds as it is documented`(_ condition: String, _ member: String, _ holds: Bool) throws {
        let line = "{\(Self.head),\(member),\"i\":1}"
        var mapping = Self.mapping("i")
        mapping.records.only = [condition]
        #expect(try collect(line, mapping).events.count == (holds ? 1 : 0))
        #expect(try collect(line, mapping).ignored == (holds ? [] : [.filtered]))
        mapping.records = RecordRuleTexts(except: [condition])
        #expect(try collect(line, mapping).events.count == (holds ? 0 : 1))
    }

    @Test func `a filter may look at what is read, and leaves out what could not be`() throws {
        var mapping = Self.mapping("u.in")
        mapping.records = RecordRuleTexts(only: ["t = a", "u"], except: ["out > 5"])
        let sink = try collect(
            """
            {\(Self.head),"u":{"in":1}}
            {"t":"b"}
            {\(Self.head)}
            {"at":"2025-06-01T00:00:00Z","t":"a","out":6,"u":{"in":1}}
            {"t":"a","u":{"x":1}}
            """, mapping)
        #expect(sink.events.count == 1)
        #expect(sink.ignored == [.filtered, .filtered, .filtered])
        #expect(sink.ignoredLines == [2, 3, 4])
        #expect(sink.reasons == [.missingField])
    }

    @Test(arguments: ["= 1", "a =", "a = 'x", "a < b", "a < 1 | 2", "a..b = 1", "a = x |"])
    func `a condition that can't be read is refused`(_ condition: String) {
        var mapping = Self.mapping("i")
        mapping.records.except = [condition]
        #expect(throws: SourceFormatError.self) {
            _ = try mapping.makeParser(defaults: testDefaults, framing: .stream)
        }
    }

    @Test func `records without usage are no calls, unless they are to be counted`() throws {
        let text = """
            {\(Self.head.replacing("1", with: "0").replacing("2025-06-00", with: "2025-06-01")),"i":0}
            {"out":0,"i":0,"error":"the model is missing as well"}
            {"at":"2025-06-01T00:00:00Z","t":"a","error":"no usage at all"}
            """.replacing("2025-06-01T00:00:00Z", with: "2025-06-01T00:00:00Z")
        var mapping = Self.mapping("i")
        let ignoring = try collect(text, mapping)
        #expect(ignoring.events.isEmpty)
        #expect(ignoring.ignored == [.noUsage, .noUsage])
        #expect(ignoring.reasons == [.missingField])
        mapping.records.countsNoUsage = true
        let counting = try collect(text, mapping)
        #expect(counting.totals == TokenCounts(requests: 1))
        #expect(counting.reasons == [.missingField, .missingField])
    }
}

extension MappedFormat {
    /// With its time at `at`.
    fileprivate func timed() -> MappedFormat {
        var mapping = self
        mapping[.time] = .path("at")
        return mapping
    }
}
