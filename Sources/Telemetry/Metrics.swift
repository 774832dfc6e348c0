internal import Synchronization

/// A number that only rises, such as events counted since the process started.
///
/// Cheap enough for hot paths when it is raised once per chunk, not once per event: one atomic addition.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    package func increment(by amount: UInt64 = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down, such as bytes in the spool. Durations are in seconds.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    package init() {}

    package func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    package func set(_ value: Int) {
        set(Double(value))
    }

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Counts of observations by size, such as request durations in seconds.
package final class Histogram: Sendable {
    private struct State {
        var buckets: [UInt64]
        var count: UInt64 = 0
        var sum: Double = 0
    }

    /// Upper bounds, inclusive, rising; what is above the last one only shows in the count.
    package let bounds: [Double]
    private let state: Mutex<State>

    package init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(buckets: Array(repeating: 0, count: bounds.count)))
    }

    package func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 }
        state.withLock {
            if let bucket { $0.buckets[bucket] += 1 }
            $0.count += 1
            $0.sum += value
        }
    }

    package func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    /// Observations up to each bound, cumulative as Prometheus wants them, with their count and sum.
    package func snapshot() -> (cumulative: [UInt64], count: UInt64, sum: Double) {
        state.withLock { state in
            var running: UInt64 = 0
            let cumulative = state.buckets.map { bucket in
                running += bucket
                return running
            }
            return (cumulative, state.count, state.sum)
        }
    }

    /// From a millisecond to a minute, in seconds: requests and disk syncs.
    package static let durationBounds: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60]
}
