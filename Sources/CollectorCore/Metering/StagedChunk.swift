internal import BatchFormat
internal import SourceFormats
package import UsageModel

/// What a piece of a followed file is parsed into before anything of it is counted: the source's time window in front
/// of staged events, and the records that were refused.
///
/// It belongs to nobody else while it is filled, so that no lock is held. ``Accumulator/add(_:of:checkpoint:)`` then
/// counts it.
package struct StagedChunk: UsageEventSink, Sendable {
    private(set) var context: ChunkContext
    var events = StagedEvents()
    /// In the order of the source.
    private(set) var quarantine: [QuarantineEntry] = []
    private(set) var repairs = UsageRepairCounts()
    private(set) var ignored = IgnoredRecords()
    /// Whether an event has an id, so that the piece can't be counted in this way.
    private(set) var hasIDs = false

    init(_ context: ChunkContext) {
        self.context = context
    }

    var eventCount: Int { events.count }

    /// Makes ready for the next piece.
    mutating func begin(_ context: ChunkContext) {
        self.context = context
        events.removeAll()
        quarantine.removeAll()
        repairs = UsageRepairCounts()
        ignored = IgnoredRecords()
        hasIDs = false
    }

    /// Moves the lines of refused records on by those of the pieces before this one.
    mutating func addLines(_ count: UInt64) {
        for index in quarantine.indices { quarantine[index].position.line += count }
    }

    /// Leaves of refused records what the rule allows.
    mutating func settle(by parser: borrowing any SourceParser) {
        for index in quarantine.indices { quarantine[index].settle(context.keeping, by: parser) }
    }

    package mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        if event.id.count > 0 { hasIDs = true }
        if let problem = context.window.problem(minute: event.minute) { throw problem }
        try events.add(event, record: record, scratch: scratch)
        repairs.add(event.repair)
    }

    package mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        quarantine.append(context.quarantined(rejection, record: record, position: position))
    }

    package mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        ignored.add(reason)
    }
}
