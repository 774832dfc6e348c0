internal import NIOCore
internal import NIOPosix

/// Threads for what takes a processor a while: decoding batches; parsing, evaluating and encoding answers. Neither
/// sockets nor `/livez` are served by them, so that a long evaluation delays other evaluations alone.
final class WorkerThreads: TaskExecutor {
    /// For questions. They live as long as the process does.
    static let questions = WorkerThreads(count: max(2, NIOCore.System.coreCount))
    /// For batches, which no question may delay.
    static let ingest = WorkerThreads(count: max(2, NIOCore.System.coreCount))

    /// For metrics, which must be seen also when questions take all of theirs.
    static let monitoring = WorkerThreads(count: 1)

    private let threads: NIOThreadPool

    private init(count: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.submit { _ in unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Runs `work` and what it awaits on these threads.
    func run<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(self, operation: work)
    }
}
