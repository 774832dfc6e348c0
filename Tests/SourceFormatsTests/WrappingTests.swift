import SourceFormats
import Testing
import UsageModel

/// Records in what other software puts around them.
@Suite struct WrappingTests {
    /// A wrapped source, and what of the plain records is to be found in it.
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var wrappings: [Wrapping]
        var text: String
        /// Input tokens of the events in order.
        var inputs: [UInt64]
        var refused = 0
        var ignored = 0
        var testDescription: String { name }

        func makeParser(framing: SourceFraming = .stream) throws -> any SourceParser {
            try SourcePlan(NativeFormat(), in: wrappings, defaults: testDefaults, framing: framing).makeParser()
        }

        func collect(_ bytes: [UInt8], chunk: Int = .max, framing: SourceFraming = .stream) throws -> Collected {
            var parser = try makeParser(framing: framing)
            var sink = Collected()
            parser.feed(bytes, chunk: chunk, into: &sink)
            return sink
        }
    }

    private static func record(_ input: Int) -> String {
        "{\"time\":\"2025-06-01T00:00:00Z\",\"tenant\":\"t\",\"model\":\"m\",\"input_tokens\":\(input),\"output_tokens\":1}"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    private static func cri(_ stream: String, _ tag: String, _ text: some StringProtocol) -> String {
        "2025-06-01T00:00:00.123456789Z \(stream) \(tag) \(text)\n"
    }

    private static func docker(_ text: some StringProtocol, stream: String = "stdout", isLast: Bool = true) -> String {
        "{\"log\":\"\(escaped(String(text)))\(isLast ? "\\n" : "")\",\"stream\":\"\(stream)\",\"attrs\":{\"tag\":\"g\"},"
            + "\"time\":\"2025-06-01T00:00:00.1Z\"}\n"
    }

    static let samples: [Sample] = {
        let (one, two, three) = (record(1), record(2), record(3))
        let (head, tail) = (two.prefix(40), two.dropFirst(40))
        return [
            Sample(
                name: "cri", wrappings: [.cri],
                text: cri("stdout", "F", one) + cri("stdout", "P", head) + cri("stdout", "F", tail)
                    + cri("stderr", "F:x", three), inputs: [1, 2, 3]),
            Sample(
                name: "cri, two streams between each other", wrappings: [.cri],
                text: cri("stdout", "P", head) + cri("stderr", "F", one) + cri("stderr", "P", three.prefix(9))
                    + cri("stdout", "F", tail) + cri("stderr", "F", three.dropFirst(9)) + one + "\n",
                inputs: [1, 2, 3, 1]),
            Sample(
                name: "docker", wrappings: [.docker],
                text: docker(one) + docker(head, isLast: false) + docker("words", stream: "stderr")
                    + docker(tail) + three + "\n", inputs: [1, 2, 3], refused: 1),
            Sample(
                name: "prefix", wrappings: [.prefix],
                text: "<134>1 2025-06-01T00:00:00Z host app - - - \(one)\n2025-06-01 INFO {id} usage \(two)\n"
                    + "only words\n\n\(three)\n", inputs: [1, 2, 3], ignored: 1),
            Sample(
                name: "ansi and prefix", wrappings: [.ansi, .prefix],
                text: "\u{1B}[32m[pod/gw-1/app]\u{1B}[0m \(one)\n\u{1B}[1;31m\(two)\u{1B}[0m\n", inputs: [1, 2]),
            Sample(
                name: "sse", wrappings: [.sse],
                text: ": a comment\nevent: usage\nid: 7\ndata: \(one)\n\ndata:\(two)\ndata: [DONE]\n\nretry: 5\r\n"
                    + "data: {\"time\":\"2025-06-01T00:00:00Z\",\"tenant\":\"t\",\r\ndata: \"model\":\"m\",\"input_tokens\":3,"
                    + "\r\ndata: \"output_tokens\":1}\r\n\r\n", inputs: [1, 2, 3]),
            Sample(
                name: "sse in cri", wrappings: [.cri, .sse],
                text: cri("stdout", "P", "data: \(head)") + cri("stdout", "F", tail) + cri("stdout", "F", "")
                    + cri("stdout", "F", "data: {") + cri("stderr", "F", "data: \(one)")
                    + cri("stdout", "F", "data: \(three.dropFirst())") + cri("stdout", "F", ""),
                inputs: [2, 1, 3]),
            Sample(
                name: "nginx", wrappings: [.nginx],
                text: "\(one)\n" + two.replacing("\"", with: "\\x22")
                    + "\n{\"attributes\":{\"ua\":\"curl \\x22x\\x5C \\xE4\\xBD\\xA0\\x0A\"},\(three.dropFirst())\n",
                inputs: [1, 2, 3]),
            Sample(
                name: "objects", wrappings: [.objects], text: "\(one)\(two) \n\(three)\(one)\n",
                inputs: [1, 2, 3, 1]),
            Sample(
                name: "an array of objects", wrappings: [.objects],
                text: "[\n  \(one.replacing(",", with: ",\n   ")),\n  \(two)\n]\n", inputs: [1, 2]),
            Sample(
                name: "torn objects", wrappings: [.objects],
                text: "\(one)\(two.prefix(60))\(three)\n\(two.prefix(30))\n\(one) x \(two)", inputs: [1, 3, 1, 2],
                refused: 3),
            Sample(
                name: "objects in docker", wrappings: [.docker, .objects], text: docker(one + two) + docker(three),
                inputs: [1, 2, 3]),
        ]
    }()

    @Test(arguments: samples)
    func `what is wrapped is found`(_ sample: Sample) throws {
        for framing in SourceFraming.allCases {
            let found = try sample.collect(Array(sample.text.utf8), framing: framing)
            #expect(found.events.map(\.counts.input) == sample.inputs)
            #expect(found.rejections.count == sample.refused, "\(found.rejections)")
            #expect(found.ignored.count == sample.ignored)
        }
    }

    @Test(arguments: samples)
    func `pieces of any size give what one piece gives`(_ sample: Sample) throws {
        let bytes = Array(sample.text.utf8)
        let whole = try sample.collect(bytes)
        for chunk in Array(1...40) + [100, 300] {
            #expect(try sample.collect(bytes, chunk: chunk) == whole, "in pieces of \(chunk)")
        }
    }

    @Test(arguments: samples)
    func `every checkpoint continues exactly`(_ sample: Sample) throws {
        let bytes = Array(sample.text.utf8)
        let whole = try sample.collect(bytes)
        for length in 0...bytes.count {
            var first = try sample.makeParser()
            var sink = Collected()
            let piece = Array(bytes[..<length])
            let used = unsafe first.consume(piece.span.bytes, endOfInput: false, into: &sink)
            #expect(first.position.byteOffset == UInt64(used))
            var second = try sample.makeParser()
            second.resume(from: first.checkpoint)
            second.feed(Array(bytes[used...]), into: &sink)
            #expect(sink == whole, "stopped at \(length)")
        }
    }

    @Test(arguments: samples)
    func `truncation and damage at any byte are the same in pieces`(_ sample: Sample) throws {
        let bytes = Array(sample.text.utf8)
        for index in bytes.indices {
            let cut = Array(bytes[..<index])
            #expect(try sample.collect(cut, chunk: 5) == sample.collect(cut), "cut at \(index)")
            var damaged = bytes
            damaged[index] ^= 1 << UInt8(index & 7)
            #expect(try sample.collect(damaged, chunk: 5) == sample.collect(damaged), "byte \(index)")
        }
    }

    /// Nothing is held beyond a record's length, be it one line, or lines that are joined without end.
    @Test(arguments: [
        (Wrapping.cri, "x"), (.cri, "2025-06-01T00:00:00.1Z stdout P xxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"),
        (.docker, "{\"log\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"stream\":\"stdout\"}\n"),
        (.sse, "data: {\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"), (.objects, "{\"x\":["), (.objects, "x"),
    ])
    func `what has no end is refused and never held`(wrapping: Wrapping, piece: String) throws {
        let sample = Sample(name: "", wrappings: [wrapping], text: "", inputs: [])
        var parser = try sample.makeParser()
        var sink = Collected()
        var pending: [UInt8] = []
        let more = Array(String(repeating: piece, count: 100_000 / piece.utf8.count).utf8)
        for _ in 0..<30 {
            pending += more
            let used = unsafe parser.consume(pending.span.bytes, endOfInput: false, into: &sink)
            pending.removeFirst(used)
            #expect(pending.count <= Limits.maxRecordBytes)
        }
        #expect(sink.reasons.contains(.recordTooLong))
        #expect(sink.rejections.allSatisfy { $0.record.count <= SourceLimits.rejectedPrefixBytes })
    }

    @Test func `a refused record of joined lines is passed over to its end`() throws {
        let long = String(repeating: Self.cri("stdout", "P", String(repeating: "x", count: 1_000)), count: 1_200)
        let text =
            long + Self.cri("stderr", "F", Self.record(1)) + Self.cri("stdout", "F", "}")
            + Self.cri("stdout", "F", Self.record(2))
        let sample = Sample(name: "", wrappings: [.cri], text: text, inputs: [])
        let whole = try sample.collect(Array(text.utf8))
        #expect(whole.events.map(\.counts.input) == [1, 2])
        #expect(whole.reasons == [.recordTooLong])
        #expect(try sample.collect(Array(text.utf8), chunk: 65_536) == whole)
    }

    @Test func `rejections name a place in the file`() throws {
        let bad = Self.cri("stdout", "F", "{}")
        let text = Self.cri("stdout", "F", Self.record(1)) + bad
        let sample = Sample(name: "", wrappings: [.cri], text: text, inputs: [])
        let position = try #require(try sample.collect(Array(text.utf8)).rejections.first?.position)
        #expect(position == RecordPosition(line: 2, byteOffset: UInt64(text.utf8.count - bad.utf8.count)))
    }

    @Test func `a CSV keeps its header in a wrapping`() throws {
        let rows = MappingTests.csv
        let plain = "time,tenant,model,in,out\n2025-06-01T00:00:00Z,t,m,1,2\n2025-06-01T00:01:00Z,t,m,3,4\n"
        let text = plain.split(separator: "\n").map { Self.cri("stdout", "F", $0) }.joined()
        let expected = try collect(plain, rows)
        for chunk in [Int.max, 1, 50] {
            var parser = try SourcePlan(rows, in: [.cri], defaults: testDefaults, framing: .stream).makeParser()
            var sink = Collected()
            parser.feed(Array(text.utf8), chunk: chunk, into: &sink)
            #expect(sink.events == expected.events)
        }
    }

    @Test func `wrappings that can't work are refused by name`() throws {
        #expect(try Wrapping.read(["cri", "prefix"], setting: "wrapping") == [.cri, .prefix])
        for names in [["nothing"], ["cri", "cri"], ["objects", "cri"]] {
            #expect(throws: SourceFormatError.self) { try Wrapping.read(names, setting: "wrapping") }
        }
    }
}
