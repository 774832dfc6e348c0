internal import Synchronization
internal import UnixSignals

/// Ctrl-C or SIGTERM, as something that any number of tasks can wait for. A second one changes nothing: stopping goes
/// on in its order.
final class StopSignal: Sendable {
    private struct State {
        var isSet = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Waiters that were cancelled before they could wait.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Watches for SIGINT, SIGTERM and SIGHUP until the task is cancelled.
    func watch() async {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) { stop() }
    }

    func stop() {
        let waiters = state.withLock { state in
            state.isSet = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    var isStopping: Bool { state.withLock { $0.isSet } }

    /// Returns when stopping is asked for, or the task is cancelled.
    func wait() async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isSet || state.cancelled.contains(id) { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.cancelled.insert(id)
                return state.waiters.removeValue(forKey: id)
            }
            waiter?.resume()
        }
        _ = state.withLock { $0.cancelled.remove(id) }
    }

    /// Runs `work` until it ends or stopping is asked for.
    ///
    /// - Returns: `nil` where it was stopped.
    func racing<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await self.wait()
                return nil
            }
            let first = try await group.next()
            group.cancelAll()
            return first ?? nil
        }
    }
}
