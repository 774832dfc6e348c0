import SourceFormats
import Testing
import UsageModel

/// A source in one of the formats, small enough to be cut at every byte.
struct SampleSource: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var format: any SourceFormat
    var framing = SourceFraming.stream

    var testDescription: String { name }

    static let native =
        #"{"time":"2025-06-01T00:00:00Z","tenant":"t\u0031","model":"m","input_tokens":10,"output_tokens":5}"#
    static let second =
        #"{"ts":"2025-06-01t00:01:00.5z","tenant":"租户","model":"m","attributes":{"a":["]",{}]},"input_tokens":7,"#
        + #""cached_input_tokens":3,"output_tokens":2}"#

    static let csv = MappedFormat(
        layout: .csv(CSVLayout(skippedLines: 1)),
        [
            .tenant: .column("who"), .model: .constant("m"), .time: .column("at"), .input: .column("in"),
            .output: .column("out"),
        ])

    static let all: [SampleSource] = [
        SampleSource(
            name: "native lines",
            text: "\u{FEFF}\(native)\n\n  \r\n\(second)\r\n{\"bad\":\n{}\n\(native)", format: NativeFormat()),
        SampleSource(
            name: "native array", text: " \n[\(native),\n {\"bad\":1} , 7,\(second)\t]\n ", format: NativeFormat(),
            framing: .document),
        SampleSource(name: "cut array", text: "[\(native),\(second),", format: NativeFormat(), framing: .document),
        SampleSource(
            name: "array with a tail", text: "[\(native)]\n\(second)", format: NativeFormat(), framing: .document),
        SampleSource(
            name: "one object", text: native.replacing(",", with: ",\n  ").replacing("{", with: "{\n"),
            format: NativeFormat(), framing: .document),
        SampleSource(
            name: "lines in a document", text: "\n\(native)\n\(second)\n", format: NativeFormat(), framing: .document),
        SampleSource(
            name: "openai",
            text: #"{"created":1748736000,"tenant":"t","model":"m","messages":["\"}\n"],"usage":{"prompt_tokens":9,"#
                + #""completion_tokens":1,"total_tokens":10}}"# + "\r\nnope\n",
            format: OpenAIFormat()),
        SampleSource(
            name: "csv",
            text: "\u{FEFF}a comment \"\r\nat,who,note,in,out\r\n2025-06-01T00:00:00Z,t1,,1,2\r\n"
                + "2025-06-01T00:01:00Z,\"t2\",\"a \"\"note\"\",\r\non two lines\",3,4\r\n\r\n"
                + "2025-06-01T00:01:00Z,\"t2\"x,,3,4\n2025-06-01T00:01:00Z,t2,,3\n"
                + "2025-06-01T00:02:00Z,t3,\"open,5,6\n2025-06-01T00:03:00Z,\"t4\",,7,8",
            format: csv),
    ]
}

@Suite struct ChunkingTests {
    @Test(arguments: SampleSource.all)
    func `drip-feeding gives the same as one piece`(_ source: SampleSource) throws {
        let whole = try collect(source.text, source.format, framing: source.framing)
        #expect(!whole.events.isEmpty)
        for chunk in [1, 2, 3, 5, 7, 11, 64] {
            let dripped = try collect(source.text, source.format, framing: source.framing, chunk: chunk)
            #expect(dripped == whole, "in pieces of \(chunk)")
        }
    }

    @Test(arguments: SampleSource.all)
    func `truncation at any byte loses nothing before it`(_ source: SampleSource) throws {
        let bytes = Array(source.text.utf8)
        let whole = try collect(bytes, source.format, framing: source.framing)
        for length in 0..<bytes.count {
            let cut = try collect(Array(bytes[..<length]), source.format, framing: source.framing)
            // What was counted before the cut is the start of what is counted of the whole; one more record at most
            // can look whole where it was cut.
            #expect(cut.events.starts(with: whole.events.prefix(max(0, cut.events.count - 1))), "cut at \(length)")
            #expect(cut.events.count <= whole.events.count + 1, "cut at \(length)")
        }
    }

    /// A parser that stopped at any byte and another one that goes on from its checkpoint see what one parser sees.
    @Test(arguments: SampleSource.all.filter { $0.framing == .stream })
    func `a checkpoint continues exactly`(_ source: SampleSource) throws {
        let bytes = Array(source.text.utf8)
        let whole = try collect(bytes, source.format)
        for length in 0...bytes.count {
            var first = try source.format.makeParser(defaults: testDefaults, framing: .stream)
            var sink = Collected()
            let piece = Array(bytes[..<length])
            let used = unsafe first.consume(piece.span.bytes, endOfInput: false, into: &sink)
            #expect(first.position.byteOffset == UInt64(used))

            var second = try source.format.makeParser(defaults: testDefaults, framing: .stream)
            second.resume(from: first.checkpoint)
            second.feed(Array(bytes[used...]), into: &sink)
            #expect(sink == whole, "stopped at \(length)")
            #expect(second.position.byteOffset == UInt64(bytes.count))
        }
    }

    @Test func `a checkpoint inside a long record goes on skipping`() throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: Limits.maxRecordBytes + 10)
        let good = Array(SampleSource.native.utf8)
        var first = try NativeFormat().makeParser(defaults: testDefaults, framing: .stream)
        var sink = Collected()
        let used = unsafe first.consume(long.span.bytes, endOfInput: false, into: &sink)
        #expect(used == long.count)
        #expect(first.checkpoint.isInsideLongRecord)

        var second = try NativeFormat().makeParser(defaults: testDefaults, framing: .stream)
        second.resume(from: first.checkpoint)
        second.feed(Array("yyy\n".utf8) + good, into: &sink)
        #expect(sink.reasons == [.recordTooLong])
        #expect(sink.events.count == 1)
        #expect(second.position.line == 2)
    }

    @Test func `positions are those of the source`() throws {
        let lines = ["{}", "", "  ", "[]", SampleSource.native, "x"]
        let sink = try collect(lines.joined(separator: "\n"))
        #expect(sink.rejections.map(\.position.line) == [1, 4, 6])
        #expect(
            sink.rejections.map(\.position.byteOffset) == [0, 7, UInt64(11 + SampleSource.native.utf8.count)])
    }

    @Test func `a parser begins anew for another source`() throws {
        var parser = try SampleSource.csv.makeParser(defaults: testDefaults, framing: .stream)
        var sink = Collected()
        let text = Array("skipped\nat,who,in,out\n2025-06-01T00:00:00Z,t,1,2\n".utf8)
        parser.feed(text, into: &sink)
        parser.resume(from: .start)
        parser.feed(text, into: &sink)
        #expect(sink.totals == TokenCounts(requests: 2, input: 2, output: 4))
        #expect(sink.rejections.isEmpty)
    }
}
