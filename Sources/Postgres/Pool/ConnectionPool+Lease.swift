internal import Logging
internal import NIOPosix
internal import Synchronization

/// Which slots are free and who waits, without any I/O.
struct PoolState {
    enum Answer: Sendable {
        case leased(Int)
        case failed(any Error)
    }

    typealias Waiter = CheckedContinuation<Answer, Never>

    /// Free slots; the last was used last and is taken first, so that idle connections stay idle.
    var free: [Int]
    /// In order of arrival. Dictionaries keep no order, so the ids do: they rise.
    var waiters: [(id: UInt64, waiter: Waiter)] = []
    var nextID: UInt64 = 0
    var generation = 0
    var isClosed = false
    let maxWaiters: Int

    init(slots: Int, maxWaiters: Int) {
        free = Array((0..<slots).reversed())
        self.maxWaiters = maxWaiters
    }

    /// A slot at once, or `nil` where one has to wait.
    mutating func tryLease() throws -> Int? {
        if isClosed { throw ConnectionPool.closedError }
        if let slot = free.popLast() { return slot }
        guard waiters.count < maxWaiters else {
            throw PostgresError(
                .poolFull, "All database connections are in use and \(waiters.count) callers wait already.")
        }
        return nil
    }

    /// Queues a waiter; returns it with its answer where it need not wait (any more).
    mutating func enqueue(_ waiter: Waiter, id: UInt64) -> Answer? {
        if isClosed { return .failed(ConnectionPool.closedError) }
        if let slot = free.popLast() { return .leased(slot) }
        waiters.append((id: id, waiter: waiter))
        return nil
    }

    mutating func withdraw(id: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    /// Takes a slot back; returns who gets it next.
    mutating func release(_ slot: Int) -> Waiter? {
        if waiters.isEmpty {
            free.append(slot)
            return nil
        }
        return waiters.removeFirst().waiter
    }

    mutating func close() -> [Waiter] {
        isClosed = true
        defer { waiters.removeAll() }
        return waiters.map(\.waiter)
    }
}

extension ConnectionPool {
    func lease() async throws -> Int {
        try Task.checkCancellation()
        let (slot, id) = try state.withLock { state in
            state.nextID += 1
            return (try state.tryLease(), state.nextID)
        }
        if let slot { return slot }
        switch await waitOrTimeOut(id: id) {
        case .leased(let slot): return slot
        case .failed(let error): throw Task.isCancelled ? CancellationError() : error
        case nil: throw Task.isCancelled ? CancellationError() : timeoutError
        }
    }

    /// Waits beside a timer; whichever ends first cancels the other. `nil` means that the timer won.
    private func waitOrTimeOut(id: UInt64) async -> PoolState.Answer? {
        await withTaskGroup(of: PoolState.Answer?.self) { group in
            group.addTask { await self.wait(id: id) }
            group.addTask {
                try? await Task.sleep(for: self.poolOptions.waitTimeout)
                return nil
            }
            var answer: PoolState.Answer?
            for await result in group {
                if let result { answer = result }
                group.cancelAll()
            }
            if case .failed(let error) = answer, error is CancellationError { return nil }
            return answer
        }
    }

    func release(_ slot: Int) {
        state.withLock { $0.release(slot) }?.resume(returning: .leased(slot))
    }

    private func wait(id: UInt64) async -> PoolState.Answer {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let answer = state.withLock { $0.enqueue(waiter, id: id) }
                if let answer { waiter.resume(returning: answer) }
                // A cancellation that came before the waiter was queued found nobody to wake.
                if Task.isCancelled { giveUp(id: id, error: CancellationError()) }
            }
        } onCancel: {
            giveUp(id: id, error: CancellationError())
        }
    }

    private func giveUp(id: UInt64, error: any Error) {
        state.withLock { $0.withdraw(id: id) }?.resume(returning: .failed(error))
    }

    private var timeoutError: PostgresError {
        PostgresError(
            .poolTimeout, "No database connection became free within \(poolOptions.waitTimeout).",
            hint: "All \(slots.count) are in use. Raise the pool's size or look for slow statements.")
    }

    /// On a pool thread: opens or replaces the slot's connection where needed, and runs `body` with it.
    func use<Value: Sendable>(_ index: Int, _ body: @Sendable (Connection) throws -> Value) throws -> Value {
        let slot = slots[index]
        let current = state.withLock { $0.generation }
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
