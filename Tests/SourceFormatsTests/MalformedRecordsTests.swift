import SourceFormats
import Testing
import UsageModel

/// One kind of bad input: what stands in the line, why it must be refused, and which field must be named.
struct MalformedRecord: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var reason: RejectionReason
    var field: String

    init(_ name: String, _ bytes: [UInt8], _ reason: RejectionReason, field: String = "") {
        self.name = name
        self.bytes = bytes
        self.reason = reason
        self.field = field
    }

    init(_ name: String, _ text: String, _ reason: RejectionReason, field: String = "") {
        self.init(name, Array(text.utf8), reason, field: field)
    }

    var testDescription: String { name }
}

@Suite struct MalformedRecordsTests {
    /// A sound native event, with `extra` members behind its own and the tail of it replaceable.
    static func event(_ extra: String = "", input: String = "10", output: String = "5") -> String {
        #"{"time":"2025-06-01T00:00:00Z","tenant":"t1","model":"m1","input_tokens":\#(input),"#
            + #""output_tokens":\#(output)\#(extra)}"#
    }

    static func named(tenant: String) -> String {
        #"{"time":"2025-06-01T00:00:00Z","tenant":\#(tenant),"model":"m","input_tokens":1,"output_tokens":1}"#
    }

    static func timed(_ time: String) -> String {
        #"{"time":\#(time),"tenant":"t","model":"m","input_tokens":1,"output_tokens":1}"#
    }

    static let syntax: [MalformedRecord] = [
        MalformedRecord("cut in a name", #"{"time":"2025-06-01T00:00:00Z","ten"#, .syntax),
        MalformedRecord("cut in a string", #"{"time":"2025-06-01T00:0"#, .syntax),
        MalformedRecord("cut in a number", #"{"input_tokens":-"#, .syntax),
        MalformedRecord("cut before the closing brace", String(event().dropLast()), .syntax),
        MalformedRecord("cut in a literal", #"{"region":nul"#, .syntax),
        MalformedRecord("cut in an escape", #"{"tenant":"\u00"#, .syntax),
        MalformedRecord("only an opening brace", "{", .syntax),
        MalformedRecord("no JSON at all", "hello, world", .syntax),
        MalformedRecord("an unquoted name", "{tenant:1}", .syntax),
        MalformedRecord("single quotes", "{'tenant':'t'}", .syntax),
        MalformedRecord("no colon", #"{"tenant" "t"}"#, .syntax),
        MalformedRecord("no comma", #"{"tenant":"t" "model":"m"}"#, .syntax),
        MalformedRecord("a trailing comma", #"{"tenant":"t",}"#, .syntax),
        MalformedRecord("two objects in a line", event() + event(), .syntax),
        MalformedRecord("garbage behind the object", event() + " x", .syntax),
        MalformedRecord("a bad escape", #"{"tenant":"\x"}"#, .syntax),
        MalformedRecord("a bad unicode escape", #"{"tenant":"\u12G4"}"#, .syntax),
        MalformedRecord("a raw tab in a string", "{\"tenant\":\"a\tb\"}", .syntax),
        MalformedRecord("a raw NUL in a string", "{\"tenant\":\"a\0b\"}", .syntax),
        MalformedRecord("a leading zero", event(input: "010"), .syntax),
        MalformedRecord("a leading plus", event(input: "+10"), .syntax),
        MalformedRecord("a bare point", event(input: "1."), .syntax),
        MalformedRecord("an empty exponent", event(input: "1e"), .syntax),
        MalformedRecord("hexadecimal", event(input: "0x10"), .syntax),
        MalformedRecord("NaN", event(input: "NaN"), .syntax),
        MalformedRecord("True", event(input: "True"), .syntax),
        MalformedRecord("a comment", event(" /* no */"), .syntax),
        MalformedRecord("a byte order mark inside the source", [0xEF, 0xBB, 0xBF] + Array(event().utf8), .syntax),
        MalformedRecord("UTF-16", Array(event().utf8).flatMap { [$0, 0] }, .syntax),
        MalformedRecord("bad JSON in what is ignored", event(#","attributes":{"a":[1,2}}"#), .syntax),
        MalformedRecord("nothing in what is ignored", event(#","attributes":{"a":}"#), .syntax),
        MalformedRecord("an array", #"[1,2]"#, .notAnObject),
        MalformedRecord("a string", #""hello""#, .notAnObject),
        MalformedRecord("a number", "42", .notAnObject),
        MalformedRecord("null", "null", .notAnObject),
        MalformedRecord(
            "too deep",
            event(#","attributes":{"a":\#(String(repeating: "[", count: 64))\#(String(repeating: "]", count: 64))}"#),
            .nestingTooDeep),
        MalformedRecord("brackets without end", String(repeating: "[", count: 100_000), .nestingTooDeep),
        MalformedRecord("braces without end", String(repeating: #"{"attributes":"#, count: 100), .nestingTooDeep),
    ]

    static let fields: [MalformedRecord] = [
        MalformedRecord("an unknown field", event(#","prompt":"secret""#), .unknownField, field: "prompt"),
        MalformedRecord("an unknown field with escapes", event(#","\u0070x":1"#), .unknownField, field: #"\u0070x"#),
        MalformedRecord("a field twice", event(#","tenant":"t2""#), .duplicateField, field: "tenant"),
        MalformedRecord("a field twice in disguise", event(#","\u0074enant":"t2""#), .duplicateField, field: "tenant"),
        MalformedRecord(
            "both names of the time", event(#","ts":"2025-06-01T00:00:00Z""#), .duplicateField, field: "time"),
        MalformedRecord(
            "a field twice, first null", #"{"region":null,"region":"r"}"#, .duplicateField, field: "region"),
        MalformedRecord(
            "no time", #"{"tenant":"t","model":"m","input_tokens":1,"output_tokens":1}"#, .missingField, field: "time"),
        MalformedRecord(
            "no tenant", #"{"time":"2025-06-01T00:00:00Z","model":"m","input_tokens":1,"output_tokens":1}"#,
            .missingField, field: "tenant"),
        MalformedRecord("a null tenant", named(tenant: "null"), .missingField, field: "tenant"),
        MalformedRecord(
            "no input", #"{"time":"2025-06-01T00:00:00Z","tenant":"t","model":"m","output_tokens":1}"#, .missingField,
            field: "input_tokens"),
        MalformedRecord(
            "no output", #"{"time":"2025-06-01T00:00:00Z","tenant":"t","model":"m","input_tokens":1}"#, .missingField,
            field: "output_tokens"),
        MalformedRecord("an empty object", "{}", .missingField, field: "time"),
        MalformedRecord("a number as tenant", named(tenant: "5"), .wrongType, field: "tenant"),
        MalformedRecord("an object as tenant", named(tenant: "{}"), .wrongType, field: "tenant"),
        MalformedRecord("a number as time", timed("1748736000"), .wrongType, field: "time"),
        MalformedRecord("attributes that are no object", event(#","attributes":[1]"#), .wrongType, field: "attributes"),
        MalformedRecord("an id that is no text", event(#","id":7"#), .wrongType, field: "id"),
        MalformedRecord("text as a count", event(input: #""10""#), .wrongType, field: "input_tokens"),
        MalformedRecord("a boolean as a count", event(input: "true"), .wrongType, field: "input_tokens"),
        MalformedRecord("an array as a count", event(input: "[10]"), .wrongType, field: "input_tokens"),
        MalformedRecord("a negative count", event(output: "-1"), .negativeCount, field: "output_tokens"),
        MalformedRecord("minus zero", event(output: "-0"), .negativeCount, field: "output_tokens"),
        MalformedRecord("a fraction", event(input: "10.5"), .fractionalCount, field: "input_tokens"),
        MalformedRecord("a fraction by an exponent", event(input: "10.25e1"), .fractionalCount, field: "input_tokens"),
        MalformedRecord("a negative exponent", event(input: "1e-3"), .fractionalCount, field: "input_tokens"),
        MalformedRecord("a negative fraction", event(input: "-1.0"), .negativeCount, field: "input_tokens"),
        MalformedRecord("a large exponent", event(input: "1e13"), .countTooLarge, field: "input_tokens"),
        MalformedRecord("an exponent beyond all", event(input: "1e400"), .countTooLarge, field: "input_tokens"),
        MalformedRecord("one above the limit", event(input: "1000000000001"), .countTooLarge, field: "input_tokens"),
        MalformedRecord("2^63", event(input: "9223372036854775808"), .countTooLarge, field: "input_tokens"),
        MalformedRecord("2^64", event(input: "18446744073709551616"), .countTooLarge, field: "input_tokens"),
        MalformedRecord("2^64 + 10", event(input: "18446744073709551626"), .countTooLarge, field: "input_tokens"),
        MalformedRecord(
            "three hundred digits", event(input: String(repeating: "9", count: 300)), .countTooLarge,
            field: "input_tokens"),
        MalformedRecord("no requests", event(#","requests":0"#), .inconsistentCounts, field: "requests"),
        MalformedRecord(
            "more cached than input", event(#","cached_input_tokens":11"#), .inconsistentCounts,
            field: "cached_input_tokens"),
        MalformedRecord(
            "more reasoning than output", event(#","reasoning_output_tokens":6"#), .inconsistentCounts,
            field: "reasoning_output_tokens"),
    ]

    static let values: [MalformedRecord] = [
        MalformedRecord("an empty name", named(tenant: #""""#), .badName, field: "tenant"),
        MalformedRecord("a reserved name", named(tenant: #""(over-limit)""#), .badName, field: "tenant"),
        MalformedRecord("an escaped line end in a name", named(tenant: #""a\nb""#), .badName, field: "tenant"),
        MalformedRecord("an escaped NUL in a name", named(tenant: #""a\u0000b""#), .badName, field: "tenant"),
        MalformedRecord("a bidirectional override in a name", named(tenant: #""a\u202eb""#), .badName, field: "tenant"),
        MalformedRecord("blanks alone", named(tenant: #""  ""#), .badName, field: "tenant"),
        MalformedRecord("a reserved name between blanks", named(tenant: #"" (x) ""#), .badName, field: "tenant"),
        MalformedRecord(
            "a name of a megabyte", named(tenant: "\"" + String(repeating: "a", count: 1_000_000) + "\""), .nameTooLong,
            field: "tenant"),
        MalformedRecord(
            "a long name in escapes", named(tenant: "\"" + String(repeating: #"\u0061"#, count: 513) + "\""),
            .nameTooLong, field: "tenant"),
        MalformedRecord("a byte that is no UTF-8", bytes(tenant: [0x61, 0xFF]), .invalidUTF8, field: "tenant"),
        MalformedRecord("a broken name", bytes(tenant: [0x61, 0xC3, 0x28]), .invalidUTF8, field: "tenant"),
        MalformedRecord("an overlong form", bytes(tenant: [0xC0, 0xAF]), .invalidUTF8, field: "tenant"),
        MalformedRecord("a surrogate in UTF-8", bytes(tenant: [0xED, 0xA0, 0x80]), .invalidUTF8, field: "tenant"),
        MalformedRecord("half a surrogate pair", named(tenant: #""a\ud83d""#), .invalidUTF8, field: "tenant"),
        MalformedRecord("a low surrogate alone", named(tenant: #""\udc00a""#), .invalidUTF8, field: "tenant"),
        MalformedRecord("an empty id", event(#","id":"""#), .badName, field: "id"),
        MalformedRecord(
            "an id one byte too long", event(#","id":"\#(String(repeating: "x", count: 257))""#), .nameTooLong,
            field: "id"),
        MalformedRecord(
            "an id too long in escapes", event(#","id":"\#(String(repeating: #"\u00e9"#, count: 129))""#), .nameTooLong,
            field: "id"),
        MalformedRecord("half a pair in an id", event(#","id":"\ud83d""#), .invalidUTF8, field: "id"),
        MalformedRecord("an unknown layer", event(#","layer":"cloud""#), .unknownValue, field: "layer"),
        MalformedRecord("a layer in capitals", event(#","layer":"MaaS""#), .unknownValue, field: "layer"),
        MalformedRecord("an unknown workload", event(#","workload":"stream""#), .unknownValue, field: "workload"),
        MalformedRecord("an unknown modality", event(#","modality":"smell""#), .unknownValue, field: "modality"),
        MalformedRecord("an empty modality", event(#","modality":"""#), .unknownValue, field: "modality"),
        MalformedRecord("a time that is none", timed(#""yesterday""#), .badTime, field: "time"),
        MalformedRecord("a time without zone", timed(#""2025-06-01T00:00:00""#), .badTime, field: "time"),
        MalformedRecord("30 February", timed(#""2025-02-30T00:00:00Z""#), .badTime, field: "time"),
        MalformedRecord("hour 24", timed(#""2025-06-01T24:00:00Z""#), .badTime, field: "time"),
        MalformedRecord("the year 0", timed(#""0000-06-01T00:00:00Z""#), .badTime, field: "time"),
        MalformedRecord("a leap second at noon", timed(#""2025-06-01T12:00:60Z""#), .badTime, field: "time"),
        MalformedRecord("an empty time", timed(#""""#), .badTime, field: "time"),
        MalformedRecord("another provider", event(#","provider":"aliyun""#), .wrongProvider, field: "provider"),
        MalformedRecord("an empty provider", event(#","provider":"""#), .wrongProvider, field: "provider"),
    ]

    static func bytes(tenant: [UInt8]) -> [UInt8] {
        Array(#"{"time":"2025-06-01T00:00:00Z","tenant":""#.utf8) + tenant
            + Array(#"","model":"m","input_tokens":1,"output_tokens":1}"#.utf8)
    }

    @Test(arguments: syntax + fields + values)
    func `a malformed line is rejected with its reason, and the lines around it count`(_ bad: MalformedRecord) throws {
        let good = MalformedRecordsTests.event()
        let before = Array((good + "\n").utf8)
        let source = before + bad.bytes + Array(("\n" + good + "\r\n" + good).utf8)
        let sink = try collect(source)

        #expect(sink.totals == TokenCounts(requests: 3, input: 30, output: 15))
        #expect(sink.rejections.count == 1)
        let rejected = try #require(sink.rejections.first)
        #expect(rejected.rejection.reason == bad.reason)
        #expect(rejected.rejection.field == bad.field)
        #expect(!rejected.rejection.detail.isEmpty)
        #expect(rejected.rejection.detail.utf8.count < 200)
        #expect(rejected.record == bad.bytes)
        #expect(rejected.position == RecordPosition(line: 2, byteOffset: UInt64(before.count)))
    }

    /// The same table in an array: an element's trouble stays its own as long as its brackets and quotes are whole.
    @Test(arguments: fields + values.filter { $0.reason != .syntax })
    func `a malformed element of an array is rejected, and those around it count`(_ bad: MalformedRecord) throws {
        let good = Array(MalformedRecordsTests.event().utf8)
        let source =
            Array("[".utf8) + good + Array(",".utf8) + bad.bytes + Array(" ,\n ".utf8) + good + Array("]\n".utf8)
        let sink = try collect(source, framing: .document)
        #expect(sink.totals == TokenCounts(requests: 2, input: 20, output: 10))
        #expect(sink.reasons == [bad.reason])
        #expect(sink.rejections.first?.position.line == 2)
    }

    @Test func `there are kinds enough`() {
        let all = MalformedRecordsTests.syntax + MalformedRecordsTests.fields + MalformedRecordsTests.values
        #expect(all.count >= 40)
        #expect(Set(all.map(\.name)).count == all.count)
    }

    @Test func `a record that is too long is rejected once with its first bytes`() throws {
        let good = MalformedRecordsTests.event() + "\n"
        let long = #"{"tenant":""# + String(repeating: "x", count: Limits.maxRecordBytes)
        for chunk in [1 << 16, 100_000, Int.max] {
            let sink = try collect(good + long + "\n" + good, chunk: chunk)
            #expect(sink.totals.requests == 2)
            #expect(sink.reasons == [.recordTooLong])
            #expect(sink.rejections.first?.record == Array(long.utf8.prefix(SourceLimits.rejectedPrefixBytes)))
            #expect(sink.rejections.first?.position.line == 2)
        }
    }

    @Test func `the longest record is still read`() throws {
        let event = MalformedRecordsTests.event()
        let padding = String(repeating: " ", count: Limits.maxRecordBytes - event.utf8.count)
        #expect(try collect(event + padding + "\n" + event).totals.requests == 2)
        // One byte longer, it is read while it goes by.
        #expect(try collect(event + padding + " \n" + event).totals.requests == 2)
    }

    @Test func `what the sink refuses is rejected with its reason`() throws {
        var parser = try NativeFormat().makeParser(defaults: testDefaults, framing: .stream)
        var sink = Collected(refusedTenant: "t1")
        let record = MalformedRecordsTests.event()
        parser.feed(Array(record.utf8), into: &sink)
        #expect(sink.events.isEmpty)
        #expect(sink.reasons == [.tooManyNames])
        #expect(sink.rejections.first?.record == Array(record.utf8))
    }
}
