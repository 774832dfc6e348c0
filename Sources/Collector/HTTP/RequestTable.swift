internal import Batching
internal import Pipeline
internal import Usage

/// Sums and rejections of one request.
struct RequestTable: UsageEventSink {
    /// Bytes of rejected records of one request that go to quarantine; the sender has them anyway.
    static let maxQuarantineBytes = 1 << 20

    private(set) var sums = MinuteSums(maxRows: maxRows)
    private(set) var rejections: [RejectionReason: UInt64] = [:]
    private(set) var outcome = EventsOutcome()
    private(set) var quarantine: [QuarantineEntry] = []
    private(set) var unkept: UInt64 = 0
    private var quarantineBytes = 0
    private let context: ChunkContext

    /// The most rows that one request may make: they must fit into one write-ahead record.
    static let maxRows = 100_000

    init(context: ChunkContext) {
        self.context = context
    }

    var accepted: AcceptedRows {
        AcceptedRows(rows: sums.rows(), eventCount: sums.eventCount, rejections: rejections)
    }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        if let problem = context.window.problem(minute: event.minute) { throw problem }
        if try sums.add(event, record: record, scratch: scratch) == .full {
            throw Rejection(.tooManyNames, detail: "more distinct keys than one request may hold; send fewer at once")
        }
        outcome.accepted += 1
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        rejections[rejection.reason, default: 0] += 1
        outcome.rejectedCount += 1
        if outcome.rejected.count < CollectorLimits.maxListedRejections {
            outcome.rejected.append(
                EventsOutcome.Rejected(
                    line: position.line, reason: rejection.reason.rawValue, field: rejection.field,
                    detail: rejection.detail))
        }
        guard quarantineBytes < Self.maxQuarantineBytes else {
            unkept += 1
            return
        }
        let entry = QuarantineEntry(
            rejection, record: record, position: position, source: context.source, file: "",
            timeMilliseconds: context.nowMilliseconds)
        quarantineBytes += entry.estimatedBytes
        quarantine.append(entry)
    }
}
