internal import Glibc

/// The time of day as a parameter, so that tests move it by hand.
package protocol WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00Z.
    func nowMilliseconds() -> Int64
}

/// Time that only goes forward, for ages and timeouts; a parameter, so that tests move it by hand.
package protocol SteadyClock: Sendable {
    /// Milliseconds since some moment that doesn't change while the process runs.
    func nowMilliseconds() -> Int64
    /// Waits until this clock has gone on by so much.
    ///
    /// - Throws: `CancellationError` where the task is cancelled first.
    func sleep(for duration: Duration) async throws
}

/// The system's time of day.
package struct SystemWallClock: WallClock {
    package init() {}

    package func nowMilliseconds() -> Int64 { milliseconds(of: CLOCK_REALTIME) }
}

/// The system's monotonic time.
package struct SystemSteadyClock: SteadyClock {
    package init() {}

    package func nowMilliseconds() -> Int64 { milliseconds(of: CLOCK_MONOTONIC) }

    package func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

private func milliseconds(of clock: clockid_t) -> Int64 {
    var now = timespec()
    unsafe clock_gettime(clock, &now)
    return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec / 1_000_000)
}
