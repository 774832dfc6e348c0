import SourceFormats
import Testing
import UsageModel

/// An example of a registered format, as a stream or as a document.
struct FormatCase: Sendable, CustomTestStringConvertible {
    var format: any SourceFormat
    var records: [UInt8]
    var framing: SourceFraming
    var testDescription: String

    /// Every example of every registered format, in both framings.
    static let all: [FormatCase] = SourceFormatRegistry.formats.flatMap { type in
        type.examples.enumerated().flatMap { number, example in
            SourceFraming.allCases.map { framing in
                guard case .success(let format) = SourceFormatRegistry.makeFormat(type, given: example.settings) else {
                    fatalError("example \(number) of \(type.name) has settings that can't work")
                }
                return FormatCase(
                    format: format, records: example.records, framing: framing,
                    testDescription: "\(type.name) \(number), \(framing)")
            }
        }
    }

    /// Those of formats with a reading of their own. The others are `mapped` with the settings of one sender: what is done
    /// to each byte of an example is done to that one's.
    static let ofOwnReading = all.filter { type(of: $0.format).preset.isEmpty }

    func makeParser() throws -> any SourceParser { try format.makeParser(defaults: testDefaults, framing: framing) }

    func collect(_ bytes: [UInt8], chunk: Int = .max) throws -> Collected {
        var parser = try makeParser()
        var sink = Collected()
        parser.feed(bytes, chunk: chunk, into: &sink)
        return sink
    }
}

/// What `SourceParser` promises, held to by every registered format: a new one is tested by being registered.
@Suite struct SourceParserContractTests {
    @Test func `every format has a name of its own and an example`() {
        let names = SourceFormatRegistry.formats.map { $0.name }
        #expect(Set(names).count == names.count)
        for type in SourceFormatRegistry.formats {
            #expect(!type.examples.isEmpty, "\(type.name)")
            #expect(!type.summary.isEmpty, "\(type.name)")
        }
    }

    @Test(arguments: FormatCase.all)
    func `examples are read without a rejection`(_ sample: FormatCase) throws {
        let whole = try sample.collect(sample.records)
        #expect(!whole.events.isEmpty)
        #expect(whole.rejections.isEmpty)
        #expect(!sample.format.mediaTypes.isEmpty)
    }

    @Test(arguments: FormatCase.all)
    func `drip-feeding and pieces of any size give what one piece gives`(_ sample: FormatCase) throws {
        let whole = try sample.collect(sample.records)
        for chunk in Array(1...17) + [64, 100, 1_000] {
            #expect(try sample.collect(sample.records, chunk: chunk) == whole, "in pieces of \(chunk)")
        }
    }

    @Test(arguments: FormatCase.ofOwnReading)
    func `truncation at any byte loses nothing before it`(_ sample: FormatCase) throws {
        let whole = try sample.collect(sample.records)
        for length in 0..<sample.records.count {
            let cut = try sample.collect(Array(sample.records[..<length]))
            #expect(cut.events.starts(with: whole.events.prefix(max(0, cut.events.count - 1))), "cut at \(length)")
            #expect(cut.events.count <= whole.events.count + 1, "cut at \(length)")
            let dripped = try sample.collect(Array(sample.records[..<length]), chunk: 3)
            #expect(dripped == cut, "cut at \(length), in pieces")
        }
    }

    /// A damaged byte hurts no other record than its own and its neighbour, and the pieces still don't matter.
    @Test(arguments: FormatCase.ofOwnReading)
    func `pieces do not matter whatever byte is damaged`(_ sample: FormatCase) throws {
        for index in sample.records.indices {
            var damaged = sample.records
            damaged[index] ^= 1 << (index & 7)
            #expect(try sample.collect(damaged, chunk: 5) == sample.collect(damaged), "byte \(index)")
        }
    }

    @Test(arguments: FormatCase.ofOwnReading.filter { $0.framing == .stream })
    func `every checkpoint continues exactly`(_ sample: FormatCase) throws {
        let whole = try sample.collect(sample.records)
        for length in 0...sample.records.count {
            var first = try sample.makeParser()
            var sink = Collected()
            let piece = Array(sample.records[..<length])
            let used = unsafe first.consume(piece.span.bytes, endOfInput: false, into: &sink)
            #expect(first.position.byteOffset == UInt64(used))

            var second = try sample.makeParser()
            second.resume(from: first.checkpoint)
            second.feed(Array(sample.records[used...]), into: &sink)
            #expect(sink == whole, "stopped at \(length)")
            #expect(second.position.byteOffset == UInt64(sample.records.count))
        }
    }

    /// A record beyond the limit is refused once, and passed over without being held.
    @Test(
        arguments: FormatCase.ofOwnReading.filter { $0.framing == .stream || !type(of: $0.format).readsWholeDocuments })
    func `a record without end is refused and never held`(_ sample: FormatCase) throws {
        var parser = try sample.makeParser()
        var sink = Collected()
        var pending = sample.records + Array("\n".utf8)
        for _ in 0..<(3 * Limits.maxRecordBytes / 100_000) {
            pending += [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
            let used = unsafe parser.consume(pending.span.bytes, endOfInput: false, into: &sink)
            pending.removeFirst(used)
            #expect(pending.count <= Limits.maxRecordBytes)
        }
        #expect(sink.reasons.filter { $0 == .recordTooLong }.count == 1)
        #expect(sink.rejections.allSatisfy { $0.record.count <= SourceLimits.rejectedPrefixBytes })
    }
}
