/// A condition that didn't come true in time.
package struct NeverHappened: Error, CustomStringConvertible {
    package var what: String
    package var limit: Duration
    package var last: String
    package init(what: String, limit: Duration, last: String = "") {
        self.what = what
        self.limit = limit
        self.last = last
    }

    package var description: String { "waited \(limit) for: \(what)\(last.isEmpty ? "" : " (last: \(last))")" }
}

/// Waits for a condition, looking again and again; an error of the condition ends the waiting.
///
/// The limit is how long a broken build may waste, not a claim about speed: it is far above what a slow, shared
/// machine needs.
package func eventually(
    _ what: String, within limit: Duration = .seconds(180), every interval: Duration = .milliseconds(50),
    last: () -> String = { "" }, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !(try await condition()) {
        guard clock.now < deadline else { throw NeverHappened(what: what, limit: limit, last: last()) }
        try await Task.sleep(for: interval)
    }
}
