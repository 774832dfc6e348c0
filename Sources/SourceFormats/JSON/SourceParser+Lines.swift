internal import UsageModel

extension SourceParser {
    /// JSON lines: a record ends at LF or CRLF, the last one perhaps at the end of input.
    mutating func consumeLines(
        _ bytes: RawSpan, _ start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        var index = start
        while index < bytes.byteCount {
            let end = bytes.firstIndex(of: 0x0A, from: index)
            let isWhole = end < bytes.byteCount
            let isLong = end - index > Limits.maxRecordBytes
            guard isWhole || endOfInput || isLong || state.isInsideLongRecord else { break }
            if !state.isInsideLongRecord {
                if isLong {
                    rejectLong(bytes.extracting(index..<end), into: &sink)
                    state.isInsideLongRecord = !isWhole
                } else if !isBlank(bytes, index, end) {
                    let hasCarriageReturn = bytes.peek(end - 1) == 0x0D
                    take(bytes.extracting(index..<(hasCarriageReturn ? end - 1 : end)), into: &sink)
                }
            }
            if isWhole {
                state.isInsideLongRecord = false
                state.position.line += 1
            }
            index = advance(to: isWhole ? end + 1 : end, from: index)
        }
        return index
    }
}
