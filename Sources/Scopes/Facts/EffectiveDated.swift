package import UsageModel

/// A statement that holds for a span of days: what a tenant is, who made a model, what a month's revenue was.
package protocol EffectiveDated: Sendable, Hashable {
    /// The first day on which it holds, in the reporting calendar.
    var effectiveFrom: CalendarDate { get set }
    /// The first day on which it doesn't hold any more, or `nil` for no end in visibility.
    var effectiveTo: CalendarDate? { get set }

    /// Whether the two speak about the same thing, on whatever days. Names are compared by their bytes.
    func isAboutTheSame(as other: Self) -> Bool
    /// Whether the two say the same of it, on whatever days.
    func saysTheSame(as other: Self) -> Bool
}

extension EffectiveDated {
    /// Whether the two speak about the same thing on some day.
    package func overlaps(_ other: Self) -> Bool { isAboutTheSame(as: other) && overlapsInTime(other) }

    /// Whether some day belongs to both, whatever they are about.
    package func overlapsInTime(_ other: Self) -> Bool {
        (effectiveTo.map { other.effectiveFrom < $0 } ?? true) && (other.effectiveTo.map { effectiveFrom < $0 } ?? true)
    }

    /// Whether it holds longer than `other`.
    package func ends(after other: Self) -> Bool {
        guard let effectiveTo else { return other.effectiveTo != nil }
        return other.effectiveTo.map { effectiveTo > $0 } ?? false
    }

    /// Whether `other` adds nothing to this: the same words about days that this covers.
    package func says(_ other: Self) -> Bool {
        saysTheSame(as: other) && effectiveFrom <= other.effectiveFrom && !other.ends(after: self)
    }

    /// The parts of this on days that `other` doesn't speak about: none, one or two.
    package func without(_ other: Self) -> [Self] {
        guard overlaps(other) else { return [self] }
        var parts: [Self] = []
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

    /// The days it holds on, as written in messages: `2025-01-01 to 2025-06-30`.
    package var span: String {
        guard let effectiveTo else { return "\(effectiveFrom) onwards" }
        return "\(effectiveFrom) to \(CalendarDate(days: effectiveTo.days - 1))"
    }
}

/// A statement and the line of a file that it stands on.
struct Located<Statement: EffectiveDated> {
    var statement: Statement
    var line: Int

    /// The pairs of statements about one thing that share a day, the earlier line first.
    static func overlaps(among statements: [Located]) -> [(first: Located, second: Located)] {
        var pairs: [(first: Located, second: Located)] = []
        let sorted = statements.sorted {
            ($0.statement.effectiveFrom, $0.line) < ($1.statement.effectiveFrom, $1.line)
        }
        guard var latest = sorted.first else { return [] }
        // The one that ends last so far: the next may overlap with it rather than with its neighbour.
        for next in sorted.dropFirst() {
            if latest.statement.overlapsInTime(next.statement) {
                pairs.append(latest.line < next.line ? (latest, next) : (next, latest))
            }
            if latest.statement.effectiveTo != nil, !latest.statement.ends(after: next.statement) { latest = next }
        }
        return pairs
    }
}
