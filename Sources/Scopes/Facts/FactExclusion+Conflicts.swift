internal import UsageModel

extension FactExclusion {
    /// Pairs of records about different keys that can't both hold on some day, as places in the list; each record
    /// stands second in one pair at most, and where there is any conflict there is a pair.
    ///
    /// The days are gone through in order. Records that hold on the day have ranges that don't overlap, so that one
    /// that begins is compared with its neighbour below its end alone; one in conflict isn't taken in.
    ///
    /// - Parameter records: all of the same shared columns.
    /// - Complexity: O(*n* log *n*).
    func conflicts(among records: [FactRecord]) -> [(Int, Int)] {
        let ranges = records.map(range)
        let keys = records.map(\.key)
        let starts = Array(Set(ranges.map(\.lowerBound))).sorted()
        var holding = OrderedPlaces(count: starts.count)
        /// The record that holds at each start, by the place of the start.
        var holders = [Int?](repeating: nil, count: starts.count)
        var conflicts: [(Int, Int)] = []
        for event in Self.events(of: records) {
            let (index, range) = (event.record, ranges[event.record])
            let place = starts.partitioned { $0 < range.lowerBound }
            guard event.isStart else {
                if holders[place] == index {
                    holders[place] = nil
                    holding.remove(place)
                }
                continue
            }
            let below = holding.last(before: starts.partitioned { $0 < range.upperBound })
            guard let below, let other = holders[below], ranges[other].upperBound > range.lowerBound else {
                holders[place] = index
                holding.insert(place)
                continue
            }
            if keys[other] != keys[index] {
                conflicts.append((other, index))
            } else if records[index].ends(after: records[other]) {
                holders[place] = index
            }
        }
        return conflicts
    }

    private struct Event {
        var day: CalendarDate
        var isStart: Bool
        var record: Int
    }

    /// The days on which records begin and end, ends first.
    private static func events(of records: [FactRecord]) -> [Event] {
        var events: [Event] = []
        for (index, record) in records.enumerated() {
            events.append(Event(day: record.effectiveFrom, isStart: true, record: index))
            if let end = record.effectiveTo { events.append(Event(day: end, isStart: false, record: index)) }
        }
        return events.sorted { one, other in
            if one.day != other.day { return one.day < other.day }
            if one.isStart != other.isStart { return !one.isStart }
            return one.record < other.record
        }
    }
}

/// A set of places 0 ..< count that finds the last one before another in O(log *count*): a binary tree of how many are
/// in each half.
private struct OrderedPlaces {
    private let leaves: Int
    private var counts: [Int]

    init(count: Int) {
        var leaves = 1
        while leaves < count { leaves *= 2 }
        self.leaves = leaves
        counts = [Int](repeating: 0, count: 2 * leaves)
    }

    mutating func insert(_ place: Int) {
        if counts[leaves + place] == 0 { add(1, at: place) }
    }

    mutating func remove(_ place: Int) {
        if counts[leaves + place] == 1 { add(-1, at: place) }
    }

    private mutating func add(_ change: Int, at place: Int) {
        var node = leaves + place
        while node > 0 {
            counts[node] += change
            node /= 2
        }
    }

    func last(before end: Int) -> Int? {
        guard end > 0 else { return nil }
        var node = leaves + end - 1
        if counts[node] > 0 { return end - 1 }
        // Up until a left neighbour has one, then down to its last.
        while node > 1, node % 2 == 0 || counts[node - 1] == 0 { node /= 2 }
        guard node > 1 else { return nil }
        node -= 1
        while node < leaves { node = counts[2 * node + 1] > 0 ? 2 * node + 1 : 2 * node }
        return node - leaves
    }
}

extension Array {
    /// How many elements come first for which `isBefore` holds, in a list where none follows for which it doesn't.
    func partitioned(_ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
