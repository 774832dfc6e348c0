internal import SourceFormats
internal import UsageModel

/// Finds where the first event of a file ends: what is told from another file by it holds whatever headers, banners and
/// broken lines stand before.
enum FirstEventProbe {
    /// The most leading bytes that are looked through.
    static let maxBytes = 64 << 10

    /// Takes note of an event and counts nothing.
    private struct Sink: UsageEventSink {
        var hasEvent = false
        var hasRejection = false
        var hasID = false

        mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
            hasEvent = true
            if event.id.count > 0 { hasID = true }
        }

        mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
            hasRejection = true
        }

        mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {}
    }

    /// Whether any of the events in bytes that follow what a parser has read has an id.
    static func hasID(_ bytes: RawSpan, endOfInput: Bool, behind parser: any SourceParser) -> Bool {
        var parser = parser
        var sink = Sink()
        _ = parser.consume(bytes, endOfInput: endOfInput, into: &sink)
        return sink.hasID
    }

    /// Whether the bytes that follow what a parser has read, to the end of its input, are events and nothing else.
    static func isEvent(_ bytes: RawSpan, behind parser: any SourceParser) -> Bool {
        var parser = parser
        var sink = Sink()
        _ = parser.consume(bytes, endOfInput: true, into: &sink)
        return sink.hasEvent && !sink.hasRejection
    }

    /// How many of the bytes hold the first event and all that stands before it; `nil` where there is none.
    ///
    /// - Parameters:
    ///   - unused: a parser of the source that has read nothing.
    ///   - endOfInput: whether the file's last record ends with the bytes.
    static func end(of bytes: [UInt8], by unused: any SourceParser, endOfInput: Bool) -> Int? {
        var parser = unused
        parser.resume(from: .start)
        var sink = Sink()
        var start = 0
        var end = 0
        while end < bytes.count {
            // Line by line, so that not more than one record is taken in by formats of lines.
            end = bytes[end...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            let isEnd = endOfInput && end == bytes.count
            start += unsafe parser.consume(bytes.span.bytes.extracting(start..<end), endOfInput: isEnd, into: &sink)
            if sink.hasEvent { return start }
        }
        return nil
    }
}
