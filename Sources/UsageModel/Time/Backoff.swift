/// Doubling waits between a first and a last bound, after failures in a row.
package struct Backoff: Sendable {
    /// How a wait is drawn below its bound.
    package enum Jitter: Sendable {
        /// The bound itself: for a wait that is announced.
        case none
        /// Half the bound to all of it: several processes that lost the same database don't return in step.
        case half
        /// Nothing to all of the bound: for many that contend for one row.
        case full
    }

    /// So many doublings reach any last bound.
    private static let maxDoublings = 16

    private let first: Duration
    private let last: Duration
    private let jitter: Jitter
    private var attempts = 0

    package init(first: Duration, last: Duration, jitter: Jitter = .half) {
        self.first = first
        self.last = last
        self.jitter = jitter
    }

    /// The longest wait after so many failures in a row, from 1.
    package func bound(afterFailures failures: Int) -> Duration {
        min(first * (1 << min(max(failures, 1) - 1, Self.maxDoublings)), last)
    }

    /// The next wait; the bound of the one after it doubles.
    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        attempts += 1
        let bound = bound(afterFailures: attempts)
        return switch jitter {
        case .none: bound
        case .half: bound * Int.random(in: 500...1_000, using: &generator) / 1_000
        case .full: bound * Int.random(in: 0...1_000, using: &generator) / 1_000
        }
    }

    /// Something succeeded: the next wait is a first one.
    package mutating func reset() {
        attempts = 0
    }
}
