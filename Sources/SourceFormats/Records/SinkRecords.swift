internal import UsageModel

extension EventAssembler {
    /// Makes an event of what a record holds and offers it to the sink, which may still refuse it; or has the record
    /// ignored, or rejected.
    ///
    /// - Parameter record: the record as it stands in the source, for the sink.
    @inline(__always)
    mutating func take(
        _ values: borrowing RecordValues, record: RawSpan, position: RecordPosition,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        if plan.readsText {
            unsafe take(values, of: values.copied.span.bytes, record: record, position: position, into: &sink)
        } else {
            take(values, of: record, record: record, position: position, into: &sink)
        }
    }

    /// - Parameter bytes: what the values are places in: the record, or what was copied out of it.
    @inline(__always)
    private mutating func take(
        _ values: borrowing RecordValues, of bytes: RawSpan, record: RawSpan, position: RecordPosition,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        if !plan.filter.isEmpty, plan.filter.leavesOut(bytes, values, spelled: &filterRoom) {
            return sink.ignore(.filtered, record: record, position: position)
        }
        do throws(Fault) {
            let event = try event(bytes, values)
            if event.counts.input | event.counts.output == 0, !plan.rules.countsNoUsage {
                return sink.ignore(.noUsage, record: record, position: position)
            }
            do throws(Rejection) {
                try unsafe sink.accept(event, record: bytes, scratch: scratch.span.bytes)
            } catch {
                sink.reject(error, record: record, position: position)
            }
        } catch {
            // A call that failed may lack more than its usage, such as the model that would have served it.
            if !plan.rules.countsNoUsage, isWithoutUsage(bytes, values) {
                return sink.ignore(.noUsage, record: record, position: position)
            }
            reject(error, record: record, position: position, into: &sink)
        }
    }

    /// Whether the record says that no token was used.
    private func isWithoutUsage(_ bytes: RawSpan, _ values: borrowing RecordValues) -> Bool {
        var event = UsageEvent()
        guard (try? unusualCounts(bytes, values, into: &event)) != nil else { return false }
        return event.counts.input | event.counts.output == 0
    }

    /// Rejects a record, with the fault in words.
    func reject(
        _ fault: Fault, record: RawSpan, position: RecordPosition, into sink: inout some UsageEventSink & ~Copyable
    ) {
        sink.reject(fault.rejection(record, plan), record: record, position: position)
    }
}

extension UsageEventSink where Self: ~Copyable {
    /// Rejects a record above the length that is read in one piece, with its leading bytes.
    ///
    /// - Parameter why: a sentence fragment.
    mutating func rejectLong(_ record: RawSpan, because why: String, position: RecordPosition) {
        let prefix = record.extracting(0..<min(record.byteCount, SourceLimits.rejectedPrefixBytes))
        let detail = "the record is longer than \(Limits.maxRecordBytes) bytes and can't be read as it goes by: \(why)"
        reject(Rejection(.recordTooLong, detail: detail), record: prefix, position: position)
    }
}
