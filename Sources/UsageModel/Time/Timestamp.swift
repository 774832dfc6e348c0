/// A moment to the microsecond, as PostgreSQL keeps it: microseconds since 1970-01-01T00:00Z.
package struct Timestamp: Sendable, Hashable, Comparable {
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(milliseconds: Int64) {
        microseconds = milliseconds * 1_000
    }

    package init(seconds: Int64) {
        microseconds = seconds * 1_000_000
    }

    /// Rounded down.
    package var milliseconds: Int64 { microseconds.flooredDivision(by: 1_000) }
    /// Rounded down.
    package var seconds: Int64 { microseconds.flooredDivision(by: 1_000_000) }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}
