internal import Synchronization

/// State under a lock, and the tasks that wait for it to change, without holding a thread, in order of arrival.
///
/// Whoever changes the state answers waiters: what an answer means (a permit, a connection's slot, a signal) is the
/// owner's. An answer is given to exactly one waiter, also where cancellation or the time limit comes at that moment.
package final class WaitQueue<State: Sendable, Answer: Sendable>: Sendable {
    fileprivate typealias Continuation = CheckedContinuation<Answer?, any Error>

    /// The tasks that wait, as whoever changes the state sees them.
    package struct Waiters: Sendable {
        fileprivate var waiting: [(id: UInt64, continuation: Continuation)] = []
        fileprivate var answered: [(Continuation, Result<Answer?, any Error>)] = []
        /// Those that are about to wait: a time limit that passes before they do finds them here.
        fileprivate var arriving: Set<UInt64> = []
        fileprivate var lastID: UInt64 = 0

        package var count: Int { waiting.count }

        /// Gives an answer to the task that has waited longest.
        ///
        /// - Returns: whether there was one; otherwise the answer is still the caller's.
        package mutating func answerFirst(_ answer: Answer) -> Bool {
            guard !waiting.isEmpty else { return false }
            answered.append((waiting.removeFirst().continuation, .success(answer)))
            return true
        }

        /// Ends every wait.
        package mutating func answerAll(_ answer: Result<Answer, any Error>) {
            for waiter in waiting { answered.append((waiter.continuation, answer.map { $0 })) }
            waiting.removeAll()
        }

        /// Ends one wait: returns whom to resume, or keeps one that is about to wait from doing so.
        fileprivate mutating func remove(_ id: UInt64) -> Continuation? {
            arriving.remove(id)
            guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return waiting.remove(at: index).continuation
        }
    }

    private struct Guarded {
        var state: State
        var waiters = Waiters()
    }

    private let guarded: Mutex<Guarded>

    package init(_ state: State) {
        guarded = Mutex(Guarded(state: state))
    }

    /// Looks at the state or changes it, and answers waiters.
    package func withLock<Result: Sendable>(_ body: (inout State, inout Waiters) -> Result) -> Result {
        let (result, answered) = guarded.withLock { guarded in
            let result = body(&guarded.state, &guarded.waiters)
            let answered = guarded.waiters.answered
            guarded.waiters.answered = []
            return (result, answered)
        }
        // After the lock is given back: what a resumed task does first may be to take it.
        for (continuation, answer) in answered { continuation.resume(with: answer) }
        return result
    }

    /// Returns what `decide` finds in the state or, while it finds nothing, waits to be answered.
    ///
    /// - Parameters:
    ///   - limit: the longest wait; `nil` for as long as it takes.
    ///   - decide: runs under the lock, told how many wait already, and may run twice; it changes the state only where
    ///     it returns an answer.
    /// - Returns: the answer; `nil` after `limit`.
    /// - Throws: `CancellationError` when the task is cancelled before it is answered; what `decide` throws.
    package func wait(
        atMost limit: Duration? = nil, _ decide: @Sendable (_ state: inout State, _ waiting: Int) throws -> Answer?
    ) async throws -> Answer? {
        let (id, answer) = try guarded.withLock { guarded in
            if Task.isCancelled { throw CancellationError() }
            guarded.waiters.lastID += 1
            let answer = try decide(&guarded.state, guarded.waiters.count)
            if answer == nil { guarded.waiters.arriving.insert(guarded.waiters.lastID) }
            return (guarded.waiters.lastID, answer)
        }
        if let answer { return answer }
        guard let limit else { return try await enqueue(id, decide) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Task.sleep(for: limit)
                if !Task.isCancelled { self.endWait(id, with: .success(nil)) }
            }
            defer { group.cancelAll() }
            return try await enqueue(id, decide)
        }
    }

    private func enqueue(
        _ id: UInt64, _ decide: @Sendable (inout State, Int) throws -> Answer?
    ) async throws -> Answer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let immediate = guarded.withLock { guarded -> Result<Answer?, any Error>? in
                    let isExpected = guarded.waiters.arriving.remove(id) != nil
                    // A cancellation that came before found nobody to resume; one that comes later finds the waiter.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    guard isExpected else { return .success(nil) }
                    do {
                        // Asked again: the state may have changed since it was asked first.
                        if let answer = try decide(&guarded.state, guarded.waiters.count) { return .success(answer) }
                    } catch {
                        return .failure(error)
                    }
                    guarded.waiters.waiting.append((id, continuation))
                    return nil
                }
                if let immediate { continuation.resume(with: immediate) }
            }
        } onCancel: {
            endWait(id, with: .failure(CancellationError()))
        }
    }

    private func endWait(_ id: UInt64, with result: Result<Answer?, any Error>) {
        guarded.withLock { $0.waiters.remove(id) }?.resume(with: result)
    }
}
