import SourceFormats
import Testing
import UsageModel

/// Records that are too long to be held.
@Suite struct LongRecordsTests {
    static let image = String(repeating: #"iVBORw0KGgo\"}],{[\n"#, count: Limits.maxRecordBytes / 16)
    static let tail =
        #""tenant":"t","model":"m\u0031","created":1748736000,"#
        + #""usage":{"prompt_tokens":9,"completion_tokens":1,"x":[{"y":"}"}],"prompt_tokens_details":{"cached_tokens":4}}"#
    static let long = #"{"messages":[{"content":"\#(image)"}, NaN, 1.5e3],\#(tail),"z":"\#(image)"}"#
    static let short = "{\(tail)}"
    static let expected = TokenCounts(requests: 1, input: 9, cachedInput: 4, output: 1)

    @Test(arguments: [4_099, 65_536, 1_000_003, Int.max])
    func `a long line is read while it goes by`(_ chunk: Int) throws {
        let text = "\(Self.short)\n\(Self.long)\r\n\(Self.short)\n"
        let sink = try collect(text, OpenAIFormat(), chunk: chunk)
        #expect(sink.rejections.isEmpty)
        #expect(sink.events.map(\.counts) == [Self.expected, Self.expected, Self.expected])
        #expect(sink.events.map(\.model) == ["m1", "m1", "m1"])
    }

    @Test(arguments: [65_537, Int.max])
    func `a long element of an array is read while it goes by`(_ chunk: Int) throws {
        let text = "[\(Self.short), \(Self.long) ,\(Self.short)]"
        let sink = try collect(text, OpenAIFormat(), framing: .document, chunk: chunk)
        #expect(sink.rejections.isEmpty)
        #expect(sink.events.map(\.counts) == [Self.expected, Self.expected, Self.expected])
        let object = Self.long.replacing(",\"tenant\"", with: ",\n\"tenant\"").replacing(
            "{\"messages", with: "{\n\"messages")
        #expect(try collect(object, OpenAIFormat(), framing: .document, chunk: chunk).totals == Self.expected)
    }

    @Test func `what isn't consumed stays short, and a checkpoint within goes on`() throws {
        let bytes = Array("\(Self.long)\n\(Self.short)\n".utf8)
        for stop in [Limits.maxRecordBytes + 1, bytes.count / 2, bytes.count - Self.short.utf8.count - 40] {
            var first = try OpenAIFormat().makeParser(defaults: testDefaults, framing: .stream)
            var sink = Collected()
            let piece = Array(bytes[..<stop])
            let used = unsafe first.consume(piece.span.bytes, endOfInput: false, into: &sink)
            #expect(used == stop)
            #expect(first.checkpoint.isInsideLongRecord)
            #expect(first.checkpoint.memory.count < SourceLimits.maxKeptBytes)
            var second = try OpenAIFormat().makeParser(defaults: testDefaults, framing: .stream)
            second.resume(from: first.checkpoint)
            second.feed(Array(bytes[used...]), into: &sink)
            #expect(sink.rejections.isEmpty, "stopped at \(stop)")
            #expect(sink.events.map(\.counts) == [Self.expected, Self.expected], "stopped at \(stop)")
        }
    }

    /// Each step of a path, with megabytes around it.
    @Test(arguments: [
        ("u.0.in", #""u":[{"in":7},"\#(image)"]"#), ("u.2.in", #""u":["\#(image)",{"in":1},{"in":7}]"#),
        ("u.*.in", #""u":[{"in":3,"x":"\#(image)"},{"in":4}]"#), ("u.in*", #""u":{"z":"\#(image)","in":3,"in2":4}"#),
        ("'u.u'.in", #""u.u":{"z":"\#(image)","in":7}"#), ("u{}.in", #""z":"\#(image)","u":"{\"in\":7}""#),
    ])
    func `paths lead through long records`(_ path: String, _ member: String) throws {
        let mapping = MappedFormat(
            layout: .jsonLines,
            [.tenant: .constant("t"), .model: .constant("m"), .time: .path("at"), .input: .path(path)])
        let line = #"{"at":"2025-06-01T00:00:00Z",\#(member)}"#
        #expect(line.utf8.count > Limits.maxRecordBytes)
        let sink = try collect(line, mapping, chunk: 300_000)
        #expect(sink.totals.input == 7, "\(sink.rejections.map(\.rejection))")
    }

    @Test func `what can't be read of a long record is refused once`() throws {
        let good = "\(Self.short)\n"
        for bad in [
            #"{"a":"\#(Self.image)","usage":[}"#, #"{"a":"\#(Self.image)""#, #"{"a":"\#(Self.image)"} x"#,
            #"{"a":"\#(Self.image)",}"#, "[\"\(Self.image)\"]",
            #"{"tenant":"\#(String(repeating: "x", count: Limits.maxRecordBytes))"}"#,
        ] {
            for chunk in [100_000, Int.max] {
                let sink = try collect(good + bad + "\n" + good, OpenAIFormat(), chunk: chunk)
                #expect(sink.events.count == 2)
                #expect(sink.reasons == [.recordTooLong])
                #expect(sink.rejections.first?.position == RecordPosition(line: 2, byteOffset: UInt64(good.utf8.count)))
                #expect(
                    sink.rejections.first?.record == Array(bad.utf8.prefix(SourceLimits.rejectedPrefixBytes)))
            }
        }
    }

    @Test func `a native event may have attributes of any size`() throws {
        let event = SampleSource.native.dropLast() + #","attributes":{"a":"\#(Self.image)"}}"#
        #expect(try collect(String(event)).totals.requests == 1)
        let unknown = SampleSource.native.dropLast() + #","prompt":"\#(Self.image)"}"#
        #expect(try collect(String(unknown)).reasons == [.recordTooLong])
    }
}
