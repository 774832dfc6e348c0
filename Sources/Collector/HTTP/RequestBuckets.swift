internal import BatchFormat
internal import CollectorCore
internal import SourceFormats
internal import UsageModel

/// What one request adds, with the records of it that were refused.
struct RequestBuckets: UsageEventSink {
    /// Bytes of rejected records of one request that go to quarantine as they are; of those beyond them only the fields
    /// that are read.
    static let maxWholeQuarantineBytes = 1 << 20
    /// Bytes of both together; the sender has the rest anyway.
    static let maxQuarantineBytes = 8 << 20

    private var events: AcceptedBuckets
    private var rejected: [EventsOutcome.Rejected] = []
    private(set) var quarantine: [QuarantineEntry] = []
    private(set) var unkept: UInt64 = 0
    private var quarantineBytes = 0
    /// Of the records in `quarantine` those that ``settle(by:)`` has seen.
    private var settledCount = 0

    init(context: ChunkContext, remembered: RememberedEvents) {
        events = AcceptedBuckets(context: context, remembered: remembered)
    }

    var accepted: AcceptedRows { events.accepted }
    var repairs: UsageRepairCounts { events.repairs }

    /// What the sender is told.
    var outcome: EventsOutcome {
        EventsOutcome(
            accepted: events.eventCount, duplicates: events.duplicates, ignored: events.ignored, rejected: rejected,
            rejectedCount: events.rejectedCount)
    }

    /// What it takes in memory, about, in bytes.
    var estimatedBytes: Int { events.estimatedBytes + quarantineBytes }

    /// Whether there is nothing to write: all events, if any, were accepted before.
    var isEmpty: Bool { events.isEmpty }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        try events.accept(event, record: record, scratch: scratch)
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        events.ignore(reason, record: record, position: position)
    }

    mutating func advance(_ total: RunningTotal) -> TotalAdvance { events.advance(total) }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        events.reject(rejection, record: record, position: position)
        if rejected.count < CollectorLimits.maxListedRejections {
            rejected.append(
                EventsOutcome.Rejected(
                    line: position.line, reason: rejection.reason.rawValue, field: rejection.field,
                    detail: rejection.detail))
        }
        guard quarantineBytes < Self.maxQuarantineBytes else {
            unkept += 1
            return
        }
        let entry = events.context.quarantined(rejection, record: record, position: position)
        quarantineBytes += entry.estimatedBytes
        quarantine.append(entry)
    }

    /// Leaves of rejected records what the rule allows; to be called whenever the parser has read something.
    mutating func settle(by parser: borrowing any SourceParser) {
        guard settledCount < quarantine.count else { return }
        for index in settledCount..<quarantine.count { quarantineBytes -= quarantine[index].estimatedBytes }
        for index in settledCount..<quarantine.count {
            var rule = events.context.keeping
            if quarantineBytes >= Self.maxWholeQuarantineBytes { rule.keepsFieldsAlone = true }
            quarantine[index].settle(rule, by: parser)
            quarantineBytes += quarantine[index].estimatedBytes
        }
        settledCount = quarantine.count
    }
}

extension RequestBuckets {
    /// What comes next stands in another file.
    mutating func moveOn(to file: String) { events.moveOn(to: file) }

    /// Gives the rejected records away.
    mutating func takeQuarantine() -> [QuarantineEntry] {
        defer {
            quarantine = []
            (quarantineBytes, settledCount) = (0, 0)
        }
        return quarantine
    }
}
