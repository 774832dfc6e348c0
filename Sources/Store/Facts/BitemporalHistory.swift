internal import Scopes

/// What is held about one thing, and what new statements do to it: pure, on half-open spans of days.
struct BitemporalHistory<Entry: EffectiveDated> {
    /// A held entry and the number it is stored under.
    struct Held: Equatable {
        var id: Int64
        var entry: Entry
    }

    /// What has to be written to hold a set of new entries.
    struct Change: Equatable {
        /// Stored entries that are superseded.
        var superseded: [Int64] = []
        /// New entries, as they are in the file.
        var asserted: [Entry] = []
        /// Parts of superseded entries that still hold.
        var remainders: [Entry] = []
        /// New entries that say what is held already.
        var unchanged = 0
    }

    /// Applies entries that don't overlap with each other to held ones that don't either.
    static func change(held: [Held], by entries: [Entry]) -> Change {
        var change = Change()
        var effective: [Entry] = []
        for entry in entries {
            if held.contains(where: { $0.entry.says(entry) }) {
                change.unchanged += 1
            } else {
                effective.append(entry)
            }
        }
        change.asserted = effective
        for old in held where effective.contains(where: { $0.overlaps(old.entry) }) {
            change.superseded.append(old.id)
            change.remainders += effective.reduce([old.entry]) { parts, entry in parts.flatMap { $0.without(entry) } }
        }
        return change
    }
}
