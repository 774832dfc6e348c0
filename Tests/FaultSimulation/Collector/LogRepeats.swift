internal import UsageModel

/// Records of one id as a log's writer brings them: events again, running totals, parts of calls; in any order, some of
/// them later.
///
/// The input of a call's greatest record, or of its parts together, is what the oracle knows the event by. Smaller
/// records and other parts have output alone.
struct LogRepeats {
    /// A line that says something of an event.
    struct Record {
        var event: Oracle.Events
        var line: [UInt8]
    }

    /// Records that may come again.
    private static let keptRecords = 40

    private let repeats: IDRepeats
    private var random: SimulationRandom
    /// Those that come later.
    private var delayed: [Record] = []
    /// Those that were written last.
    private var written: [Record] = []

    init(_ repeats: IDRepeats, _ random: SimulationRandom) {
        self.repeats = repeats
        self.random = random
    }

    /// The records that are written now, of these events and of earlier ones.
    mutating func records(of events: Oracle.Events) -> [Record] {
        var records = events.places.flatMap { self.records(of: events.key, $0) }
        // One that wasn't written before is the first: a file that begins as another one did is held to be that one.
        // What was delayed may be such a one.
        let first = records.remove(at: random.below(records.count))
        records += delayed
        delayed = []
        while !written.isEmpty, random.chance(300) { records.append(written[random.below(written.count)]) }
        for index in records.indices.reversed() { records.swapAt(index, random.below(index + 1)) }
        records.insert(first, at: 0)
        let count = records.count - random.below(1 + records.count / 3)
        delayed = Array(records[count...])
        return note(Array(records[..<count]))
    }

    /// The records that are still to be written.
    mutating func finish() -> [Record] {
        defer { delayed = [] }
        return delayed
    }

    private mutating func note(_ records: [Record]) -> [Record] {
        written = Array((written + records).suffix(Self.keptRecords))
        return records
    }

    private mutating func records(of key: Oracle.Key, _ place: Int) -> [Record] {
        let event = Oracle.Events(key: key, places: place..<place + 1)
        let id = "\(key.tenant)-\(place)"
        func record(input: UInt64, output: UInt64) -> Record {
            Record(event: event, line: LogWriter.line(key, id: id, input: input, output: output))
        }
        let tokens = Oracle.tokens(place)
        switch repeats {
        case .once: return [record(input: tokens, output: 0)]
        // Each of them has fewer tokens than the last.
        case .last:
            let first = (0..<UInt64(random.below(3))).map { record(input: 0, output: $0 + 1) }
            return first + [record(input: tokens, output: 9)]
        case .sum: return [record(input: tokens, output: 0)] + (random.chance(700) ? [record(input: 0, output: 3)] : [])
        }
    }
}
