/// The time of day as a parameter, so that tests move it by hand.
package protocol WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00Z.
    func nowMilliseconds() -> Int64
}
