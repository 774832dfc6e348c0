import UsageModel

/// A sink that remembers running totals as a collector does, in memory.
struct Remembering: UsageEventSink {
    var collected = Collected()
    var counted: [UInt128: UInt64] = [:]
    /// When what is remembered began, in milliseconds since 1970.
    var since: Int64 = 0

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        try collected.accept(event, record: record, scratch: scratch)
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        collected.reject(rejection, record: record, position: position)
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        collected.ignore(reason, record: record, position: position)
    }

    mutating func advance(_ total: RunningTotal) -> TotalAdvance {
        let key = total.key &* 4 &+ UInt128(total.part.rawValue)
        let known = counted[key]
        if let known, known > total.value { return .fell }
        counted[key] = total.value
        if known == nil, let began = total.beganAtMilliseconds, began < since { return .unknownBeginning }
        return .by(total.value - (known ?? 0))
    }
}
