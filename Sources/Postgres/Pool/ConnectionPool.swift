package import Logging
internal import NIOPosix
internal import Synchronization
internal import UsageModel

/// How large a pool may grow, and how long one may wait for it.
package struct PoolOptions: Sendable {
    /// The most connections, and threads to serve them.
    package var maxConnections: Int
    /// How long a caller waits for a free connection before it gets ``PostgresError/Code/poolTimeout``.
    package var waitTimeout: Duration
    /// The most callers that may wait; the next gets ``PostgresError/Code/poolFull`` at once.
    package var maxWaiters: Int

    package init(maxConnections: Int = 8, waitTimeout: Duration = .seconds(10), maxWaiters: Int = 1_000) {
        self.maxConnections = maxConnections
        self.waitTimeout = waitTimeout
        self.maxWaiters = maxWaiters
    }
}

/// Connections to one database, used from threads of their own: libpq blocks, and Swift's cooperative threads must not.
///
/// Connections are opened when first needed, looked at before each use, and replaced when broken. Whatever a closure
/// does, its slot returns to the pool.
///
/// ```swift
/// let position = try await pool.withConnection { connection in
///     try connection.query("SELECT position FROM rollup_state").one().decode(0, as: Int64.self)
/// }
/// ```
package final class ConnectionPool: Sendable {
    package let options: ConnectionOptions
    package let poolOptions: PoolOptions
    let logger: Logger
    let threads: NIOThreadPool
    let slots: [Slot]
    let state: WaitQueue<PoolState, Int>

    package init(_ options: ConnectionOptions, pool: PoolOptions = PoolOptions(), logger: Logger) {
        precondition(pool.maxConnections > 0, "a pool of \(pool.maxConnections) connections")
        self.options = options
        poolOptions = pool
        self.logger = logger
        threads = NIOThreadPool(numberOfThreads: pool.maxConnections)
        slots = (0..<pool.maxConnections).map { _ in Slot() }
        state = WaitQueue(PoolState(slots: pool.maxConnections))
        threads.start()
    }

    deinit {
        threads.shutdownGracefully { _ in }
    }

    /// Runs `body` with a connection on one of the pool's threads.
    ///
    /// A task that is cancelled while it waits gets `CancellationError`; once `body` runs it runs to its end, within
    /// the statement timeout.
    package func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        let index = try await lease()
        do {
            let value = try await threads.runIfActive { try self.use(index, body) }
            release(index)
            return value
        } catch {
            release(index)
            throw error
        }
    }

    /// Runs `body` in a transaction; see ``Connection/transaction(_:_:)``.
    ///
    /// - Parameter retry: how often to try again after an error that ``PostgresError/isRetryable``. A transaction
    ///   whose commit is unknown is only tried again when the policy says that `body` looks its own key up first.
    package func withTransaction<Value: Sendable>(
        _ transaction: TransactionOptions = .readWrite, retry: RetryPolicy = .none,
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        try await retry.run { try await self.withConnection { try $0.transaction(transaction, body) } }
    }

    /// Makes every open connection be replaced before its next use: after a failover they lead to the wrong server.
    package func discardAllConnections() {
        state.withLock { state, _ in state.generation += 1 }
    }

    /// How the pool is used at this moment.
    package struct Usage: Sendable, Equatable {
        package var leased: Int
        package var waiting: Int
        package var maxConnections: Int
    }

    package var usage: Usage {
        state.withLock { state, waiters in
            Usage(leased: slots.count - state.free.count, waiting: waiters.count, maxConnections: slots.count)
        }
    }

    /// Refuses new work, waits for what runs, and closes the connections.
    package func close() async {
        state.withLock { state, waiters in
            state.isClosed = true
            waiters.answerAll(.failure(Self.closedError))
        }
        try? await threads.shutdownGracefully()
        for slot in slots { slot.connection.withLock { $0 = nil } }
    }

    static let closedError = PostgresError(.poolClosed, "The connection pool was closed.")
}

/// One place in the pool, with its connection once that has been opened. Leased to one caller at a time.
final class Slot: Sendable {
    let connection = Mutex<Connection?>(nil)
    let generation = Mutex(0)
}

/// How often and how patiently to try a transaction again: full jitter between nothing and a doubling bound.
package struct RetryPolicy: Sendable {
    package var attempts: Int
    package var firstDelay: Duration
    package var maxDelay: Duration
    /// Whether the work looks its own key up first, so that an unknown commit may be run again too.
    package var coversUnknownCommit: Bool

    package init(
        attempts: Int, firstDelay: Duration = .milliseconds(20), maxDelay: Duration = .seconds(1),
        coversUnknownCommit: Bool = false
    ) {
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.maxDelay = maxDelay
        self.coversUnknownCommit = coversUnknownCommit
    }

    package static let none = RetryPolicy(attempts: 1)
    /// For work that is safe to repeat whatever became of the first attempt.
    package static let idempotent = RetryPolicy(attempts: 5, coversUnknownCommit: true)

    package func run<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        var attempt = 1
        var backoff = Backoff(first: firstDelay, last: maxDelay, jitter: .full)
        while true {
            do {
                return try await work()
            } catch let error as PostgresError where attempt < attempts && allows(error) {
                attempt += 1
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func allows(_ error: PostgresError) -> Bool {
        error.isUnknownCommit ? coversUnknownCommit : error.isRetryable
    }
}
