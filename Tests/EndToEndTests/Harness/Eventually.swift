/// A condition that didn't come true in time.
struct NeverHappened: Error, CustomStringConvertible {
    var what: String
    var limit: Duration
    var last: String
    var description: String { "waited \(limit) for: \(what)\(last.isEmpty ? "" : " (last: \(last))")" }
}

/// Waits for a condition, looking again and again; an error of the condition ends the waiting.
///
/// The limit is how long a broken build may waste, not a claim about speed: it is far above what a slow, shared
/// machine needs.
func eventually(
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
