internal import UsageModel

extension EventAssembler {
    /// Offers an event to the sink, which may still refuse it.
    @inline(__always)
    func pass(
        _ event: UsageEvent, record: RawSpan, position: RecordPosition,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        do throws(Rejection) {
            try unsafe sink.accept(event, record: record, scratch: scratch.span.bytes)
        } catch {
            sink.reject(error, record: record, position: position)
        }
    }

    /// Rejects a record, with the fault in words.
    func reject(
        _ fault: Fault, record: RawSpan, position: RecordPosition, into sink: inout some UsageEventSink & ~Copyable
    ) {
        sink.reject(fault.rejection(record, plan), record: record, position: position)
    }
}

extension UsageEventSink where Self: ~Copyable {
    /// Rejects a record for its length, with its leading bytes.
    mutating func rejectLong(_ record: RawSpan, position: RecordPosition) {
        let prefix = record.extracting(0..<min(record.byteCount, SourceLimits.rejectedPrefixBytes))
        let detail = "a record may have \(Limits.maxRecordBytes) bytes; it was skipped, and its first bytes were kept"
        reject(Rejection(.recordTooLong, detail: detail), record: prefix, position: position)
    }
}
