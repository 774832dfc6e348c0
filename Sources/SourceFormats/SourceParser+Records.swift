internal import UsageModel

extension SourceParser {
    /// Reads one JSON record and passes it on.
    @inline(__always)
    mutating func take(_ record: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        do throws(Fault) {
            let event = try jsonEvent(record)
            pass(event, record, into: &sink)
        } catch {
            sink.reject(rejection(error, record), record: record, position: state.position)
        }
    }

    private mutating func jsonEvent(_ record: RawSpan) throws(Fault) -> UsageEvent {
        try walk.read(record, assembler.plan)
        return try assembler.event(record, walk.values)
    }

    /// Offers an event to the sink, which may still refuse it.
    @inline(__always)
    func pass(_ event: UsageEvent, _ record: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        do throws(Rejection) {
            try unsafe sink.accept(event, record: record, scratch: assembler.scratch.span.bytes)
        } catch {
            sink.reject(error, record: record, position: state.position)
        }
    }

    /// Rejects a record for its length, with its leading bytes.
    func rejectLong(_ record: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        let prefix = record.extracting(0..<min(record.byteCount, SourceParser.longRecordPrefixBytes))
        let detail = "a record may have \(Limits.maxRecordBytes) bytes; it was skipped, and its first bytes were kept"
        sink.reject(Rejection(.recordTooLong, detail: detail), record: prefix, position: state.position)
    }

    /// The fault in words.
    func rejection(_ fault: Fault, _ record: RawSpan) -> Rejection {
        fault.rejection(record, assembler.plan)
    }

    /// Whether there is nothing but white space from `start` to `end`.
    @inline(__always)
    func isBlank(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        if start < end, bytes.peek(start) > 0x20 { return false }
        for index in start..<end {
            switch bytes.peek(index) {
            case 0x20, 0x09, 0x0D: continue
            default: return false
            }
        }
        return true
    }
}
