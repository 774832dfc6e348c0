internal import UsageModel

/// What holds of things on which days: for each thing, spans that don't overlap.
struct EffectiveDatedMap<Value: Sendable>: Sendable {
    private struct Span: Sendable {
        var from: CalendarDate
        var to: CalendarDate?
        var value: Value
    }

    private var spans: [NameBytes: [Span]] = [:]

    /// Takes what a record says. - Precondition: no record before spoke about the same thing on the same days.
    /// - Complexity: cheapest in the order of days.
    mutating func add(_ record: FactRecord, _ value: Value) {
        let span = Span(from: record.effectiveFrom, to: record.effectiveTo, value: value)
        let key = record.key
        let place = spans[key]?.partitioned { $0.from <= span.from } ?? 0
        spans[key, default: []].insert(span, at: place)
    }

    /// What held of a thing on a day; `nil` where nothing did. The subject is as in ``FactRecord/subject``.
    subscript(subject: [String], day: CalendarDate) -> Value? {
        guard let spans = spans[FactRecord.key(subject)] else { return nil }
        // Spans don't overlap: only the last that begins by then can hold.
        let place = spans.partitioned { $0.from <= day }
        guard place > 0 else { return nil }
        let span = spans[place - 1]
        return span.to.map { day < $0 } ?? true ? span.value : nil
    }

    /// Whether anything that `matches` holds on some day of the range.
    func holdsAnything(in days: Range<CalendarDate>, where matches: (Value) -> Bool = { _ in true }) -> Bool {
        spans.values.contains { spans in
            spans.contains {
                $0.from < days.upperBound && ($0.to.map { days.lowerBound < $0 } ?? true) && matches($0.value)
            }
        }
    }

    /// The days inside a range on which something begins or ends to hold.
    func changes(in days: Range<CalendarDate>) -> Set<CalendarDate> {
        var changes: Set<CalendarDate> = []
        for span in spans.values.joined() {
            for day in [span.from, span.to].compactMap({ $0 }) where day > days.lowerBound && day < days.upperBound {
                changes.insert(day)
            }
        }
        return changes
    }
}
