internal import Logging
internal import NIOPosix
internal import Synchronization
internal import UsageModel

/// Which slots are free, without any I/O.
struct PoolState: Sendable {
    /// Free slots; the last was used last and is taken first, so that idle connections stay idle.
    var free: [Int]
    /// Connections of an older generation are replaced before their next use.
    var generation = 0
    var isClosed = false

    init(slots: Int) {
        free = Array((0..<slots).reversed())
    }
}

extension ConnectionPool {
    /// A slot of the caller's own, at once or after waiting; give it back with ``release(_:)``.
    func lease() async throws -> Int {
        let maxWaiters = poolOptions.maxWaiters
        let slot = try await state.wait(atMost: poolOptions.waitTimeout) { state, waiting in
            if state.isClosed { throw Self.closedError }
            if let slot = state.free.popLast() { return slot }
            guard waiting < maxWaiters else {
                throw PostgresError(
                    .poolFull, "All database connections are in use and \(waiting) callers wait already.")
            }
            return nil
        }
        guard let slot else { throw timeoutError }
        return slot
    }

    /// Gives the slot to who has waited longest, if anybody waits.
    func release(_ slot: Int) {
        state.withLock { state, waiters in if !waiters.answerFirst(slot) { state.free.append(slot) } }
    }

    private var timeoutError: PostgresError {
        PostgresError(
            .poolTimeout, "No database connection became free within \(poolOptions.waitTimeout).",
            hint: "All \(slots.count) are in use. Raise the pool's size or look for slow statements.")
    }

    /// On a pool thread: opens or replaces the slot's connection where needed, and runs `body` with it.
    func use<Value: Sendable>(_ index: Int, _ body: @Sendable (Connection) throws -> Value) throws -> Value {
        let slot = slots[index]
        let current = state.withLock { state, _ in state.generation }
        return try slot.connection.withLock { held in
            if slot.generation.withLock({ $0 }) != current { held = nil }
            if let open = held, !open.isUsable { held = nil }
            let connection = try held ?? Connection(options)
            held = connection
            slot.generation.withLock { $0 = current }
            do {
                let value = try body(connection)
                if !connection.isUsable { held = nil }
                return value
            } catch {
                if !connection.isUsable { held = nil }
                noteServerState(error)
                throw error
            }
        }
    }

    /// A server that has become read-only was a primary once: no connection to it is of use any more.
    private func noteServerState(_ error: any Error) {
        guard let error = error as? PostgresError, error.code == .readOnlyTransaction else { return }
        guard options.requiresReadWrite else { return }
        logger.warning("the database server is read-only; all connections are replaced")
        discardAllConnections()
    }
}
