package import UsageModel

/// JSON lines: one object a line, LF or CRLF; blank lines are passed over, and the last line may lack its end.
package struct JSONLinesParser: SourceParser {
    /// Where the next line starts. `JSONDocumentParser`, which may turn out to hold lines, moves it as well.
    var state = ParserCheckpoint.start
    private var assembler: EventAssembler
    private var walk: JSONWalk
    /// The long record that is going by; `nil` where none is, or one that was refused.
    private var condenser: JSONCondenser?

    init(plan: FieldPlan, defaults: EventDefaults) throws(SourceFormatError) {
        assembler = try EventAssembler(plan: plan, defaults: defaults)
        walk = JSONWalk(plan)
    }

    package var checkpoint: ParserCheckpoint {
        guard state.isInsideLongRecord, let condenser else { return state }
        var checkpoint = state
        checkpoint.memory = condenser.encoded(assembler.plan)
        return checkpoint
    }

    package var endsRecordsAtLineEnds: Bool { true }

    package func mappedFields(of record: RawSpan) -> [UInt8] {
        var condenser = JSONCondenser(startOffset: 0)
        // What breaks JSON's grammar stays open, so that nobody takes a part for the whole.
        do throws(Fault) { try condenser.consume(record, assembler.plan) } catch {}
        return condenser.takeKept()
    }

    package mutating func resume(from checkpoint: ParserCheckpoint) {
        state = checkpoint
        state.memory = []
        condenser =
            checkpoint.isInsideLongRecord ? JSONCondenser(encoded: checkpoint.memory, assembler.plan) : nil
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
            // A line that is too long is read as it comes as soon as that shows, so that no caller has to hold more
            // than a record's worth of bytes.
            let isLong = end - index > Limits.maxRecordBytes
            guard isWhole || endOfInput || isLong || state.isInsideLongRecord else { break }
            if let zero = isLong && !state.isInsideLongRecord
                ? bytes.firstZero(from: index, to: index + Limits.maxRecordBytes) : nil
            {
                // A record without its end, and zeros where the next one hadn't been written yet.
                take(bytes.extracting(index..<zero), into: &sink)
                index = state.advance(to: zero, from: index)
                continue
            }
            if isLong || state.isInsideLongRecord {
                if !state.isInsideLongRecord { beginLong() }
                takeLong(bytes.extracting(index..<end), isLast: isWhole || endOfInput, into: &sink)
            } else if !bytes.isBlank(from: index, to: end) {
                // The line isn't blank, so it has a last byte.
                let hasCarriageReturn = bytes.peek(end - 1) == 0x0D
                takeLine(bytes.extracting(index..<(hasCarriageReturn ? end - 1 : end)), into: &sink)
            }
            if isWhole { state.position.line += 1 }
            index = state.advance(to: isWhole ? end + 1 : end, from: index)
        }
        return index
    }

    /// Reads the line at the current position and passes its record on.
    @inline(__always)
    private mutating func takeLine(_ line: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        do throws(Fault) {
            try walk.read(line, assembler.plan)
        } catch {
            return takeBroken(line, error, into: &sink)
        }
        assembler.take(walk.values, record: line, position: state.position, into: &sink)
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
        take(record, position: state.position, into: &sink)
    }

    @inline(__always)
    private mutating func take(
        _ record: RawSpan, position: RecordPosition, into sink: inout some UsageEventSink & ~Copyable
    ) {
        do throws(Fault) {
            try walk.read(record, assembler.plan)
        } catch {
            return assembler.reject(error, record: record, position: position, into: &sink)
        }
        assembler.take(walk.values, record: record, position: position, into: &sink)
    }

    /// Rejects the record at the current position.
    func reject(_ fault: Fault, _ record: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        assembler.reject(fault, record: record, position: state.position, into: &sink)
    }
}

// MARK: Long records

extension JSONLinesParser {
    /// Begins with a long record at the current position.
    mutating func beginLong() {
        state.isInsideLongRecord = true
        condenser = JSONCondenser(startOffset: state.position.byteOffset)
    }

    /// Takes the next bytes of a long record, which begin at the current position.
    ///
    /// - Parameter isLast: whether the record ends with them.
    mutating func takeLong(_ bytes: RawSpan, isLast: Bool, into sink: inout some UsageEventSink & ~Copyable) {
        if isLast { state.isInsideLongRecord = false }
        guard var record = condenser.take() else { return }
        let position = RecordPosition(line: state.position.line, byteOffset: record.startOffset)
        do throws(Fault) {
            try record.consume(bytes, assembler.plan)
            if isLast { try record.finish() }
        } catch {
            // Refused once, with its first bytes; the rest is passed over.
            let words = error.rejection(bytes, assembler.plan).detail
            return unsafe sink.rejectLong(record.head.span.bytes, because: words, position: position)
        }
        guard isLast else {
            condenser = record
            return
        }
        if record.isBlank { return }
        let kept = record.takeKept()
        unsafe take(kept.span.bytes, position: position, into: &sink)
    }
}
