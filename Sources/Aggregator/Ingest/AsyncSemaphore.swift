internal import UsageModel

/// Lets so many tasks through at once; the others wait in order, without holding a thread.
package final class AsyncSemaphore: Sendable {
    /// The permits that are free, and who waits for one.
    private let free: WaitQueue<Int, Void>

    package init(permits: Int) {
        precondition(permits > 0, "a semaphore without permits")
        free = WaitQueue(permits)
    }

    /// Waits for a permit, runs `body`, gives the permit back.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits; what `body` throws.
    package func withPermit<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        _ = try await free.wait { free, _ in
            guard free > 0 else { return nil }
            free -= 1
            return ()
        }
        // A permit that somebody waits for is handed on; it never becomes free, so that nobody overtakes the waiter.
        defer { free.withLock { free, waiters in if !waiters.answerFirst(()) { free += 1 } } }
        return try await body()
    }
}
