/// Doubling waits between a first and a last bound, each shortened by up to half at random, so that several instances
/// that lost the same database don't return in step.
struct Backoff {
    private let first: Duration
    private let last: Duration
    private var bound: Duration

    init(first: Duration, last: Duration) {
        self.first = first
        self.last = last
        bound = first
    }

    /// The next wait: half the bound to all of it; the bound doubles.
    mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let wait = bound * Int.random(in: 500...1_000, using: &generator) / 1_000
        bound = min(bound * 2, last)
        return wait
    }

    mutating func reset() {
        bound = first
    }
}
