package import BatchFormat
internal import SourceFormats
package import UsageModel

/// What events add that are counted by a write-ahead record: those that are pushed, and those of followed files that
/// have ids. It knows which of them were counted before.
package struct AcceptedBuckets: UsageEventSink, Sendable {
    /// The most rows of one: they must fit into one write-ahead record.
    package static let maxRows = 100_000

    private(set) var sums = MinuteBuckets(maxRows: maxRows)
    /// Refused records, by reason.
    package private(set) var rejections: [RejectionReason: UInt64] = [:]
    /// Events that count, calls once.
    package private(set) var eventCount: UInt64 = 0
    /// Events that were counted before, and records of calls beyond the first.
    package private(set) var duplicates: UInt64 = 0
    package private(set) var rejectedCount: UInt64 = 0
    package private(set) var ignored = IgnoredRecords()
    package private(set) var repairs = UsageRepairCounts()
    package private(set) var context: ChunkContext
    let remembered: RememberedEvents
    /// Of these events.
    var fingerprints = FingerprintTable()
    var fingerprinter = EventFingerprinter()
    /// How far running totals are counted here, by key.
    private var totals: [UInt128: AcceptedTotal] = [:]
    /// Calls that are counted here, or counted anew, in the order in which they came.
    private var calls: [OpenCall] = []
    /// Where in `calls` a call stands, by its key.
    private var callIndices: [UInt128: Int] = [:]

    /// A call of which a record came.
    fileprivate struct OpenCall: Sendable {
        var key: UInt128
        /// How it was counted before these events.
        var base: CountedCall?
        var place: BucketPlace
        var counts: TokenCounts
        /// Of the record that gave it its place.
        var content: UInt64
    }

    package init(context: ChunkContext, remembered: RememberedEvents) {
        self.context = context
        self.remembered = remembered
    }

    /// What comes next stands in another file.
    package mutating func moveOn(to file: String) { context.file = file }

    /// What it takes in memory, about, in bytes.
    package var estimatedBytes: Int {
        sums.estimatedBytes + fingerprints.count * 2 * EventFingerprint.byteCount
            + calls.count * (MemoryLayout<OpenCall>.stride + 2 * BatchBounds.maxColumnBytesPerRow)
    }

    /// Whether there is nothing to write: all events, if any, were counted before.
    package var isEmpty: Bool {
        eventCount == 0 && rejectedCount == 0 && totals.isEmpty && fingerprints.isEmpty && calls.isEmpty
    }

    /// What a write-ahead record holds of it.
    package var accepted: AcceptedRows {
        var all = sums
        var counted: [AcceptedCall] = []
        for call in calls {
            let value = all.call(at: call.place, call.counts, content: call.content)
            guard value != call.base else { continue }
            if let base = call.base {
                var place = known(base, in: &all)
                place.flags.formUnion(.takenBack)
                all.add(base.counts, at: place)
            }
            all.add(call.counts, at: call.place)
            counted.append(AcceptedCall(key: call.key, base: call.base, value: value))
        }
        return AcceptedRows(
            rows: all.rows(), eventCount: all.eventCount, rejections: rejections,
            fingerprints: AcceptedFingerprints(
                acceptedAtMilliseconds: context.nowMilliseconds, fingerprints: fingerprints.fingerprints,
                totals: Array(totals.values), calls: counted))
    }

    /// Where a call counts whose names are in the table.
    private func known(_ call: CountedCall, in sums: inout MinuteBuckets) -> BucketPlace {
        do throws(Rejection) {
            return try sums.place(of: call)
        } catch {
            preconditionFailure("a call whose names are in the table has none there: \(error)")
        }
    }

    package mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        guard event.id.count > 0, !remembered.isOff else {
            try add(event, record: record, scratch: scratch)
            return eventCount += 1
        }
        // What a sender itself takes back is no record of a call that grows.
        switch event.isTakenBack ? .once : context.ids.repeats {
        case .once: try acceptOnce(event, record: record, scratch: scratch)
        case .last: try acceptLast(event, record: record, scratch: scratch)
        case .sum: try acceptPart(event, record: record, scratch: scratch)
        }
    }

    private mutating func acceptOnce(
        _ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) {
        let found = fingerprint(of: event, record: record, scratch: scratch)
        switch find(found) {
        case .new: break
        case .repeated: return duplicates += 1
        case .conflicting: throw Self.conflict()
        }
        // Before the source's setting was changed it may have been a call's.
        if remembered.find(call: EventFingerprinter.callKey(found.key)) != .new { throw Self.conflict() }
        try add(event, record: record, scratch: scratch)
        eventCount += 1
        fingerprints.insert(found)
    }

    private mutating func add(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        if let problem = context.window.problem(minute: event.minute) { throw problem }
        // Calls make rows only in the end, for which there must be room then.
        guard calls.isEmpty || sums.hasRoom(forRows: 2 * calls.count + 1) else { throw Self.tooManyKeys() }
        if try sums.add(event, record: record, scratch: scratch) == .full { throw Self.tooManyKeys() }
        repairs.add(event.repair)
    }

    package mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        rejections[rejection.reason, default: 0] += 1
        rejectedCount += 1
    }

    package mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        ignored.add(reason)
    }

    // MARK: Ids

    /// Within what ids are the same.
    private var scope: String { context.ids.scope == .source ? context.source : "" }

    private mutating func fingerprint(
        of event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) -> EventFingerprint {
        fingerprinter.fingerprint(of: event, scope: scope, record: record, scratch: scratch)
    }

    private func find(_ fingerprint: EventFingerprint) -> RememberedEvents.Finding {
        if let own = fingerprints.content(of: fingerprint.key) {
            return own == fingerprint.content ? .repeated : .conflicting
        }
        return remembered.find(fingerprint)
    }

    private static func conflict() -> Rejection {
        Rejection(
            .conflictingID, field: "id",
            detail: "an event with this id and other content was accepted; an id is for one event alone")
    }

    private static func late() -> Rejection {
        Rejection(
            .conflictingID, field: "id",
            detail: "the call was counted with less, longer ago than deduplication.window, so that it isn't changed")
    }

    private static func tooManyKeys() -> Rejection {
        Rejection(.tooManyNames, detail: "more distinct keys than one request may hold; send fewer at once")
    }

    // MARK: Calls

    /// Takes a running total: the greatest counts.
    private mutating func acceptLast(
        _ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) {
        let found = fingerprint(of: event, record: record, scratch: scratch)
        let key = EventFingerprinter.callKey(found.key)
        if let index = callIndices[key] {
            let own = CallRank(calls[index].counts, minute: calls[index].place.minute, content: calls[index].content)
            if own < CallRank(event, content: found.content) {
                let place = try place(of: event, record: record, scratch: scratch)
                (calls[index].place, calls[index].counts, calls[index].content) = (place, event.counts, found.content)
            }
            return duplicates += 1
        }
        switch remembered.find(call: key) {
        case .counted(let base):
            let rank = CallRank(base.counts, minute: base.minute, content: base.content)
            if rank < CallRank(event, content: found.content) {
                // The names of what is taken back may be new to the table.
                _ = try place(ofKnown: base)
                let place = try place(of: event, record: record, scratch: scratch)
                open(OpenCall(key: key, base: base, place: place, counts: event.counts, content: found.content))
            }
            duplicates += 1
        case .settled(let tokens):
            guard event.counts.input + event.counts.output <= tokens else { throw Self.late() }
            duplicates += 1
        case .new:
            guard try isNew(found) else { return duplicates += 1 }
            let place = try place(of: event, record: record, scratch: scratch)
            open(OpenCall(key: key, base: nil, place: place, counts: event.counts, content: found.content))
            eventCount += 1
        }
        repairs.add(event.repair)
    }

    /// Takes a part of a call: each counts once, and together they are one call.
    private mutating func acceptPart(
        _ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) {
        let found = fingerprint(of: event, record: record, scratch: scratch)
        var part = found
        var callID = found.key
        if let ending = ending(of: event, record: record, scratch: scratch) {
            callID = fingerprinter.key(
                ofCall: event, scope: scope, dropping: ending, record: record, scratch: scratch)
        } else {
            // Before the source's setting was changed it may have been an event.
            guard try isNew(found) else { return duplicates += 1 }
            part.key = fingerprinter.partKey(found)
        }
        switch find(part) {
        case .new: break
        case .repeated: return duplicates += 1
        case .conflicting: throw Self.conflict()
        }
        let place = try place(of: event, record: record, scratch: scratch)
        try addPart(
            OpenCall(
                key: EventFingerprinter.callKey(callID), base: nil, place: place, counts: event.counts,
                content: part.content))
        fingerprints.insert(part)
        repairs.add(event.repair)
    }

    private mutating func addPart(_ part: OpenCall) throws(Rejection) {
        if let index = callIndices[part.key] {
            try calls[index].join(part)
            return duplicates += 1
        }
        switch remembered.find(call: part.key) {
        case .new:
            open(part)
            eventCount += 1
        case .settled: throw Self.late()
        case .counted(let base):
            var call = OpenCall(
                key: part.key, base: base, place: try place(ofKnown: base), counts: base.counts, content: base.content)
            try call.join(part)
            open(call)
            duplicates += 1
        }
    }

    /// Whether nothing was counted under an id by itself.
    private func isNew(_ fingerprint: EventFingerprint) throws(Rejection) -> Bool {
        switch find(fingerprint) {
        case .new: true
        case .repeated: false
        case .conflicting: throw Self.conflict()
        }
    }

    /// Where a call's record counts, with room for what the call may make of rows.
    private mutating func place(
        of event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) -> BucketPlace {
        if let problem = context.window.problem(minute: event.minute) { throw problem }
        try requireRoom()
        return try sums.place(of: event, record: record, scratch: scratch)
    }

    /// Where a call counts that one of these events changes.
    private mutating func place(ofKnown call: CountedCall) throws(Rejection) -> BucketPlace {
        try requireRoom()
        return try sums.place(of: call)
    }

    /// Makes sure that one more call has room: its names, and its rows in the end. Asked before names are added.
    private func requireRoom() throws(Rejection) {
        guard sums.hasRoom(forRows: 2 * (calls.count + 1)) else { throw Self.tooManyKeys() }
    }

    private mutating func open(_ call: OpenCall) {
        callIndices[call.key] = calls.count
        calls.append(call)
    }

    /// How many bytes of an event's id name a part of a call; `nil` where none do.
    private func ending(of event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) -> Int? {
        let bytes = event.id.isInScratch ? scratch : record
        let end = Int(event.id.start) + Int(event.id.count)
        for part in context.ids.parts where part.utf8.count < Int(event.id.count) {
            let ending = part.utf8
            var index = end - ending.count
            var isEqual = true
            for byte in ending {
                if bytes.byte(at: index) != byte { isEqual = false }
                index += 1
            }
            if isEqual { return ending.count }
        }
        return nil
    }

    // MARK: Running totals of series

    package mutating func advance(_ total: RunningTotal) -> TotalAdvance {
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
}

extension AcceptedBuckets.OpenCall {
    /// Adds another part. The call counts where its earliest part does.
    fileprivate mutating func join(_ part: AcceptedBuckets.OpenCall) throws(Rejection) {
        guard place.hasNames(of: part.place) else {
            throw Rejection(
                .conflictingID, field: "id",
                detail:
                    "a part of this call was accepted for another tenant, model, region, layer, workload or modality")
        }
        var sum = counts
        guard sum.add(part.counts), sum.input <= Limits.maxTokensPerField, sum.output <= Limits.maxTokensPerField else {
            throw Rejection(
                .countTooLarge, detail: "the parts of this call are more than \(Limits.maxTokensPerField) tokens")
        }
        sum.requests = max(counts.requests, part.counts.requests)
        let flags = place.flags.union(part.place.flags)
        if (part.place.minute, part.content) < (place.minute, content) { (place, content) = (part.place, part.content) }
        place.flags = flags
        counts = sum
    }
}

/// The order of records of one call, whichever comes first: more tokens are greater. What has the same counts and is
/// earlier is greater, so that a repetition changes nothing.
struct CallRank: Comparable {
    private let counts: TokenCounts
    private let minute: Int64
    private let content: UInt64

    init(_ counts: TokenCounts, minute: Int64, content: UInt64) {
        self.counts = counts
        self.minute = minute
        self.content = content
    }

    init(_ event: borrowing UsageEvent, content: UInt64) {
        self.init(event.counts, minute: event.minute, content: content)
    }

    private var tokens: UInt64 { counts.input &+ counts.output }

    static func < (left: CallRank, right: CallRank) -> Bool {
        if left.tokens != right.tokens { return left.tokens < right.tokens }
        if left.counts.output != right.counts.output { return left.counts.output < right.counts.output }
        if left.counts != right.counts {
            return (left.counts.cachedInput, left.counts.reasoningOutput, left.counts.requests)
                < (right.counts.cachedInput, right.counts.reasoningOutput, right.counts.requests)
        }
        if left.minute != right.minute { return left.minute > right.minute }
        return left.content < right.content
    }
}
