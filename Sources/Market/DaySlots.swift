/// The parts that a day is divided into, each summed up in one event.
struct DaySlots {
    struct Slot {
        /// The minutes of the day that its event can fall on: those whose hour weighs something.
        var minutes: [UInt64]
        /// Each minute weighs as much as its hour.
        var weight: UInt128
    }

    private struct Key: Hashable {
        var count: Int
        var hours: [UInt64]
    }

    private var known: [Key: [Slot]] = [:]
    private var dayMinutes: UInt64 = 0

    /// Days are as long as the zone has them: one with a clock change has an hour more or less.
    mutating func startDay(minutes: UInt64) {
        guard minutes != dayMinutes else { return }
        known.removeAll()
        dayMinutes = minutes
    }

    /// - Parameters:
    ///   - count: how many slots the day has.
    ///   - hours: twenty-four weights, from midnight, at least one of them not zero.
    mutating func slots(count: Int, hours: [UInt64]) -> [Slot] {
        let key = Key(count: count, hours: hours)
        if let slots = known[key] { return slots }
        let slots = (0..<UInt64(count)).map { slot in
            let range = slot * dayMinutes / UInt64(count)..<(slot + 1) * dayMinutes / UInt64(count)
            let weights = range.map { hours[Int($0 * 24 / dayMinutes)] }
            return Slot(
                minutes: zip(range, weights).filter { $0.1 > 0 }.map(\.0), weight: UInt128(weights.reduce(0, +)))
        }
        known[key] = slots
        return slots
    }
}
