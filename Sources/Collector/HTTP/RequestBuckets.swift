internal import BatchFormat
internal import CollectorCore
internal import SourceFormats
internal import UsageModel

/// Sums and rejections of one request.
struct RequestBuckets: UsageEventSink {
    /// Bytes of rejected records of one request that go to quarantine as they are; of those beyond them only the fields
    /// that are read.
    static let maxWholeQuarantineBytes = 1 << 20
    /// Bytes of both together; the sender has the rest anyway.
    static let maxQuarantineBytes = 8 << 20

    private(set) var sums = MinuteBuckets(maxRows: maxRows)
    private(set) var rejections: [RejectionReason: UInt64] = [:]
    private(set) var outcome = EventsOutcome()
    private(set) var quarantine: [QuarantineEntry] = []
    private(set) var repairs = UsageRepairCounts()
    private(set) var unkept: UInt64 = 0
    private var quarantineBytes = 0
    /// Of the records in `quarantine` those that ``settle(by:)`` has seen.
    private var settledCount = 0
    private var context: ChunkContext
    private let remembered: RememberedEvents
    /// Of this request's own events.
    private var fingerprints = FingerprintTable()
    private var fingerprinter = EventFingerprinter()
    /// How far this request counts running totals, by key.
    private var totals: [UInt128: AcceptedTotal] = [:]

    /// The most rows that one request may make: they must fit into one write-ahead record.
    static let maxRows = 100_000

    init(context: ChunkContext, remembered: RememberedEvents) {
        self.context = context
        self.remembered = remembered
    }

    var accepted: AcceptedRows {
        AcceptedRows(
            rows: sums.rows(), eventCount: sums.eventCount, rejections: rejections,
            fingerprints: AcceptedFingerprints(
                acceptedAtMilliseconds: context.nowMilliseconds, fingerprints: fingerprints.fingerprints,
                totals: Array(totals.values)))
    }

    /// What it takes in memory, about, in bytes.
    var estimatedBytes: Int {
        sums.estimatedBytes + quarantineBytes + fingerprints.count * 2 * EventFingerprint.byteCount
    }

    /// Whether there is nothing to write: all events, if any, were accepted before.
    var isEmpty: Bool { outcome.accepted == 0 && outcome.rejectedCount == 0 && totals.isEmpty }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        var fingerprint: EventFingerprint?
        if event.id.count > 0, !remembered.isOff {
            let found = fingerprinter.fingerprint(
                of: event, source: context.source, record: record, scratch: scratch)
            switch find(found) {
            case .new: fingerprint = found
            case .repeated: return outcome.duplicates += 1
            case .conflicting:
                throw Rejection(
                    .conflictingID, field: "id",
                    detail: "an event with this id and other content was accepted; an id is for one event alone")
            }
        }
        if let problem = context.window.problem(minute: event.minute) { throw problem }
        if try sums.add(event, record: record, scratch: scratch) == .full {
            throw Rejection(.tooManyNames, detail: "more distinct keys than one request may hold; send fewer at once")
        }
        outcome.accepted += 1
        repairs.add(event.repair)
        if let fingerprint { fingerprints.insert(fingerprint) }
    }

    private func find(_ fingerprint: EventFingerprint) -> RememberedEvents.Finding {
        if let own = fingerprints.content(of: fingerprint.key) {
            return own == fingerprint.content ? .repeated : .conflicting
        }
        return remembered.find(fingerprint)
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        outcome.ignored.add(reason)
    }

    mutating func advance(_ total: RunningTotal) -> TotalAdvance {
        if remembered.isOff { return .unremembered }
        let key = fingerprinter.key(of: total, source: context.source)
        let known: RememberedEvents.TotalFinding =
            if let own = totals[key] {
                .counted(own.value)
            } else {
                remembered.find(total: key, age: total.beganAtMilliseconds.map { context.nowMilliseconds - $0 })
            }
        switch known {
        case .counted(let value) where value == total.value:
            // Nothing is new. What goes on is remembered anew, so that it isn't forgotten while it is sent.
            if total.beganAtMilliseconds != nil { note(key, counted: value, total) }
            return .by(0)
        case .counted(let value):
            // What doesn't go on can only come again as it was.
            guard total.beganAtMilliseconds != nil, value < total.value else { return .fell }
            note(key, counted: value, total)
            return .by(total.value - value)
        case .new:
            note(key, counted: nil, total)
            return .by(total.value)
        case .unknown:
            note(key, counted: nil, total)
            return .unknownBeginning
        }
    }

    private mutating func note(_ key: UInt128, counted: UInt64?, _ total: RunningTotal) {
        let base = totals[key].map { $0.base } ?? counted
        totals[key] = AcceptedTotal(key: key, base: base, value: total.value)
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
        let entry = context.quarantined(rejection, record: record, position: position)
        quarantineBytes += entry.estimatedBytes
        quarantine.append(entry)
    }

    /// Leaves of rejected records what the rule allows; to be called whenever the parser has read something.
    mutating func settle(by parser: borrowing any SourceParser) {
        guard settledCount < quarantine.count else { return }
        for index in settledCount..<quarantine.count { quarantineBytes -= quarantine[index].estimatedBytes }
        for index in settledCount..<quarantine.count {
            var rule = context.keeping
            if quarantineBytes >= Self.maxWholeQuarantineBytes { rule.keepsFieldsAlone = true }
            quarantine[index].settle(rule, by: parser)
            quarantineBytes += quarantine[index].estimatedBytes
        }
        settledCount = quarantine.count
    }
}

extension RequestBuckets {
    /// What comes next stands in another file.
    mutating func moveOn(to file: String) { context.file = file }

    /// Gives the rejected records away.
    mutating func takeQuarantine() -> [QuarantineEntry] {
        defer {
            quarantine = []
            (quarantineBytes, settledCount) = (0, 0)
        }
        return quarantine
    }
}
