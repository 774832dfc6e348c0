internal import Glibc

/// Time that only goes forward, for ages and timeouts; a parameter, so that tests move it by hand.
package protocol SteadyClock: Sendable {
    /// Milliseconds since some moment that doesn't change while the process runs.
    func nowMilliseconds() -> Int64
}

/// The system's monotonic time.
package struct SystemSteadyClock: SteadyClock {
    package init() {}

    package func nowMilliseconds() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec / 1_000_000)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down, cut to what 64 bits hold.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? .min : .max }
        return milliseconds + attoseconds / 1_000_000_000_000_000
    }
}
