internal import UsageModel

/// Wakes one waiting loop: commits signal the rollup job, so that it needn't wait for its next poll.
///
/// Signals that come while nobody waits are kept as one.
package final class WakeSignal: Sendable {
    /// Whether a signal came that no wait has taken.
    private let isPending = WaitQueue<Bool, Void>(false)

    package init() {}

    /// Wakes the waiting loop, or lets its next wait return at once.
    package func callAsFunction() {
        isPending.withLock { isPending, waiters in if !waiters.answerFirst(()) { isPending = true } }
    }

    /// Waits for a signal, for `limit`, or for cancellation, whichever comes first.
    package func wait(atMost limit: Duration) async {
        _ = try? await isPending.wait(atMost: limit) { isPending, _ in
            guard isPending else { return nil }
            isPending = false
            return ()
        }
    }
}
