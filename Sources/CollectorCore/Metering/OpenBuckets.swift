internal import BatchFormat
internal import SourceFormats
package import UsageModel

/// What a chunk of a source comes from, and what the source lets in.
package struct ChunkContext: Sendable {
    package var source: String
    /// The file's path; empty for pushed events.
    package var file: String
    package var nowMilliseconds: Int64
    package var window: TimeWindow
    /// How much of a record that is refused is kept.
    package var keeping: QuarantineRule
    /// How the source's ids are understood.
    package var ids: IDRules

    package init(
        source: String, file: String, nowMilliseconds: Int64, window: TimeWindow,
        keeping: QuarantineRule = QuarantineRule(), ids: IDRules = IDRules()
    ) {
        self.source = source
        self.file = file
        self.nowMilliseconds = nowMilliseconds
        self.window = window
        self.keeping = keeping
        self.ids = ids
    }

    /// The record as it goes to quarantine.
    package func quarantined(_ rejection: Rejection, record: RawSpan, position: RecordPosition) -> QuarantineEntry {
        QuarantineEntry(
            rejection, record: record, position: position, source: source, file: file, timeMilliseconds: nowMilliseconds
        )
    }
}

/// Sums, rejections and quarantined records since the last rotation.
struct OpenBuckets: Sendable {
    var sums: MinuteBuckets
    var rejections: [RejectionReason: UInt64] = [:]
    var quarantine: [QuarantineEntry] = []
    /// Of followed files; those of pushed events are told when their request is answered.
    var repairs = UsageRepairCounts()
    private(set) var quarantineBytes = 0

    /// Stands in the accumulator's place for the open buckets while those are lent: always empty, and shared, so that
    /// lending allocates nothing.
    static let placeholder = OpenBuckets(sums: MinuteBuckets())

    init(sums: MinuteBuckets) {
        self.sums = sums
    }

    var isEmpty: Bool { sums.isEmpty && rejections.isEmpty }

    /// Leaves of the records from the given one on what the rule allows.
    mutating func settle(from first: Int, _ rule: QuarantineRule, by parser: borrowing any SourceParser) {
        for index in quarantine.indices.dropFirst(first) {
            quarantineBytes -= quarantine[index].estimatedBytes
            quarantine[index].settle(rule, by: parser)
            quarantineBytes += quarantine[index].estimatedBytes
        }
    }

    mutating func reject(_ entry: QuarantineEntry) {
        rejections[entry.rejection.reason, default: 0] += 1
        quarantineBytes += entry.estimatedBytes
        quarantine.append(entry)
    }

    /// Says that bytes of followed files went unread.
    mutating func addLost(byteCount: UInt64) { rejections[.lostBytes, default: 0] += byteCount }

    /// Adds what a piece of a file was parsed into: all of it or, where it might not fit, nothing.
    mutating func add(_ chunk: inout StagedChunk, table: UInt64) -> Bool {
        guard sums.add(&chunk.events, table: table) == .added else { return false }
        for entry in chunk.quarantine { reject(entry) }
        repairs.add(chunk.repairs)
        return true
    }

    /// Counts what puts a version of an export in the place of another: all of it or, where it doesn't fit, nothing.
    mutating func add(_ version: CountedVersion) -> Bool {
        guard sums.merge(version.change.rows, eventCount: version.change.eventCount) == .added else { return false }
        for entry in version.refused { reject(entry) }
        for (reason, count) in version.unkept { rejections[reason, default: 0] += count }
        repairs.add(version.repairs)
        return true
    }

    /// Adds what a write-ahead record holds: all of it or, where it might not fit, nothing.
    mutating func add(_ accepted: AcceptedRows, of files: FileRecord?) -> MinuteBuckets.Outcome {
        if sums.merge(accepted.rows, eventCount: accepted.eventCount) == .full { return .full }
        for (reason, count) in accepted.rejections { rejections[reason, default: 0] += count }
        guard let files else { return .added }
        // Their reasons are counted above.
        for entry in files.refused {
            quarantineBytes += entry.estimatedBytes
            quarantine.append(entry)
        }
        repairs.add(files.repairs)
        return .added
    }
}

/// What a followed source's parser gives its events to: the source's time window in front of the open buckets, which
/// the accumulator lends it for one chunk. (That of events with ids is ``AcceptedBuckets``.)
package struct ChunkSink: UsageEventSink, ~Copyable {
    let context: ChunkContext
    private var buckets = OpenBuckets.placeholder
    /// Records that are not for counting, by reason.
    private(set) var ignored = IgnoredRecords()
    /// How many refused records the buckets held when they were lent.
    private var firstRefused = 0

    init(_ context: ChunkContext) {
        self.context = context
    }

    /// Takes the lent buckets, or gives them back. They change places, since a copy would be one of all sums.
    mutating func exchange(_ open: inout OpenBuckets) {
        swap(&buckets, &open)
        firstRefused = buckets.quarantine.count
    }

    /// Leaves of the records that were refused since the buckets were lent what the rule allows.
    mutating func settle(by parser: borrowing any SourceParser) {
        buckets.settle(from: firstRefused, context.keeping, by: parser)
    }

    package mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        if let problem = context.window.problem(minute: event.minute) { throw problem }
        if try buckets.sums.add(event, record: record, scratch: scratch) == .full {
            // Buckets are rotated long before they are full, so only one absurdly dense chunk can get here.
            throw Rejection(.tooManyNames, detail: "more distinct keys in one chunk than a batch can hold")
        }
        buckets.repairs.add(event.repair)
    }

    package mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        buckets.reject(context.quarantined(rejection, record: record, position: position))
    }

    package mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        ignored.add(reason)
    }
}
