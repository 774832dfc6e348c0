/// A condition that did not come true in time.
package struct WaitTimeout: Error, CustomStringConvertible {
    package var description: String
}

/// Waits for a condition, looking again and again. The limit is how long a broken build may waste, not a claim about
/// speed.
package func waitUntil(
    _ what: String, within limit: Duration = .seconds(120), every interval: Duration = .milliseconds(10),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while try await !condition() {
        guard clock.now < deadline else { throw WaitTimeout(description: "waited \(limit) for: \(what)") }
        try await clock.sleep(for: interval)
    }
}
