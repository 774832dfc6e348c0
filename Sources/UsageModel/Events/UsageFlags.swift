/// What is said of an event's counts beside whom and what they are of: part of the key that they are summed under, so
/// that a figure can tell them apart.
package struct UsageFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    @inlinable
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable
    package init(isEstimated: Bool, isTakenBack: Bool) {
        self.init(rawValue: (isEstimated ? 1 : 0) | (isTakenBack ? 2 : 0))
    }

    /// Somebody's estimate, where the engine that served the call didn't say what it used.
    package static let estimated = UsageFlags(rawValue: 1)
    /// Counted before, and to be subtracted: the counts themselves are never negative.
    package static let takenBack = UsageFlags(rawValue: 2)

    /// All flags at once: the largest raw value.
    package static let all: UsageFlags = [.estimated, .takenBack]
}
