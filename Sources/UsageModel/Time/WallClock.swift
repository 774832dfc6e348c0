internal import Glibc

/// The time of day as a parameter, so that tests move it by hand.
package protocol WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00Z.
    func nowMilliseconds() -> Int64
}

/// The system's time of day.
package struct SystemWallClock: WallClock {
    package init() {}

    package func nowMilliseconds() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec / 1_000_000)
    }
}
