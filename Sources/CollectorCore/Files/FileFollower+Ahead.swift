internal import BatchFormat
internal import SourceFormats
internal import UsageModel

/// What was read of a file whose events have ids, and how the file stands once that is counted.
struct UncountedChunk {
    /// What reading goes on with.
    enum Rest {
        case growth(FileFollower.Growth)
        case lastLine
        case output(FileFollower.Output)
    }

    var parser: any SourceParser
    var checkpoint: FileCheckpoint
    var consumed: Int
    /// Whether the parser was told of the end of its input.
    var isEnded: Bool
    var rest: Rest
    /// For the metrics.
    var events: UInt64
    var rejected: UInt64
    var duplicates: UInt64
    var ignored: IgnoredRecords
}

/// Files of sources whose events have ids. What is read of them is counted by write-ahead records, each of which says
/// how far the file was read: so ids, sums and checkpoint become durable in one, and nobody reads anew what is
/// remembered, or remembers what has to be read anew.
///
/// Whether a source has ids shows when the first one comes. What was counted of it before is sealed first; a source
/// without ids goes on as it does, without a record for each chunk.
extension FileFollower {
    /// The most bytes of such a source that are read at a time, unless a record is longer: what they make of rows, ids
    /// and refused records fits into one write-ahead record.
    static let aheadChunkBytes = AccumulatorLimits.chunkBytes
    /// The fewest bytes that a chunk is cut to because of what is kept of refused records.
    private static let minAheadChunkBytes = 1_024

    func hasIDs(_ source: FollowedSource) -> Bool { sourcesWithIDs.contains(source.name) }

    /// How much of a file is read at a time.
    func chunkBytes(of file: FollowedFile) -> Int {
        guard hasIDs(file.source), file.chunkBytes == chunkBytes else { return file.chunkBytes }
        return min(chunkBytes, Self.aheadChunkBytes)
    }

    /// A source's events have ids: from here on they are counted ahead.
    mutating func beginAhead(_ source: FollowedSource) -> Turn {
        sourcesWithIDs.insert(source.name)
        return .sealsAll
    }

    /// Reads a chunk in the buffer and has it counted by a write-ahead record.
    ///
    /// - Parameters:
    ///   - count: bytes in the buffer.
    ///   - endOfInput: whether they end the file, or are taken as if.
    ///   - mayEnd: whether a last record without end is taken where it is a whole one.
    mutating func countAhead(
        _ file: inout FollowedFile, _ count: Int, endOfInput: Bool, mayEnd: Bool, then rest: UncountedChunk.Rest
    ) -> Turn {
        guard accumulator.isSealed(file.source.name) else { return .sealsAll }
        var reading = readAhead(file, count, endOfInput: endOfInput)
        // Refused records are kept in full, which may be more than the chunk itself.
        var cut = count
        while reading.sink.isOver, cut > Self.minAheadChunkBytes {
            let shorter = readAhead(file, cut / 2, endOfInput: false)
            if shorter.consumed == 0 { break }
            (reading, cut) = (shorter, cut / 2)
        }
        if cut < count { return hold(reading, of: &file, count, then: rest.cut(count: count)) }
        if mayEnd, isWholeRecord(reading.consumed..<count, behind: reading.parser) {
            reading.read(buffer, reading.consumed..<count, endOfInput: true)
        }
        return hold(reading, of: &file, count, then: rest)
    }

    private func readAhead(_ file: FollowedFile, _ count: Int, endOfInput: Bool) -> AheadReading {
        let buckets = AcceptedBuckets(context: context(of: file), remembered: knownIDs)
        var reading = AheadReading(parser: file.parser, sink: AheadSink(events: buckets))
        reading.read(buffer, 0..<count, endOfInput: endOfInput)
        return reading
    }

    /// Keeps what was read until it is counted, or goes on at once where there is nothing to count.
    private mutating func hold(
        _ whole: AheadReading, of file: inout FollowedFile, _ count: Int, then rest: UncountedChunk.Rest
    ) -> Turn {
        var reading = whole
        reading.sink.shorten()
        var checkpoint = file.checkpoint
        advance(&checkpoint, to: reading.parser.checkpoint, count: count, from: file.checkpoint.offset)
        let isOutput = if case .output = rest { true } else { false }
        if case .output(let output) = rest { checkpoint.isFinished = output.isLast }
        let events = reading.sink.events
        let uncounted = UncountedChunk(
            parser: reading.parser, checkpoint: checkpoint, consumed: reading.consumed, isEnded: reading.isEnded,
            rest: rest, events: events.eventCount, rejected: events.rejectedCount, duplicates: events.duplicates,
            ignored: events.ignored)
        // Duplicates are read again where no record says how far: when their ids are forgotten, they would count.
        if events.isEmpty, events.duplicates == 0, !isOutput {
            if reading.consumed > 0 { accumulator.setCheckpoint(checkpoint, for: file.id) }
            return goOn(&file, uncounted)
        }
        file.uncounted = uncounted
        return .commits(
            FileChunk(
                file: file.id, checkpoint: checkpoint, accepted: events.accepted, refused: reading.sink.refused,
                repairs: events.repairs))
    }

    /// Takes what came of a chunk that ``readChunk(of:)`` gave out.
    package mutating func finishChunk(of id: FileID, _ outcome: FileChunkOutcome) -> Turn {
        guard var file = followed.removeValue(forKey: id) else { return .waits }
        defer { followed[id] = file }
        guard let uncounted = file.uncounted.take() else { return .waits }
        let turn: Turn =
            switch outcome {
            case .counted: goOn(&file, uncounted)
            case .repeated: .read
            case .full: .full
            case .closed: .waits
            }
        releaseHandle(&file, after: turn)
        return turn
    }

    /// A chunk is counted: the file stands behind it.
    private mutating func goOn(_ file: inout FollowedFile, _ chunk: UncountedChunk) -> Turn {
        (file.parser, file.checkpoint) = (chunk.parser, chunk.checkpoint)
        report(
            .parsed(
                source: file.source.name, events: chunk.events, rejected: chunk.rejected, ignored: chunk.ignored,
                duplicates: chunk.duplicates, byteCount: chunk.consumed))
        switch chunk.rest {
        case .growth(let growth):
            if chunk.isEnded { restartParser(&file) }
            return noteGrowth(&file, growth, consumed: chunk.consumed)
        case .lastLine: return noteLastLine(&file)
        case .output(let output):
            guard var stream = file.stream.take() else { return .waits }
            let turn = noteOutput(&stream, of: &file, output, consumed: chunk.consumed)
            file.stream = file.isDone ? nil : stream
            return turn
        }
    }
}

extension UncountedChunk.Rest {
    /// What follows where only a part of the bytes was read.
    fileprivate func cut(count: Int) -> Self {
        switch self {
        case .growth, .lastLine:
            .growth(FileFollower.Growth(count: count, isCut: true, isAtEnd: false, isSettled: false))
        case .output(let output): .output(FileFollower.Output(count: output.count, isLast: false))
        }
    }
}

/// A reading of a chunk of which nothing is counted yet.
private struct AheadReading {
    var parser: any SourceParser
    var sink: AheadSink
    /// Bytes that the parser is done with.
    var consumed = 0
    /// Whether the parser was told of the end of its input.
    var isEnded = false

    mutating func read(_ buffer: ChunkBuffer, _ range: Range<Int>, endOfInput: Bool) {
        let used = buffer.withSpan(range) { parser.consume($0, endOfInput: endOfInput, into: &sink) }
        consumed += used
        sink.settle(by: parser)
        isEnded = endOfInput
    }
}

/// What a chunk is read into, with the records that were refused.
private struct AheadSink: UsageEventSink {
    /// What a refused record takes in a write-ahead record beside its bytes and texts, at most about.
    private static let bytesPerRefusedRecord = 512

    var events: AcceptedBuckets
    private(set) var refused: [QuarantineEntry] = []
    private var settledCount = 0
    /// What the refused records take in a write-ahead record, at most about.
    private var refusedBytes = 0
    /// Whether more was refused than is kept for one write-ahead record. What is beyond it counts as refused all the
    /// same: one line may be refused in a great many pieces.
    private(set) var isOver = false

    init(events: AcceptedBuckets) { self.events = events }

    /// Bytes are written as Base64.
    private static func size(_ entry: QuarantineEntry) -> Int {
        2 * (entry.estimatedBytes + entry.memory.count) + bytesPerRefusedRecord
    }

    /// Keeps no more refused records than a write-ahead record has room for.
    mutating func shorten() {
        while refusedBytes > AcceptedRows.maxRefusedBytes, let last = refused.popLast() {
            refusedBytes -= Self.size(last)
            isOver = true
        }
        settledCount = min(settledCount, refused.count)
    }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        try events.accept(event, record: record, scratch: scratch)
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        events.reject(rejection, record: record, position: position)
        guard refusedBytes <= AcceptedRows.maxRefusedBytes else { return isOver = true }
        let entry = events.context.quarantined(rejection, record: record, position: position)
        refusedBytes += Self.size(entry)
        refused.append(entry)
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        events.ignore(reason, record: record, position: position)
    }

    mutating func advance(_ total: RunningTotal) -> TotalAdvance { events.advance(total) }

    /// Leaves of refused records what the rule allows.
    mutating func settle(by parser: borrowing any SourceParser) {
        for index in settledCount..<refused.count {
            refusedBytes -= Self.size(refused[index])
            refused[index].settle(events.context.keeping, by: parser)
            refusedBytes += Self.size(refused[index])
        }
        settledCount = refused.count
        if refusedBytes > AcceptedRows.maxRefusedBytes { isOver = true }
    }
}
