internal import Scopes
internal import Usage

/// What is held about one tenant, and what a new statement does to it: pure, on half-open spans of days.
struct RegistryTimeline {
    /// A held entry and the number it is stored under.
    struct Held: Equatable {
        var id: Int64
        var entry: RegistryEntry
    }

    /// What has to be written to hold a set of new entries.
    struct Change: Equatable {
        /// Stored entries that are superseded.
        var superseded: [Int64] = []
        /// New entries, as they are in the file.
        var asserted: [RegistryEntry] = []
        /// Parts of superseded entries that still hold.
        var remainders: [RegistryEntry] = []
        /// New entries that say what is held already.
        var unchanged = 0
    }

    /// Applies entries that don't overlap with each other to held ones that don't either.
    static func change(held: [Held], by entries: [RegistryEntry]) -> Change {
        var change = Change()
        var effective: [RegistryEntry] = []
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

extension RegistryEntry {
    /// Whether `other` adds nothing to this: the same words about days that this covers.
    func says(_ other: RegistryEntry) -> Bool {
        kind == other.kind && legalEntity == other.legalEntity && reason == other.reason
            && effectiveFrom <= other.effectiveFrom && !ends(before: other)
    }

    private func ends(before other: RegistryEntry) -> Bool {
        guard let effectiveTo else { return false }
        return other.effectiveTo.map { effectiveTo < $0 } ?? true
    }

    /// The parts of this on days that `other` doesn't speak about: none, one or two.
    func without(_ other: RegistryEntry) -> [RegistryEntry] {
        guard overlaps(other) else { return [self] }
        var parts: [RegistryEntry] = []
        if effectiveFrom < other.effectiveFrom {
            var before = self
            before.effectiveTo = other.effectiveFrom
            parts.append(before)
        }
        if let end = other.effectiveTo, effectiveTo.map({ end < $0 }) ?? true {
            var after = self
            after.effectiveFrom = end
            parts.append(after)
        }
        return parts
    }
}
