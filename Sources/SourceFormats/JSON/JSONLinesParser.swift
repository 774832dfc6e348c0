package import UsageModel

/// JSON lines: one object a line, LF or CRLF; blank lines are passed over, and the last line may lack its end.
package struct JSONLinesParser: SourceParser {
    /// Where the next line starts. `JSONDocumentParser`, which may turn out to hold lines, moves it as well.
    var state = ParserCheckpoint.start
    private var assembler: EventAssembler
    private var walk: JSONWalk

    init(plan: FieldPlan, defaults: EventDefaults) throws(SourceFormatError) {
        assembler = try EventAssembler(plan: plan, defaults: defaults)
        walk = JSONWalk(plan)
    }

    package var checkpoint: ParserCheckpoint { state }

    package var endsRecordsAtLineEnds: Bool { true }

    package mutating func resume(from checkpoint: ParserCheckpoint) {
        state = checkpoint
    }

    package mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard let start = state.passByteOrderMark(bytes, endOfInput: endOfInput) else { return 0 }
        return consumeLines(bytes, from: start, endOfInput: endOfInput, into: &sink)
    }

    mutating func consumeLines(
        _ bytes: RawSpan, from start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        var index = start
        while index < bytes.byteCount {
            if bytes.peek(index) == 0, !state.isInsideLongRecord {
                index = state.advance(to: bytes.endOfZeros(from: index), from: index)
                continue
            }
            let end = bytes.firstIndex(of: 0x0A, from: index)
            let isWhole = end < bytes.byteCount
            // A line that is too long is refused as soon as that shows, before its end has come, so that no caller has
            // to hold more than a record's worth of bytes.
            let isLong = end - index > Limits.maxRecordBytes
            guard isWhole || endOfInput || isLong || state.isInsideLongRecord else { break }
            if !state.isInsideLongRecord {
                if isLong, let zero = bytes.firstZero(from: index, to: index + Limits.maxRecordBytes) {
                    // A record without its end, and zeros where the next one hadn't been written yet.
                    take(bytes.extracting(index..<zero), into: &sink)
                    index = state.advance(to: zero, from: index)
                    continue
                } else if isLong {
                    sink.rejectLong(bytes.extracting(index..<end), position: state.position)
                    state.isInsideLongRecord = !isWhole
                } else if !bytes.isBlank(from: index, to: end) {
                    // The line isn't blank, so it has a last byte.
                    let hasCarriageReturn = bytes.peek(end - 1) == 0x0D
                    takeLine(bytes.extracting(index..<(hasCarriageReturn ? end - 1 : end)), into: &sink)
                }
            }
            if isWhole {
                state.isInsideLongRecord = false
                state.position.line += 1
            }
            index = state.advance(to: isWhole ? end + 1 : end, from: index)
        }
        return index
    }

    /// Reads the line at the current position and passes its record on.
    @inline(__always)
    private mutating func takeLine(_ line: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        do throws(Fault) {
            let event = try read(line)
            assembler.pass(event, record: line, position: state.position, into: &sink)
        } catch {
            takeBroken(line, error, into: &sink)
        }
    }

    /// Rejects a line that is no record, or what is broken of it, and reads the records behind that.
    private mutating func takeBroken(
        _ line: RawSpan, _ fault: Fault, into sink: inout some UsageEventSink & ~Copyable
    ) {
        guard let start = BrokenLine.objectsStart(line) else { return reject(fault, line, into: &sink) }
        let lineStart = state.position.byteOffset
        // Where the fault lies may be behind what is broken.
        reject(Fault(.unexpectedEnd, at: start), line.extracting(0..<start), into: &sink)
        var index = start
        while index < line.byteCount, let end = BrokenLine.objectEnd(line, index) {
            state.position.byteOffset = lineStart + UInt64(index)
            take(line.extracting(index..<end), into: &sink)
            index = BrokenLine.skipEmpty(line, from: end)
        }
        state.position.byteOffset = lineStart
    }

    /// Reads the record at the current position and passes it on.
    @inline(__always)
    mutating func take(_ record: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        do throws(Fault) {
            let event = try read(record)
            assembler.pass(event, record: record, position: state.position, into: &sink)
        } catch {
            reject(error, record, into: &sink)
        }
    }

    /// Rejects the record at the current position.
    func reject(_ fault: Fault, _ record: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        assembler.reject(fault, record: record, position: state.position, into: &sink)
    }

    private mutating func read(_ record: RawSpan) throws(Fault) -> UsageEvent {
        try walk.read(record, assembler.plan)
        return try assembler.event(record, walk.values)
    }
}
