internal import Usage

extension EventAssembler {
    /// The first and the last second of the years 0001 to 9999; whether a time is plausible is for the sink to say.
    private static var firstSecond: Int64 { -62_135_596_800 }
    private static var lastSecond: Int64 { 253_402_300_799 }

    /// Reads the event's time and rounds it down to its minute.
    @inline(__always)
    func minute(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> Int64 {
        let source = values.choose(masks.time)
        guard source >= 0 else {
            if let minute = plan.constantMinute { return minute }
            throw missing(.time)
        }
        let slot = values.slots[source]
        guard let moment = try moment(record, slot, source), moment.second >= EventAssembler.firstSecond,
            moment.second <= EventAssembler.lastSecond
        else { throw Fault(.badTime, source: source) }
        let second = moment.second
        return second >= 0 ? second / 60 : (second - 59) / 60
    }

    @inline(__always)
    private func moment(
        _ record: RawSpan, _ slot: RecordValues.Slot, _ source: Int
    ) throws(Fault) -> TimeText.Moment? {
        let start = Int(slot.start)
        let end = start + Int(slot.count)
        switch (plan.rules.time, slot.kind) {
        case (.automatic, .text), (.rfc3339, .text), (.rfc3339, .bareText):
            return TimeText.rfc3339(record, start, end)
        default:
            return try unusualMoment(record, slot, source)
        }
    }

    private func unusualMoment(
        _ record: RawSpan, _ slot: RecordValues.Slot, _ source: Int
    ) throws(Fault) -> TimeText.Moment? {
        let start = Int(slot.start)
        let end = start + Int(slot.count)
        let isNumber = slot.kind == .integer || slot.kind == .negativeInteger || slot.kind == .fraction
        let isText = slot.kind == .text || slot.kind == .bareText
        guard isNumber || isText else {
            // Text with escapes is no time: nothing in one needs any.
            throw Fault(slot.kind == .escapedText || slot.kind == .doubledQuotes ? .badTime : .wantedTime, source: source)
        }
        if slot.kind == .bareText, start == end { throw missing(.time) }
        switch plan.rules.time {
        case .automatic:
            if isText, let moment = TimeText.rfc3339(record, start, end) { return moment }
            return slot.kind == .text ? nil : TimeText.counted(record, start, end, unit: .seconds)
        case .rfc3339:
            throw Fault(.wantedTime, source: source)
        case .wallClock(let zone):
            guard isText else { throw Fault(.wantedTime, source: source) }
            guard var moment = TimeText.wallClock(record, start, end) else { return nil }
            guard let second = zone.utcSecond(localSecond: moment.second) else {
                throw Fault(.timeSkipped, source: source)
            }
            moment.second = second
            return moment
        case .epoch(let unit):
            return TimeText.counted(record, start, end, unit: unit)
        case .offset(let unit, let startTime):
            guard var moment = TimeText.counted(record, start, end, unit: unit) else { return nil }
            let milliseconds = startTime.milliseconds
            let wholeSeconds = milliseconds >= 0 ? milliseconds / 1_000 : (milliseconds - 999) / 1_000
            moment.nanosecond += (milliseconds - wholeSeconds * 1_000) * 1_000_000
            let (second, overflow) = moment.second.addingReportingOverflow(wholeSeconds)
            if overflow { return nil }
            moment.second = second + moment.nanosecond / 1_000_000_000
            return moment
        }
    }
}
