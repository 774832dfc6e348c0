internal import BatchFormat
internal import SourceFormats
internal import UsageModel

/// Takes what a version of an export holds: nothing of it is counted before all of it was read.
struct VersionBuilder: UsageEventSink, Sendable {
    /// The most refused records that are kept, for the quarantine and to know them again in the next version.
    static let maxKeptRefusals = 10_000

    let context: ChunkContext
    private var sums = MinuteBuckets()
    /// The same rows, with one call for each event.
    private var events = MinuteBuckets()
    private var quarantine: [QuarantineEntry] = []
    private var hashes: [UInt64] = []
    private var quarantineBytes = 0
    /// Refused records that aren't kept, by reason.
    private(set) var unkept: [RejectionReason: UInt64] = [:]
    private(set) var repairs = UsageRepairCounts()
    private(set) var ignored = IgnoredRecords()
    private(set) var acceptedCount: UInt64 = 0
    private(set) var refusedCount: UInt64 = 0
    /// How many of the refused records only lie too far back by now.
    private(set) var tooOldCount: UInt64 = 0
    /// Whether there is more than a version may have.
    private(set) var isTooLarge = false

    init(_ context: ChunkContext) {
        self.context = context
    }

    /// Records of any kind.
    var recordCount: UInt64 { acceptedCount + refusedCount + ignored.total }

    /// The first refused record, for people.
    var firstRefusal: String {
        guard let first = quarantine.first else { return "" }
        return "\(first.rejection.reason.rawValue) \(first.rejection.field) at line \(first.position.line)"
    }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        if let problem = context.window.problem(minute: event.minute) { throw problem }
        acceptedCount += 1
        if isTooLarge { return }
        var one = copy event
        one.counts = TokenCounts(requests: 1)
        do throws(Rejection) {
            guard try sums.add(event, record: record, scratch: scratch) == .added,
                try events.add(one, record: record, scratch: scratch) == .added,
                sums.estimatedBytes <= VersionSums.maxBytes, sums.eventCount <= VersionSums.maxEvents
            else {
                isTooLarge = true
                return
            }
        } catch {
            acceptedCount -= 1
            throw error
        }
        repairs.add(event.repair)
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        refusedCount += 1
        if rejection.reason == .timeTooOld { tooOldCount += 1 }
        let entry = context.quarantined(rejection, record: record, position: position)
        guard hashes.count < Self.maxKeptRefusals,
            quarantineBytes + entry.estimatedBytes <= AccumulatorLimits.maxQuarantineBufferBytes
        else {
            unkept[rejection.reason, default: 0] += 1
            return
        }
        quarantineBytes += entry.estimatedBytes
        quarantine.append(entry)
        hashes.append(FileFingerprint(record).hash)
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        ignored.add(reason)
    }

    /// Leaves of the records that were refused since the given one what the rule allows.
    mutating func settle(from first: Int, by parser: borrowing any SourceParser) {
        for index in quarantine.indices.dropFirst(first) { quarantine[index].settle(context.keeping, by: parser) }
    }

    var keptRefusals: Int { quarantine.count }

    /// What was read.
    func finished() -> VersionSums { VersionSums(sums, events: events, refused: hashes) }

    /// The refused records that weren't refused in the version before as well.
    func newRefusals(since before: VersionSums) -> [QuarantineEntry] {
        var known = before.refused.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return zip(quarantine, hashes).compactMap { entry, hash in
            guard let count = known[hash], count > 0 else { return entry }
            known[hash] = count - 1
            return nil
        }
    }
}
