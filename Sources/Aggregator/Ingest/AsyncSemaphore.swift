internal import Synchronization

/// Lets so many tasks through at once; the others wait in order, without holding a thread.
package final class AsyncSemaphore: Sendable {
    private struct State {
        var free: Int
        var nextID: UInt64 = 0
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private enum Arrival {
        case through
        case cancelled
        case waits
    }

    private let state: Mutex<State>

    package init(places: Int) {
        precondition(places > 0, "a semaphore without places")
        state = Mutex(State(free: places))
    }

    /// Waits for a place, runs `body`, gives the place back.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits; what `body` throws.
    package func withPlace<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch arrive(id, continuation) {
                case .through: continuation.resume()
                case .cancelled: continuation.resume(throwing: CancellationError())
                case .waits: break
                }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func arrive(_ id: UInt64, _ continuation: CheckedContinuation<Void, any Error>) -> Arrival {
        state.withLock { state in
            if Task.isCancelled { return .cancelled }
            if state.free > 0 {
                state.free -= 1
                return .through
            }
            state.waiting.append((id, continuation))
            return .waits
        }
    }

    private func giveUp(_ id: UInt64) {
        let found = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index).continuation
        }
        found?.resume(throwing: CancellationError())
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }
}
