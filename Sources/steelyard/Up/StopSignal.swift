internal import Synchronization
internal import UnixSignals

/// Ctrl-C or SIGTERM, as something that can be awaited. A second one changes nothing: stopping goes on in its order.
final class StopSignal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let isSet = Mutex(false)

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Watches for SIGINT, SIGTERM and SIGHUP until the task is cancelled.
    func watch() async {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) { stop() }
    }

    func stop() {
        isSet.withLock { $0 = true }
        continuation.finish()
    }

    var isStopping: Bool { isSet.withLock { $0 } }

    /// Returns when stopping is asked for, or the task is cancelled.
    func wait() async {
        for await _ in stream {}
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
