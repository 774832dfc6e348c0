import SourceFormats
import Testing
import UsageModel

/// Takes off the prefix that a container runtime puts before each line (`TIME stdout F `), joining lines that it cut
/// (`P`): what `SourceParser` says about a parser over a parser, in small. The inner parser is as it is anywhere else.
private struct PrefixedLinesParser<Inner: SourceParser>: SourceParser {
    private var inner: Inner
    private var state = ParserCheckpoint.start
    /// Bytes, lines and the joined text of partial lines that were looked at behind `state`.
    private var joined: [UInt8] = []

    init(_ inner: Inner) {
        self.inner = inner
    }

    var checkpoint: ParserCheckpoint {
        var checkpoint = state
        checkpoint.memory = inner.checkpoint.memory
        return checkpoint
    }

    mutating func resume(from checkpoint: ParserCheckpoint) {
        state = checkpoint
        inner.resume(from: checkpoint)
    }

    func mappedFields(of record: RawSpan) -> [UInt8] { inner.mappedFields(of: record) }

    var recordMemory: [UInt8] { inner.recordMemory }

    mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        // Where the outer record starts, and where its next line does.
        var (record, line, lineCount) = (0, 0, 0)
        joined = []
        while line < bytes.byteCount {
            var end = line
            while end < bytes.byteCount, bytes.byte(at: end) != 0x0A { end += 1 }
            guard end < bytes.byteCount || endOfInput else { break }
            let text = (line..<end).map { bytes.byte(at: $0) }
            let parts = text.split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
            joined += parts.count == 4 ? parts[3] : text[...]
            lineCount += 1
            line = min(end + 1, bytes.byteCount)
            if parts.count == 4, parts[2].elementsEqual("P".utf8) { continue }
            give(endOfInput: endOfInput, into: &sink)
            state.position.line += UInt64(lineCount)
            state.position.byteOffset += UInt64(line - record)
            (record, lineCount) = (line, 0)
        }
        guard endOfInput else { return record }
        if !joined.isEmpty { give(endOfInput: true, into: &sink) }
        state.position.byteOffset += UInt64(bytes.byteCount - record)
        return bytes.byteCount
    }

    /// Gives the joined record to the inner parser, at the position of the outer one.
    private mutating func give(endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable) {
        var place = inner.checkpoint
        place.position = state.position
        inner.resume(from: place)
        let record = joined
        _ = unsafe inner.consume(record.span.bytes, endOfInput: true, into: &sink)
        joined = []
    }
}

@Suite struct WrappedRecordsTests {
    /// Wraps each line in its prefix, and cuts every second one in two.
    private func wrapped(_ text: String) -> String {
        text.split(separator: "\n").enumerated().map { number, line in
            let prefix = "2025-06-01T00:00:00.1Z stdout"
            guard number % 2 == 1 else { return "\(prefix) F \(line)\n" }
            let middle = line.index(line.startIndex, offsetBy: line.count / 2)
            return "\(prefix) P \(line[..<middle])\n\(prefix) F \(line[middle...])\n"
        }.joined()
    }

    private func makeParser(_ format: some SourceFormat) throws -> any SourceParser {
        func wrap(_ inner: some SourceParser) -> any SourceParser { PrefixedLinesParser(inner) }
        return wrap(try format.makeParser(defaults: testDefaults, framing: .stream))
    }

    private static let csv = "time,tenant,model,in,out\n2025-06-01T00:00:00Z,t,m,1,2\n2025-06-01T00:01:00Z,t,m,3,4\n"

    /// JSON lines and CSV come out of their wrapping as they went in, in pieces of any size and from any checkpoint.
    @Test(arguments: [0, 1])
    func `a wrapper keeps the contract over any parser`(number: Int) throws {
        let format: any SourceFormat = number == 0 ? NativeFormat() : MappingTests.csv
        let text = number == 0 ? "\(SampleSource.native)\n\(SampleSource.second)\n{}\n" : Self.csv
        let bytes = Array(wrapped(text).utf8)
        let plain = try collect(text, format)
        var whole = Collected()
        var parser = try makeParser(format)
        parser.feed(bytes, into: &whole)
        #expect(whole.events == plain.events)
        #expect(whole.reasons == plain.reasons)
        for chunk in 1...70 {
            var sink = Collected()
            var parser = try makeParser(format)
            parser.feed(bytes, chunk: chunk, into: &sink)
            #expect(sink == whole, "in pieces of \(chunk)")
        }
        for length in 0...bytes.count {
            var first = try makeParser(format)
            var sink = Collected()
            let piece = Array(bytes[..<length])
            let used = unsafe first.consume(piece.span.bytes, endOfInput: false, into: &sink)
            var second = try makeParser(format)
            second.resume(from: first.checkpoint)
            second.feed(Array(bytes[used...]), into: &sink)
            #expect(sink == whole, "stopped at \(length)")
        }
    }
}
