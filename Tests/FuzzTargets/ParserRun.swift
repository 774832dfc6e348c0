internal import SourceFormats
internal import UsageModel

/// What a parser made of an input.
struct ParserRun: UsageEventSink, Equatable {
    private struct Event: Equatable {
        var minute: Int64
        var names: [[UInt8]]
        var counts: TokenCounts
    }

    private var events: [Event] = []
    private var reasons: [RejectionReason] = []
    private var positions: [RecordPosition] = []
    private var ignored: [IgnoredReason] = []

    /// Feeds `bytes` to a parser, `chunk` at a time, as a caller does that keeps what isn't consumed yet.
    static func parse(_ bytes: [UInt8], with parser: any SourceParser, chunk: Int) -> ParserRun {
        var parser = parser
        var run = ParserRun()
        var pending: [UInt8] = []
        var index = 0
        repeat {
            let end = min(bytes.count, index + chunk)
            pending += bytes[index..<end]
            index = end
            let used = unsafe parser.consume(pending.span.bytes, endOfInput: index == bytes.count, into: &run)
            require(used >= 0 && used <= pending.count, "\(used) of \(pending.count) bytes consumed")
            pending.removeFirst(used)
        } while index < bytes.count
        require(pending.isEmpty, "\(pending.count) bytes are left at the end of the input")
        return run
    }

    /// Holds that the input gives the same in one piece and in chunks of every small size that `choice` picks.
    static func checkChunking(_ bytes: [UInt8], with parser: any SourceParser, choice: UInt8) {
        let whole = parse(bytes, with: parser, chunk: max(1, bytes.count))
        let chunked = parse(bytes, with: parser, chunk: 1 + Int(choice) % 67)
        require(whole == chunked, "another result in chunks of \(1 + Int(choice) % 67) bytes")
    }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        func bytes(_ range: FieldRange) -> [UInt8] {
            let span = range.isInScratch ? scratch : record
            return (0..<Int(range.count)).map { span.byte(at: Int(range.start) + $0) }
        }
        let names = [bytes(event.tenant), bytes(event.model), bytes(event.region), bytes(event.id)]
        for (name, limit) in zip(names, [Limits.maxTenantNameBytes, Limits.maxModelNameBytes]) {
            unsafe require(NameRule.problem(in: name.span.bytes, maxBytes: limit) == nil, "a name breaks the rule")
        }
        let counts = event.counts
        require(counts.cachedInput <= counts.input && counts.reasoningOutput <= counts.output, "a part is larger")
        require(max(counts.input, counts.output) <= 2 * Limits.maxTokensPerField, "a count is beyond its limit")
        require((1...Limits.maxRequestsPerEvent).contains(counts.requests), "no possible number of requests")
        events.append(Event(minute: event.minute, names: names, counts: counts))
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        ignored.append(reason)
        positions.append(position)
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        require(rejection.detail.utf8.count < 1_000 && rejection.field.utf8.count < 1_000, "it quotes its input")
        reasons.append(rejection.reason)
        positions.append(position)
    }
}
