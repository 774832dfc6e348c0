/// An invariant that didn't hold.
package struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Invariant: String, Sendable {
        /// What was acknowledged, and nothing that wasn't emitted, is counted.
        case exact = "I1"
        /// Everything is counted at most once.
        case once = "I2"
        /// After healing everything drains by itself.
        case drains = "I7"
        /// What was refused is not counted, and what was rejected is reported.
        case accounted = "I9"
        /// Nothing is acknowledged before it is on the disk.
        case durable = "I10"
    }

    package var invariant: Invariant
    package var detail: String

    init(_ invariant: Invariant, _ detail: String) {
        self.invariant = invariant
        self.detail = detail
    }

    package var description: String { "\(invariant.rawValue): \(detail)" }
}
