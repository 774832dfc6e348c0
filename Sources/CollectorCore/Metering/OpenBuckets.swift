internal import BatchFormat
internal import UsageModel

/// What a chunk's records come from.
package struct ChunkContext: Sendable {
    package var source: String
    /// The file's path; empty for pushed events.
    package var file: String
    package var nowMilliseconds: Int64
    package var window: TimeWindow

    package init(source: String, file: String, nowMilliseconds: Int64, window: TimeWindow) {
        self.source = source
        self.file = file
        self.nowMilliseconds = nowMilliseconds
        self.window = window
    }
}

/// Sums, rejections and quarantined records since the last rotation: the sink of every parser.
struct OpenBuckets: Sendable, UsageEventSink {
    var sums: MinuteBuckets
    var rejections: [RejectionReason: UInt64] = [:]
    var quarantine: [QuarantineEntry] = []
    private(set) var quarantineBytes = 0
    private var context: ChunkContext?
    private var window: TimeWindow?

    init(sums: MinuteBuckets) {
        self.sums = sums
    }

    var isEmpty: Bool { sums.isEmpty && rejections.isEmpty }

    mutating func begin(_ context: ChunkContext) {
        window = context.window
        self.context = context
    }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        if let problem = window?.problem(minute: event.minute) { throw problem }
        if try sums.add(event, record: record, scratch: scratch) == .full {
            // Tables are rotated long before they are full, so only one absurdly dense chunk can get here.
            throw Rejection(.tooManyNames, detail: "more distinct keys in one chunk than a batch can hold")
        }
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        rejections[rejection.reason, default: 0] += 1
        guard let context else { return }
        let entry = QuarantineEntry(
            rejection, record: record, position: position, source: context.source, file: context.file,
            timeMilliseconds: context.nowMilliseconds)
        quarantineBytes += entry.estimatedBytes
        quarantine.append(entry)
    }

    mutating func add(_ accepted: AcceptedRows) -> MinuteBuckets.Outcome {
        if sums.merge(accepted.rows, eventCount: accepted.eventCount) == .full { return .full }
        for (reason, count) in accepted.rejections { rejections[reason, default: 0] += count }
        return .added
    }
}
