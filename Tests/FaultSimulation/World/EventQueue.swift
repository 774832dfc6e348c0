/// Something that happens at a time.
enum Event {
    /// A client pushes events to a collector.
    case push(Int)
    /// A program writes records to the log that a collector follows.
    case append(Int)
    /// A program writes an export anew.
    case writeExport(Int)
    /// The log is rotated.
    case rotate(Int)
    /// A pushed request comes back from its yield and wants to be durable.
    case makeDurable(Int, incarnation: Int, CollectorRun.Pushed)
    case tick(Int, incarnation: Int)
    case arrive(Request)
    case answer(Request, Answer)
    /// The client's deadline is over.
    case giveUp(Request)
    /// The time to wait before the next request is over.
    case resume(Int, incarnation: Int)
    case start(Int)
    case fault
    case faultEnds(FaultKind, Int)
    case backup
    case heal
    case inspect
}

/// Events by time; those of one time in the order they were added.
struct EventQueue {
    private struct Entry {
        var time: Int64
        var event: Event
    }

    /// The next one last.
    private var entries: [Entry] = []

    mutating func add(_ event: Event, at time: Int64) {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].time < time {
                high = middle
            } else if entries[middle].time > time {
                low = middle + 1
            } else {
                high = middle
            }
        }
        entries.insert(Entry(time: time, event: event), at: low)
    }

    mutating func next() -> (time: Int64, event: Event)? {
        entries.popLast().map { ($0.time, $0.event) }
    }
}
