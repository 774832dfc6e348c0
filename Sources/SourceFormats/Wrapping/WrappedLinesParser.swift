package import UsageModel

/// Takes wrappings off lines, joins what they cut, and gives each record to another parser.
///
/// ## Places and checkpoints
/// Lines of two streams (`stdout` and `stderr`) may lie between each other, so that a record that was cut on one has
/// whole records of the other among its lines. What is read at a time is therefore a *region*: the lines from a place at
/// which no record is open to the next such place. Its records are passed on when it is whole; until then none of it is
/// consumed, and it is read again with more behind it. So a checkpoint is a place in the file and nothing else, but for
/// the streams whose current record was refused for its length and is being passed over.
package struct WrappedLinesParser: SourceParser {
    private let steps: [Wrapping]
    private var inner: any SourceParser
    private var innerMemory: [UInt8] = []
    private var state = ParserCheckpoint.start
    /// By stream, a bit: the rest of its current record is passed over.
    private var passedStreams: UInt8 = 0
    private var region: WrappedRegion
    package let endsRecordsAtLineEnds: Bool

    init(_ steps: [Wrapping], inner: any SourceParser, endsRecordsAtLineEnds: Bool) {
        self.steps = steps
        self.inner = inner
        self.endsRecordsAtLineEnds = endsRecordsAtLineEnds
        region = WrappedRegion(stepCount: steps.count)
    }

    package var checkpoint: ParserCheckpoint {
        var checkpoint = state
        if passedStreams != 0 || !innerMemory.isEmpty { checkpoint.memory = [passedStreams] + innerMemory }
        return checkpoint
    }

    package func mappedFields(of record: RawSpan) -> [UInt8] { inner.mappedFields(of: record) }

    package var recordMemory: [UInt8] {
        let memory = inner.recordMemory
        return memory.isEmpty ? [] : [0] + memory
    }

    package mutating func resume(from checkpoint: ParserCheckpoint) {
        state = checkpoint
        state.memory = []
        passedStreams = checkpoint.memory.first ?? 0
        innerMemory = Array(checkpoint.memory.dropFirst())
        region.clear()
    }

    package mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard var start = state.passByteOrderMark(bytes, endOfInput: endOfInput) else { return 0 }
        var index = start
        region.clear()
        while index < bytes.byteCount {
            let end = bytes.firstIndex(of: 0x0A, from: index)
            let isWhole = end < bytes.byteCount
            if state.isInsideLongRecord {
                index = isWhole ? end + 1 : end
                state.isInsideLongRecord = !isWhole
                start = pass(to: index, from: start, lines: isWhole ? 1 : 0)
                continue
            }
            if end - start > Limits.maxRecordBytes {
                index = refuseLong(bytes, from: start, line: index, end: end, isWhole: isWhole, into: &sink)
                start = index
                continue
            }
            guard isWhole || endOfInput else { break }
            take(bytes, line: index..<end, from: start, into: &sink)
            index = isWhole ? end + 1 : end
            region.lines += 1
            region.settle()
            if !region.isOpen { start = pass(to: index, from: start, lines: region.lines - (isWhole ? 0 : 1)) }
        }
        guard endOfInput else { return start }
        flush(into: &sink)
        return pass(to: bytes.byteCount, from: start, lines: region.lines)
    }

    /// Goes on behind a region; returns `end`.
    private mutating func pass(to end: Int, from start: Int, lines: UInt64) -> Int {
        state.position.line += lines
        region.clear()
        return state.advance(to: end, from: start)
    }

    /// Refuses a line that is too long, or the open records of a region that is. Returns where to go on.
    private mutating func refuseLong(
        _ bytes: RawSpan, from start: Int, line: Int, end: Int, isWhole: Bool,
        into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard start < line else {
            sink.rejectLong(
                bytes.extracting(line..<end), because: "its wrapping is taken off in memory", position: state.position)
            state.isInsideLongRecord = !isWhole
            return pass(to: isWhole ? end + 1 : end, from: start, lines: isWhole ? 1 : 0)
        }
        deliverWaiting(into: &sink)
        for stream in region.streams.indices where region.isOpen(stream) {
            sink.rejectLong(
                bytes.extracting(start..<line), because: "its wrapping is taken off in memory",
                position: place(of: stream))
            passedStreams |= 1 << UInt8(stream)
        }
        return pass(to: line, from: start, lines: region.lines)
    }

    // MARK: Records

    private mutating func take(
        _ bytes: RawSpan, line: Range<Int>, from start: Int, into sink: inout some UsageEventSink & ~Copyable
    ) {
        let hasCarriageReturn = !line.isEmpty && bytes.peek(line.upperBound - 1) == 0x0D
        let text = bytes.extracting(line.lowerBound..<line.upperBound - (hasCarriageReturn ? 1 : 0))
        region.lineOffset = UInt64(line.lowerBound - start)
        unwrap(text, step: 0, stream: 0, into: &sink)
    }

    /// Takes off the wrapping of one step and goes on to the next, as far as a record or a part of one is there.
    private mutating func unwrap(
        _ text: RawSpan, step: Int, stream: Int, into sink: inout some UsageEventSink & ~Copyable
    ) {
        guard step < steps.count else { return finish(text, stream: stream, into: &sink) }
        switch steps[step] {
        case .ansi: copied(text, step, stream, into: &sink) { LineText.withoutColours($0, into: &$1) }
        case .nginx: copied(text, step, stream, into: &sink) { LineText.withoutNginxEscapes($0, into: &$1) }
        case .prefix:
            let brace = LineText.objectStart(text)
            if brace < text.byteCount {
                unwrap(text.extracting(brace..<text.byteCount), step: step + 1, stream: stream, into: &sink)
            } else if !text.isBlank(from: 0, to: text.byteCount) {
                keepOrder(text, stream: stream, isIgnored: true, into: &sink)
            }
        case .cri:
            guard let line = CRILine(text) else {
                return unwrap(text, step: step + 1, stream: stream, into: &sink)
            }
            let content = text.extracting(line.content..<text.byteCount)
            part(content, isLast: line.isLast, step, line.isErrorStream ? 1 : 0, into: &sink)
        case .docker: unwrapDocker(text, step, stream, into: &sink)
        case .sse: unwrapEvent(text, step, stream, into: &sink)
        case .objects: preconditionFailure("objects are found by a parser of their own")
        }
    }

    /// Goes on with a line that was written anew, or with the line itself where there was nothing to take off.
    private mutating func copied(
        _ text: RawSpan, _ step: Int, _ stream: Int, into sink: inout some UsageEventSink & ~Copyable,
        _ rewrite: (RawSpan, inout [UInt8]) -> Bool
    ) {
        var copy = region.takeSpare(step)
        if rewrite(text, &copy) {
            unsafe unwrap(copy.span.bytes, step: step + 1, stream: stream, into: &sink)
        } else {
            unwrap(text, step: step + 1, stream: stream, into: &sink)
        }
        region.giveBack(copy, step)
    }

    /// A line, or a part of one that its writer cut.
    private mutating func part(
        _ content: RawSpan, isLast: Bool, _ step: Int, _ stream: Int,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        if passedStreams >> UInt8(stream) & 1 != 0 {
            if isLast { passedStreams &= ~(1 << UInt8(stream)) }
            return
        }
        if isLast, !region.isOpen(stream, step) {
            return unwrap(content, step: step + 1, stream: stream, into: &sink)
        }
        region.append(content, stream, step)
        if isLast { close(stream, step, into: &sink) }
    }

    /// Gives what was joined to the next step.
    private mutating func close(_ stream: Int, _ step: Int, into sink: inout some UsageEventSink & ~Copyable) {
        let joined = region.close(stream, step)
        unsafe unwrap(joined.span.bytes, step: step + 1, stream: stream, into: &sink)
    }

    private mutating func unwrapDocker(
        _ text: RawSpan, _ step: Int, _ stream: Int, into sink: inout some UsageEventSink & ~Copyable
    ) {
        var log = region.takeSpare(step)
        defer { region.giveBack(log, step) }
        guard let line = DockerLine(text), LineText.spell(text, line.log, into: &log) else {
            return unwrap(text, step: step + 1, stream: stream, into: &sink)
        }
        let isLast = log.last == 0x0A
        if isLast { log.removeLast() }
        unsafe part(log.span.bytes, isLast: isLast, step, line.isErrorStream ? 1 : 0, into: &sink)
    }

    private mutating func unwrapEvent(
        _ text: RawSpan, _ step: Int, _ stream: Int, into sink: inout some UsageEventSink & ~Copyable
    ) {
        switch EventLine(text) {
        case .end:
            if region.isOpen(stream, step) { close(stream, step, into: &sink) }
        case .ignored: break
        case .data(let start):
            let data = text.extracting(start..<text.byteCount)
            if !region.isOpen(stream, step) {
                // Most events are whole in one line, and streams are logged without the empty lines between them.
                var brackets = BracketScan()
                brackets.add(data)
                if brackets.isClosed { return unwrap(data, step: step + 1, stream: stream, into: &sink) }
            }
            region.append(line: data, stream, step)
            if region.isBalanced(stream) { close(stream, step, into: &sink) }
        case .other:
            if region.isOpen(stream, step) { close(stream, step, into: &sink) }
            region.settle()
            unwrap(text, step: step + 1, stream: stream, into: &sink)
        }
    }

    /// Passes a record on, or keeps it while a record that began before it is open.
    private mutating func finish(_ text: RawSpan, stream: Int, into sink: inout some UsageEventSink & ~Copyable) {
        if text.isBlank(from: 0, to: text.byteCount) { return }
        keepOrder(text, stream: stream, isIgnored: false, into: &sink)
    }

    private mutating func keepOrder(
        _ text: RawSpan, stream: Int, isIgnored: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) {
        if region.isOpen {
            return region.wait(text, stream: stream, isIgnored: isIgnored)
        }
        deliverWaiting(into: &sink)
        deliver(text, at: place(of: stream), isIgnored: isIgnored, into: &sink)
    }

    private mutating func deliverWaiting(into sink: inout some UsageEventSink & ~Copyable) {
        for record in region.takeWaiting() {
            let position = position(record.place)
            unsafe deliver(record.bytes.span.bytes, at: position, isIgnored: record.isIgnored, into: &sink)
        }
    }

    private mutating func deliver(
        _ record: RawSpan, at position: RecordPosition, isIgnored: Bool,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        if isIgnored { return sink.ignore(.filtered, record: record, position: position) }
        inner.resume(from: ParserCheckpoint(position: position, memory: innerMemory))
        _ = inner.consume(record, endOfInput: true, into: &sink)
        innerMemory = inner.checkpoint.memory
    }

    /// The last records of an input that ends in the middle of them.
    private mutating func flush(into sink: inout some UsageEventSink & ~Copyable) {
        for stream in region.streams.indices {
            for step in steps.indices where region.isOpen(stream, step) { close(stream, step, into: &sink) }
            region.settle()
        }
        deliverWaiting(into: &sink)
    }

    /// Where the current record of a stream begins.
    private func place(of stream: Int) -> RecordPosition { position(region.place(of: stream)) }

    private func position(_ place: WrappedRegion.Place) -> RecordPosition {
        RecordPosition(
            line: state.position.line + place.line, byteOffset: state.position.byteOffset + place.offset)
    }
}
