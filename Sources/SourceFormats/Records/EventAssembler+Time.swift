internal import UsageModel

/// The minute of the last RFC 3339 time in UTC and its first 16 bytes, `YYYY-MM-DDThh:mm`: calls come in order of
/// time, so that the next one's are mostly the same.
struct LastMinute: Sendable {
    private static let prefixBytes = 16
    private var head: UInt64 = 0
    private var tail: UInt64 = 0
    private var minute: Int64 = 0

    /// The minute of a time that begins with the same 16 bytes and goes on as a time in UTC does, without a leap
    /// second.
    @inline(__always)
    func find(_ bytes: RawSpan, from start: Int, count: Int) -> Int64? {
        // `:ss` and a zone must follow; the shortest time has 20 bytes.
        guard count >= LastMinute.prefixBytes + 4, bytes.word(at: start) == head, bytes.word(at: start &+ 8) == tail,
            bytes.peek(start &+ 16) == UInt8(ascii: ":"), bytes.peek(start &+ 17) &- 0x30 < 6,
            JSONText.isDigit(bytes.peek(start &+ 18))
        else { return nil }
        var index = start &+ 19
        let last = start &+ count &- 1
        if bytes.peek(index) == UInt8(ascii: ".") {
            guard last &- index > 1, last &- index <= TimeText.maxFractionDigits else { return nil }
            index &+= 1
            while index < last, JSONText.isDigit(bytes.peek(index)) { index &+= 1 }
        }
        return index == last && bytes.peek(last) == UInt8(ascii: "Z") ? minute : nil
    }

    /// Keeps a minute that was read from `bytes`, if it was written in UTC and the seconds follow its first 16 bytes.
    mutating func keep(_ minute: Int64, of bytes: RawSpan, from start: Int, count: Int) {
        guard count >= LastMinute.prefixBytes + 4, bytes.peek(start + count - 1) == UInt8(ascii: "Z"),
            bytes.peek(start + 13) == UInt8(ascii: ":"), bytes.peek(start + 16) == UInt8(ascii: ":")
        else { return }
        head = bytes.word(at: start)
        tail = bytes.word(at: start + 8)
        self.minute = minute
    }
}

extension EventAssembler {
    /// The first and the last second of the years 0001 to 9999; whether a time is plausible is for the sink to say.
    private static var firstSecond: Int64 { -62_135_596_800 }
    private static var lastSecond: Int64 { 253_402_300_799 }

    /// Reads the event's time and rounds it down to its minute.
    @inline(__always)
    mutating func minute(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> Int64 {
        let source = values.choose(masks[.time])
        guard source >= 0 else {
            throw missing(.time)
        }
        let slot = values.slots[source]
        if slot.kind == .text, let minute = lastMinute.find(record, from: Int(slot.start), count: Int(slot.count)) {
            return minute
        }
        guard let moment = try moment(record, slot, source: source), moment.second >= EventAssembler.firstSecond,
            moment.second <= EventAssembler.lastSecond
        else { throw Fault(.badTime, source: source) }
        let second = moment.second
        let minute = second >= 0 ? second / 60 : (second - 59) / 60
        switch plan.rules.time {
        case .automatic, .rfc3339: lastMinute.keep(minute, of: record, from: Int(slot.start), count: Int(slot.count))
        default: break
        }
        return minute
    }

    @inline(__always)
    private func moment(
        _ record: RawSpan, _ slot: RecordValues.Slot, source: Int
    ) throws(Fault) -> TimeText.Moment? {
        let start = Int(slot.start)
        let end = start + Int(slot.count)
        switch (plan.rules.time, slot.kind) {
        case (.rfc3339, .text), (.rfc3339, .bareText):
            return TimeText.rfc3339(record, from: start, to: end)
        case (.automatic, .text):
            if let moment = TimeText.rfc3339(record, from: start, to: end) { return moment }
        default: break
        }
        return try unusualMoment(record, slot, source: source)
    }

    private func unusualMoment(
        _ record: RawSpan, _ slot: RecordValues.Slot, source: Int
    ) throws(Fault) -> TimeText.Moment? {
        if slot.kind == .nanoseconds {
            let (second, nanosecond) = slot.number.quotientAndRemainder(dividingBy: 1_000_000_000)
            return TimeText.Moment(second: Int64(second), nanosecond: Int64(nanosecond))
        }
        let start = Int(slot.start)
        let end = start + Int(slot.count)
        let isNumber = slot.kind == .integer || slot.kind == .negativeInteger || slot.kind == .fraction
        let isText = slot.kind == .text || slot.kind == .bareText
        guard isNumber || isText else {
            // Text with escapes is no time: nothing in one needs any.
            throw Fault(
                slot.kind == .escapedText || slot.kind == .doubledQuotes ? .badTime : .wantedTime, source: source)
        }
        if slot.kind == .bareText, start == end { throw missing(.time) }
        switch plan.rules.time {
        case .automatic:
            if slot.kind == .bareText, let moment = TimeText.rfc3339(record, from: start, to: end) { return moment }
            if isText, let moment = TimeText.withOffset(record, from: start, to: end) { return moment }
            return TimeText.counted(
                record, from: start, to: end, unit: TimeText.unit(record, from: start, to: end))
        case .rfc3339:
            throw Fault(.wantedTime, source: source)
        case .wallClock(let zone, let dateOnly):
            guard isText else { throw Fault(.wantedTime, source: source) }
            let time = TimeReader.read(record, from: start, to: end)
            return try moment(time, in: zone, dateOnly: dateOnly, source: source)
        case .pattern(let pattern, let zone, let dateOnly):
            let time = pattern.read(record, from: start, to: end)
            return try moment(time, in: zone, dateOnly: dateOnly, source: source)
        case .epoch(let unit):
            return TimeText.counted(record, from: start, to: end, unit: unit)
        case .offset(let unit, let startTime):
            guard var moment = TimeText.counted(record, from: start, to: end, unit: unit) else { return nil }
            let milliseconds = startTime.milliseconds
            let wholeSeconds = milliseconds >= 0 ? milliseconds / 1_000 : (milliseconds - 999) / 1_000
            moment.nanosecond += (milliseconds - wholeSeconds * 1_000) * 1_000_000
            let (second, overflow) = moment.second.addingReportingOverflow(wholeSeconds)
            if overflow { return nil }
            moment.second = second + moment.nanosecond / 1_000_000_000
            return moment
        }
    }

    /// The moment of a time that was read, in the zone where it says no offset of its own.
    private func moment(
        _ time: WrittenTime?, in zone: ZoneRules, dateOnly: Int64, source: Int
    ) throws(Fault) -> TimeText.Moment? {
        guard let time, let local = time.localSecond(dateOnly: dateOnly) else { return nil }
        if let offset = time.offset { return TimeText.Moment(second: local - offset, nanosecond: time.nanosecond) }
        guard let second = zone.utcSecond(localSecond: local) else { throw Fault(.timeSkipped, source: source) }
        return TimeText.Moment(second: second, nanosecond: time.nanosecond)
    }
}
