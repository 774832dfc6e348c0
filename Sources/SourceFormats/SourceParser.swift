package import UsageModel

/// Turns the bytes of a source into usage events and rejections, without any I/O of its own.
///
/// Bytes go in by ``consume(_:endOfInput:into:)`` in pieces of any size. Records are read in place: nothing is copied
/// or allocated for an event. A record that can't be counted goes to the sink with its reason, its bytes and its
/// position, and never stands in the way of the next one.
///
///     var parser = try NativeFormat().makeParser(defaults: EventDefaults(provider: "volcengine"), framing: .stream)
///     let used = parser.consume(buffer.span.bytes, endOfInput: false, into: &sink)
///     buffer.removeFirst(used)
///
/// Who holds an `any SourceParser` pays one call through it for each chunk, whatever is in the chunk.
///
/// ## What every parser must keep
/// `SourceParserContractTests` holds each registered format to this:
/// 1. The events and rejections are the same however the input is cut into pieces.
/// 2. What is not consumed is the beginning of one record, at most `Limits.maxRecordBytes` long. A longer record is
/// read
///    while it streams by, and what it is made of is passed to the sink as if it were short; where more than
///    ``SourceLimits/maxKeptBytes`` of it would have to be kept, or the format can't read it so, it is rejected
///    (`record-too-long`) with its first ``SourceLimits/rejectedPrefixBytes`` and passed over. Only documents of a format
///    that ``SourceFormat/readsWholeDocuments`` wait for their end.
/// 3. At the end of input everything is consumed. After that only ``resume(from:)`` makes the parser usable again.
/// 4. A stream's parser that resumes from another one's ``checkpoint``, fed from the checkpoint's byte on, goes on as
///    the other one would have.
///
/// ## A parser over a parser
/// What is wrapped around records (Docker's `json-file`, CRI's prefix, `data:` of server-sent events) is a parser that
/// holds another one, `struct CRILinesParser<Inner: SourceParser>`, and leaves the inner one untouched:
/// - It finds its own records, takes off the wrapping (into a buffer of its own, if bytes have to be joined or
///   unescaped) and gives each unwrapped record to the inner parser, `endOfInput: true`, with its own sink.
/// - Before each record it calls `inner.resume(from:)` with the inner parser's checkpoint moved to the position of the
///   outer record, so that rejections name a place in the file, and a CSV header that was read stays known.
/// - Its ``checkpoint`` is the start of the first outer record whose inner record isn't whole yet (partial lines are
///   read again), with the ``ParserCheckpoint/memory`` of the inner parser.
package protocol SourceParser: Sendable {
    /// Reads as many whole records as `bytes` holds and passes each to the sink.
    ///
    /// - Parameters:
    ///   - bytes: what follows the bytes consumed so far.
    ///   - endOfInput: whether the source ends with `bytes`; an unfinished last record is then read as it is.
    ///   - sink: takes the events and rejections, in the order of the source.
    /// - Returns: how many bytes are done with: all of them at the end of input. The rest, at most
    ///   `Limits.maxRecordBytes`, must come again with more behind it.
    mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int

    /// What it takes to go on from here: valid between calls of ``consume(_:endOfInput:into:)``, for
    /// ``SourceFraming/stream``. A document is read again from its start.
    var checkpoint: ParserCheckpoint { get }

    /// Whether each line end ends a record, whatever came before it: bytes that were cut behind one may then be read by
    /// another parser that resumed there, at the same time.
    var endsRecordsAtLineEnds: Bool { get }

    /// Of a record that was refused the fields that are read, so written that the source's parser reads them as it would
    /// read the record: what a quarantine keeps where it may keep no more. A record that breaks the format's grammar is
    /// cut where it does. Empty where the fields can't be told.
    func mappedFields(of record: RawSpan) -> [UInt8]

    /// What a parser must know to read a single record again, as the memory of a checkpoint before it: a CSV header.
    var recordMemory: [UInt8] { get }

    /// Goes to another place: ``ParserCheckpoint/start`` for a new source, or a kept checkpoint of this one.
    mutating func resume(from checkpoint: ParserCheckpoint)

    /// Takes what is known about a document beside its bytes, before the first of them.
    mutating func expect(_ expectation: SourceExpectation)
}

extension SourceParser {
    /// Where the next record starts.
    package var position: RecordPosition { checkpoint.position }

    package var endsRecordsAtLineEnds: Bool { false }

    package var recordMemory: [UInt8] { [] }

    package mutating func expect(_ expectation: SourceExpectation) {}
}

/// What is known about a document beside its bytes.
package struct SourceExpectation: Sendable, Hashable {
    /// Its media type, without parameters and in lower case.
    package var mediaType: String?
    /// The signal of OTLP that it was sent as.
    package var signal: OTLPSignal?

    package init(mediaType: String? = nil, signal: OTLPSignal? = nil) {
        self.mediaType = mediaType
        self.signal = signal
    }
}

/// Whether a source goes on for ever or is one body.
package enum SourceFraming: Sendable, Hashable, CaseIterable {
    /// Records follow one another and more may come, as in a log file.
    case stream
    /// Everything is there: the body of a request. Formats of JSON then take an array or an object on many lines too.
    case document
}

/// Limits of every parser, beside those in `Limits`.
package enum SourceLimits {
    /// How many leading bytes of a record that is too long come with its rejection.
    package static let rejectedPrefixBytes = 4_096
    /// How much may be read of a record above `Limits.maxRecordBytes`, in bytes: names, counts and strings that hold
    /// JSON, with their quotes. What isn't read, such as prompts, has no limit.
    package static let maxKeptBytes = 256 << 10
    /// The most bytes of a CSV field that stand in ``SourceParser/mappedFields(of:)``: longer than any that counts.
    package static let maxKeptFieldBytes = 4_096
}

/// Everything that a parser must know to go on in the middle of a file: what a collector keeps beside the batch that
/// covers the bytes before it.
package struct ParserCheckpoint: Sendable, Hashable {
    /// The line and byte at which the next record starts (or, while a long record is being skipped, its next byte).
    package var position: RecordPosition
    /// Whether the bytes at `position` still belong to a record above `Limits.maxRecordBytes`.
    package var isInsideLongRecord: Bool
    /// What the format needs to know from before `position`, in its own form: for CSV the header row's bytes, once it
    /// has been read; within a long record of JSON what was kept of it; otherwise empty for formats whose records stand
    /// for themselves.
    package var memory: [UInt8]

    /// The start of a source.
    package static let start = ParserCheckpoint()

    package init(
        position: RecordPosition = RecordPosition(line: 1, byteOffset: 0), isInsideLongRecord: Bool = false,
        memory: [UInt8] = []
    ) {
        self.position = position
        self.isInsideLongRecord = isInsideLongRecord
        self.memory = memory
    }

    /// Moves the position on by the bytes from `start` to `end`; returns `end`.
    @inline(__always)
    mutating func advance(to end: Int, from start: Int) -> Int {
        position.byteOffset += UInt64(end - start)
        return end
    }

    /// Passes over a UTF-8 byte order mark at the start of a source.
    ///
    /// - Returns: the index at which records begin, or `nil` while there are too few bytes to tell.
    mutating func passByteOrderMark(_ bytes: RawSpan, endOfInput: Bool) -> Int? {
        guard position.byteOffset == 0 else { return 0 }
        let mark: [3 of UInt8] = [0xEF, 0xBB, 0xBF]
        for index in mark.indices {
            guard index < bytes.byteCount else { return endOfInput ? 0 : (index == 0 ? 0 : nil) }
            if bytes.peek(index) != mark[index] { return 0 }
        }
        return advance(to: mark.count, from: 0)
    }
}
